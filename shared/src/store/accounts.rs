//! The account map of a consent: our account ids and the bank's. Versioned hashes and opaque ids: no names, no numbers,
//! nothing secret.
//!
//! Part `accounts` of the consent's partition: `b` (S) the consent's id at the bank, `g` (N) the generation, `m` (B) the
//! entries, `ca` (N) when the consent was created, `f` (N) the form, `ttl`. An entry is four values, each behind its
//! length: our id, the bank's id, `a` or `c` (account, card), the currency.

use super::{
    Store, StoreError,
    field::{Fields, Item, Row},
    packed::{Packing, Unpacking},
    row::{CONSENT, sweep_after},
    write::{MEETINGS, Standing, pause, standings},
};
use crate::{
    account::Account,
    consent::Consent,
    types::{AccountId, BankAccountId, BankConsentId, ConsentId, IdentityKey, OwnerId},
};
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, ConditionCheck, Put, TransactWriteItem},
};

/// The sort key of this part.
pub(super) const ACCOUNTS: &str = "accounts";
const FORM: u8 = 1;
const UNBUILT: StoreError = StoreError::Broken("a transaction could not be built");
const TOO_LONG: StoreError = StoreError::Broken("an account map is too long to be stored");

/// Which account of ours is which at the bank, under one grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountMap {
    /// The consent at the bank under which it listed them: its ids are good under no other.
    pub bank_consent: BankConsentId,
    /// The grant's generation when the bank listed them; a map of an older one never overwrites that of a newer one.
    pub generation: u32,
    /// In the order of our ids.
    pub entries: Vec<AccountEntry>,
}

/// One account or card account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// Ours: stable across consents.
    pub id: AccountId,
    /// The bank's: opaque.
    pub bank_id: BankAccountId,
    /// Whether it is a card account.
    pub card: bool,
    /// Whether it is an Allkort, or the account behind one.
    pub allkort: bool,
    /// ISO 4217.
    pub currency: String,
}

impl AccountEntry {
    /// Of an account as the bank lists it.
    pub fn of(account: &Account, key: &IdentityKey, owner: &OwnerId) -> Self {
        Self {
            id: account.id(key, owner),
            bank_id: account.bank_id.clone(),
            card: false,
            allkort: account.is_allkort(),
            currency: account.currency.as_str().to_owned(),
        }
    }
}

impl AccountMap {
    /// The other place where the bank shows the same money: the Allkort of an account, or the account of an Allkort
    /// (documented). Only where there is exactly one of each in a currency, since nothing else ties them.
    pub fn same_funds_as(&self, id: &AccountId) -> Option<&AccountId> {
        let own = self.entries.iter().find(|entry| entry.id == *id && entry.allkort)?;
        let alike = self.entries.iter().filter(|entry| entry.allkort && entry.currency == own.currency);
        let (cards, accounts): (Vec<_>, Vec<_>) = alike.partition(|entry| entry.card);
        match (accounts.as_slice(), cards.as_slice()) {
            ([account], [card]) => Some(if own.card { &account.id } else { &card.id }),
            _ => None,
        }
    }
}

impl Store {
    /// Remembers the account map of a consent, where the consent is still there and its grant active under the map's bank
    /// consent: what was revoked or erased while the bank was asked leaves no map. If the map of a newer generation is
    /// there already, that one stays. Neither is an error: there is nothing to do about it. That of an earlier consent
    /// under this id is overwritten. Swept together with the consent as it stands now.
    pub async fn put_accounts(&self, consent: &Consent, map: &AccountMap) -> Result<(), StoreError> {
        let mut row = render(&consent.id, map)?;
        row.instant("ca", consent.created).number("ttl", sweep_after(consent, self.keep).ttl_seconds());
        let items = [self.granted(consent, map)?, self.newest(consent, map, row)?];
        let mut chance = [0; 16];
        aws_lc_rs::rand::fill(&mut chance).map_err(|_| StoreError::Broken("no randomness"))?;
        for meeting in 0..MEETINGS {
            if meeting > 0 {
                tokio::time::sleep(pause(meeting, &chance).as_duration()).await;
            }
            let request = self.client.transact_write_items().set_transact_items(Some(items.to_vec()));
            let Err(error) = request.send().await else { return Ok(()) };
            if !met_another(error)? {
                return Ok(());
            }
        }
        Err(StoreError::Contended)
    }

    /// On condition that the consent's grant is the one under which the bank listed the accounts.
    fn granted(&self, consent: &Consent, map: &AccountMap) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(consent.id.to_string()))
            .key("sk", AttributeValue::S(CONSENT.to_owned()))
            .condition_expression("g = :active AND gb = :gb")
            .expression_attribute_values(":active", AttributeValue::S("active".to_owned()))
            .expression_attribute_values(":gb", AttributeValue::S(map.bank_consent.as_str().to_owned()));
        let check = check.build().map_err(|_| UNBUILT)?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Unless a map of a newer generation is there.
    fn newest(&self, consent: &Consent, map: &AccountMap, row: Row) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(row.0))
            .condition_expression("attribute_not_exists(pk) OR ca <> :ca OR g <= :g")
            .expression_attribute_values(":g", AttributeValue::N(map.generation.to_string()))
            .expression_attribute_values(":ca", AttributeValue::N(consent.created.millis().to_string()));
        Ok(TransactWriteItem::builder().put(put.build().map_err(|_| UNBUILT)?).build())
    }
}

/// Whether a transaction only met another write; false if a condition did not hold.
fn met_another<R>(error: SdkError<TransactWriteItemsError, R>) -> Result<bool, StoreError> {
    let SdkError::ServiceError(answer) = &error else { return Err(error.into()) };
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = answer.err() else {
        return Err(error.into());
    };
    let standings = standings(cancelled.cancellation_reasons())?;
    Ok(!standings.contains(&Standing::Failed))
}

