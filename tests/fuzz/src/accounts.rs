//! Lists of accounts and of card accounts.

use crate::was_sent;
use shared::{
    account::{Balance, Money},
    bank::answer,
    types::{IdentityKey, OwnerId},
};
use std::collections::BTreeSet;

pub(crate) fn accounts(input: &[u8]) {
    let Ok(accounts) = answer::accounts(input) else { return };
    let body = str::from_utf8(input).expect("what was read is UTF-8");
    let (key, owner) = owner();
    let mut names = BTreeSet::new();
    for account in &accounts {
        shown(body, account.balances.as_deref(), account.credit_limit.as_ref());
        let id = account.id(&key, &owner);
        assert!(id.as_str().len() == 25 && id == account.id(&key, &owner));
        let number = account.number().unwrap_or_else(|| format!("bank:{}", account.bank_id.as_str()));
        names.insert((number, account.currency));
    }
    let ids: BTreeSet<_> = accounts.iter().map(|account| account.id(&key, &owner)).collect();
    assert_eq!(ids.len(), names.len(), "as many ids as different accounts");
    let alone = serde_json::from_slice::<serde_json::Value>(input).ok();
    let listed = alone.as_ref().and_then(|body| body["accounts"].as_array()).map(Vec::len);
    assert!(listed.is_none_or(|listed| listed == accounts.len()), "none is lost");
}

pub(crate) fn card_accounts(input: &[u8]) {
    let Ok(cards) = answer::card_accounts(input) else { return };
    let body = str::from_utf8(input).expect("what was read is UTF-8");
    let (key, owner) = owner();
    for card in &cards {
        shown(body, card.balances.as_deref(), card.credit_limit.as_ref());
        let mut pans = card.masked_pans();
        let id = |pans: &[&str]| key.card(&owner, card.product.as_deref().unwrap_or(""), "SEK", pans);
        let as_listed = id(&pans);
        pans.reverse();
        assert_eq!(as_listed, id(&pans), "the order of cards is no part of the id");
    }
}

fn shown(body: &str, balances: Option<&[Balance]>, limit: Option<&Money>) {
    for money in balances.unwrap_or_default().iter().map(|balance| &balance.money).chain(limit) {
        assert!(was_sent(body, &money.amount_text()), "{}", money.amount_text());
    }
}

fn owner() -> (IdentityKey, OwnerId) {
    let key = IdentityKey::new(&[1; 32]).expect("32 bytes");
    let owner = key.owner("https://issuer.example/", "", "user-1");
    (key, owner)
}