fn render(id: &ConsentId, map: &AccountMap) -> Result<Row, StoreError> {
    let packed = map.entries.iter().try_fold(Packing::default(), |all, entry| {
        all.add(Some(entry.id.as_str().as_bytes()))?
            .add(Some(entry.bank_id.as_str().as_bytes()))?
            .add(Some(letter(entry)))?
            .add(Some(entry.currency.as_bytes()))
    });
    let mut row = Row::default();
    row.text("pk", id.to_string()).text("sk", ACCOUNTS).number("f", FORM);
    row.text("b", map.bank_consent.as_str())
        .number("g", map.generation)
        .bytes("m", packed.ok_or(TOO_LONG)?.done());
    Ok(row)
}

pub(super) fn parse(item: &Item) -> Result<AccountMap, StoreError> {
    let fields = Fields(item);
    if fields.number::<u8>("f")? != FORM {
        return Err(StoreError::unreadable("f"));
    }
    let mut unpacking = Unpacking::new(fields.bytes("m")?);
    let mut entries = Vec::new();
    while !unpacking.is_done() {
        entries.push(entry(&mut unpacking).ok_or(StoreError::unreadable("m"))?);
    }
    let bank_consent = fields.parsed("b", BankConsentId::parse)?;
    Ok(AccountMap { bank_consent, generation: fields.number("g")?, entries })
}

fn entry(unpacking: &mut Unpacking<'_>) -> Option<AccountEntry> {
    let id = AccountId::parse(unpacking.text()?).ok()?;
    let bank_id = BankAccountId::parse(unpacking.text()?).ok()?;
    let (card, allkort) = match unpacking.text()? {
        "a" => (false, false),
        "c" => (true, false),
        "A" => (false, true),
        "C" => (true, true),
        _ => return None,
    };
    Some(AccountEntry { id, bank_id, card, allkort, currency: unpacking.text()?.to_owned() })
}

/// Accounts and cards; in capitals what belongs to an Allkort.
const fn letter(entry: &AccountEntry) -> &'static [u8] {
    match (entry.card, entry.allkort) {
        (false, false) => b"a",
        (true, false) => b"c",
        (false, true) => b"A",
        (true, true) => b"C",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> AccountMap {
        let bank_id = |text| BankAccountId::parse(text).unwrap();
        let account = AccountEntry {
            id: AccountId::account(&[1; 16]),
            bank_id: bank_id("ae57e780-6cf3-11e9-9c41-e957ce7d7d69"),
            card: false,
            allkort: false,
            currency: "SEK".to_owned(),
        };
        let card = AccountEntry {
            id: AccountId::card(&[2; 16]),
            bank_id: bank_id("c-2"),
            card: true,
            ..account.clone()
        };
        let of_allkort = [&account, &card].map(|entry| AccountEntry { allkort: true, ..entry.clone() });
        let entries = [account, card].into_iter().chain(of_allkort).collect();
        AccountMap { bank_consent: bank_consent(), generation: 3, entries }
    }

    fn bank_consent() -> BankConsentId {
        BankConsentId::parse("bank-1").unwrap()
    }

    #[test]
    fn a_map_comes_back_in_its_order_and_an_empty_one_is_a_map_too() {
        let id = ConsentId::from_bytes(&[7; 16]).unwrap();
        for map in [map(), AccountMap { bank_consent: bank_consent(), generation: 1, entries: vec![] }] {
            assert_eq!(parse(&render(&id, &map).unwrap().0).unwrap(), map);
        }
    }

    #[test]
    fn an_allkort_and_its_account_are_the_same_funds_if_there_is_one_of_each_in_a_currency() {
        let of = |byte: u8, card: bool, allkort: bool, currency: &str| AccountEntry {
            id: if card { AccountId::card(&[byte; 16]) } else { AccountId::account(&[byte; 16]) },
            bank_id: BankAccountId::parse("b").unwrap(),
            card,
            allkort,
            currency: currency.to_owned(),
        };
        let (account, card) = (of(1, false, true, "SEK"), of(2, true, true, "SEK"));
        let linked = |entries: Vec<AccountEntry>| {
            let map = AccountMap { entries, ..map() };
            (map.same_funds_as(&account.id).cloned(), map.same_funds_as(&card.id).cloned())
        };
        let others = [of(3, false, false, "SEK"), of(4, true, false, "SEK"), of(5, true, true, "EUR")];
        let both = [account.clone(), card.clone()].into_iter().chain(others).collect::<Vec<_>>();
        assert_eq!(linked(both.clone()), (Some(card.id.clone()), Some(account.id.clone())));
        let two_cards = both.into_iter().chain([of(6, true, true, "SEK")]).collect();
        assert_eq!(linked(two_cards), (None, None));
        assert_eq!(linked(vec![account.clone()]), (None, None));
    }

    #[test]
    fn a_map_that_was_cut_names_its_attribute() {
        let mut row = render(&ConsentId::from_bytes(&[7; 16]).unwrap(), &map()).unwrap();
        let whole = Fields(&row.0).bytes("m").unwrap().to_vec();
        row.bytes("m", &whole[..whole.len() - 1]);
        assert_eq!(parse(&row.0), Err(StoreError::unreadable("m")));
    }

    #[test]
    fn a_hundred_accounts_fit_into_eight_kilobytes() {
        let entries: Vec<_> = map().entries.into_iter().cycle().take(100).collect();
        let row = render(
            &ConsentId::from_bytes(&[7; 16]).unwrap(),
            &AccountMap { bank_consent: bank_consent(), generation: 1, entries },
        )
        .unwrap();
        assert!(Fields(&row.0).bytes("m").unwrap().len() <= 8192);
    }
}
