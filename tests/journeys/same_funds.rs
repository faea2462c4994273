//! Accounts side by side: the same money is counted once, and one account's trouble is its own.

use crate::world::{Person, World, client::swedish, only_in_process};
use serde_json::{Value, json};
use simulated_bank::{CallKind, Fault, FaultOrder};
use std::collections::BTreeSet;

only_in_process![
    an_allkort_and_its_account_are_linked_and_their_money_is_counted_once,
    cards_are_asked_for_only_where_an_allkort_may_be_among_them,
    cards_that_cannot_be_had_cost_the_link_and_nothing_else,
    one_account_that_fails_hides_none_of_the_others,
    every_account_says_how_far_back_it_can_be_read,
    a_list_names_each_account_by_what_the_list_says_of_it,
    details_of_another_account_are_not_shown_as_this_ones,
    card_accounts_that_cannot_be_told_apart_are_named_after_the_banks_ids,
];

fn minor(amount: &Value) -> i64 {
    let text = amount.as_str().unwrap();
    let (whole, cents) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{cents:0<2}").parse().unwrap()
}

/// The sum of one kind of balance over these accounts, in SEK and minor units.
fn sum<'a>(accounts: impl IntoIterator<Item = &'a Value>, kind: &str) -> i64 {
    let balances = accounts.into_iter().flat_map(|account| account["balances"].as_array().unwrap());
    let wanted = balances.filter(|balance| balance["kind"] == kind && balance["currency"] == "SEK");
    wanted.map(|balance| minor(&balance["amount"])).sum()
}

fn total(list: &Value, kind: &str) -> i64 {
    let totals = list["totals"].as_array().unwrap();
    let found = totals.iter().find(|total| total["kind"] == kind && total["currency"] == "SEK");
    minor(&found.unwrap()["amount"])
}

fn of_product<'a>(list: &'a Value, product: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|one| one["product"] == product).unwrap()
}

async fn an_allkort_and_its_account_are_linked_and_their_money_is_counted_once(world: &World) {
    let anna = world.person();
    let path = format!("/v1/consents/{}", anna.connect().await);
    let before = world.at_bank("cards.list");
    let accounts = anna.get(&format!("{path}/accounts")).await.expect(200);
    assert_eq!(world.at_bank("cards.list") - before, 1);
    let cards = anna.get(&format!("{path}/card-accounts")).await.expect(200);
    let account = of_product(&accounts["accounts"], "Allkortskonto");
    let card = of_product(&cards["card_accounts"], "Allkort Mastercard");
    assert_eq!(account["same_funds_as"], card["account_id"]);
    assert_eq!(card["same_funds_as"], account["account_id"]);
    let others =
        |list: &Value| list.as_array().unwrap().iter().filter(|one| one["same_funds_as"].is_string()).count();
    assert_eq!((others(&accounts["accounts"]), others(&cards["card_accounts"])), (1, 1));
    // The bank shows the amount twice, and nobody who adds up both totals counts it twice.
    let (shown, again) = (sum([account], "available"), sum([card], "available"));
    assert_eq!(shown, again);
    let all_accounts = sum(accounts["accounts"].as_array().unwrap(), "available");
    let all_cards = sum(cards["card_accounts"].as_array().unwrap(), "available");
    assert_eq!(total(&accounts, "available"), all_accounts);
    assert_eq!(total(&cards, "available"), all_cards - again);
    assert_eq!(total(&accounts, "current"), sum(accounts["accounts"].as_array().unwrap(), "current"));
    // One account, and one card, say so too.
    for (side, one) in [("accounts", account), ("card-accounts", card)] {
        let read =
            anna.get(&format!("{path}/{side}/{}", one["account_id"].as_str().unwrap())).await.expect(200);
        assert_eq!(read["same_funds_as"], one["same_funds_as"], "{side}");
    }
    // Without the person the link is known already, and the cards' budget is left alone.
    let before = world.at_bank("cards.list");
    let unattended = anna.call("GET", &format!("{path}/accounts")).send().await.expect(200);
    assert_eq!(of_product(&unattended["accounts"], "Allkortskonto")["same_funds_as"], card["account_id"]);
    assert_eq!(world.at_bank("cards.list"), before);
}

async fn cards_are_asked_for_only_where_an_allkort_may_be_among_them(world: &World) {
    let before = world.at_bank("cards.list");
    let mia = world.person();
    let id = mia.connect_as(&swedish("redirect"), "se-mia").await;
    let accounts = mia.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    assert_eq!(accounts["accounts"][0]["same_funds_as"], Value::Null);
    let oliver = world.person();
    let british = json!({"country": "GB", "psu_type": "individual",
        "authorization": {"method": "redirect", "app": "android"}});
    let id = oliver.connect_as(&british, "gb-oliver").await;
    let accounts = oliver.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    assert_eq!(world.at_bank("cards.list"), before);
    let available = accounts["totals"].as_array().unwrap().iter().find(|total| total["kind"] == "available");
    // A deposit has no available amount: it is missing, and not zero.
    assert_eq!((&available.unwrap()["accounts"], &available.unwrap()["missing"]), (&json!(1), &json!(1)));
}

async fn cards_that_cannot_be_had_cost_the_link_and_nothing_else(world: &World) {
    let anna = world.person();
    let path = format!("/v1/consents/{}/accounts", anna.connect().await);
    world.bank.fault(FaultOrder::next(CallKind::CardsList, Fault::Unavailable));
    let accounts = anna.get(&path).await.expect(200);
    let account = of_product(&accounts["accounts"], "Allkortskonto");
    assert_eq!((&account["state"], &account["same_funds_as"]), (&json!("ok"), &Value::Null));
    assert!(account["balances"].is_array());
    let accounts = anna.get(&path).await.expect(200);
    assert!(of_product(&accounts["accounts"], "Allkortskonto")["same_funds_as"].is_string());
}

async fn one_account_that_fails_hides_none_of_the_others(world: &World) {
    let anna = world.person();
    let path = format!("/v1/consents/{}/accounts", anna.connect().await);
    world.bank.change_switches(|switches| switches.list_has_balances = false);
    let whole = anna.get(&path).await.expect(200);
    let ids = |list: &Value| -> Vec<Value> {
        list["accounts"].as_array().unwrap().iter().map(|one| one["account_id"].clone()).collect()
    };
    for (fault, code, by) in [
        (Fault::KycMissing, "kyc_missing", "psu"),
        (Fault::ProxyError, "bank_unavailable", "bank"),
        (Fault::Html, "bank_answer_unusable", "bank"),
    ] {
        world.bank.fault(FaultOrder { call: CallKind::AccountsOne, fault, times: 1, skip: 2 });
        let list = anna.get(&path).await.expect(200);
        assert_eq!(ids(&list), ids(&whole));
        let all = list["accounts"].as_array().unwrap();
        let (ok, failed): (Vec<_>, Vec<_>) = all.iter().partition(|account| account["state"] == "ok");
        assert!(ok.len() == 3 && ok.iter().all(|one| one["balances"].is_array() && one["problem"].is_null()));
        let [failed] = failed.as_slice() else { panic!("{failed:?}") };
        assert_eq!((&failed["state"], &failed["balances"]), (&json!("failed"), &Value::Null));
        assert_eq!((&failed["problem"]["code"], &failed["problem"]["action_by"]), (&json!(code), &json!(by)));
        assert!(failed["problem"]["user_message"]["sv"].is_string() && failed["iban"].is_string());
        // The totals say that it is missing; if it was the only one of its currency, there is none.
        let totals = list["totals"].as_array().unwrap().iter();
        let mut of_its_currency = totals.filter(|total| total["currency"] == failed["currency"]);
        assert!(of_its_currency.all(|total| total["missing"] == 1), "{}", list["totals"]);
    }
    let lines = world.lines.lock().unwrap();
    let audited = lines.iter().filter(|line| line.contains(r#""audit":"account""#)).count();
    assert_eq!(audited, 4 * 4, "each account's access has its own line");
    assert_eq!(lines.iter().filter(|line| line.contains(r#""outcome":"kyc_missing""#)).count(), 1);
}

async fn every_account_says_how_far_back_it_can_be_read(world: &World) {
    let anna = world.person();
    let path = format!("/v1/consents/{}", anna.connect().await);
    let accounts = anna.get(&format!("{path}/accounts")).await.expect(200);
    for account in accounts["accounts"].as_array().unwrap() {
        let months = if account["currency"] == "SEK" { "2024-10-15" } else { "2024-12-15" };
        assert_eq!(account["history_from"], months);
    }
    let cards = anna.get(&format!("{path}/card-accounts")).await.expect(200);
    assert!(
        cards["card_accounts"].as_array().unwrap().iter().all(|card| card["history_from"] == "2024-10-15")
    );
}

/// The next answer to such a call.
fn answer(world: &World, call: CallKind, body: &Value) {
    let fault = Fault::Answer { status: 200, headers: Vec::new(), body: body.to_string(), executed: false };
    world.bank.fault(FaultOrder { call, fault, times: 1, skip: 0 });
}

/// An account as the bank's own call for it shows it: by these numbers, in this currency.
fn detail(numbers: &Value, currency: &str) -> Value {
    let mut detail = numbers.clone();
    detail["accountId"] = json!("another-id");
    detail["currency"] = json!(currency);
    detail["balances"] =
        json!([{"amount": {"content": 7, "currency": currency}, "balanceType": "AVAILABLE_AMOUNT"}]);
    detail
}

async fn mia(world: &World) -> (Person<'_>, String, Value) {
    let mia = world.person();
    let path = format!("/v1/consents/{}/accounts", mia.connect_as(&swedish("redirect"), "se-mia").await);
    let list = mia.get(&path).await.expect(200);
    (mia, path, list["accounts"][0].clone())
}

async fn a_list_names_each_account_by_what_the_list_says_of_it(world: &World) {
    let (mia, path, listed) = mia(world).await;
    world.bank.change_switches(|switches| switches.list_has_balances = false);
    for numbers in [json!({}), json!({"bban": listed["bban"], "clearingNumber": listed["clearing_number"]})] {
        answer(world, CallKind::AccountsOne, &detail(&numbers, "SEK"));
        let list = mia.get(&path).await.expect(200);
        let one = &list["accounts"][0];
        assert_eq!((&one["state"], &one["account_id"]), (&json!("ok"), &listed["account_id"]), "{one}");
        assert_eq!((&one["iban"], &one["identity"]), (&listed["iban"], &listed["identity"]), "{one}");
        assert_eq!(one["balances"][0]["amount"], "7");
        mia.get(&format!("{path}/{}", one["account_id"].as_str().unwrap())).await.expect(200);
    }
}

async fn details_of_another_account_are_not_shown_as_this_ones(world: &World) {
    let (mia, path, listed) = mia(world).await;
    let one = format!("{path}/{}", listed["account_id"].as_str().unwrap());
    world.bank.change_switches(|switches| switches.list_has_balances = false);
    for (numbers, currency) in [
        (json!({"bban": "999999999", "clearingNumber": "6000"}), "SEK"),
        (json!({"iban": "SE2560000000000417300268"}), "SEK"),
        (json!({"iban": listed["iban"]}), "EUR"),
    ] {
        // Our id is made of the IBAN: that a number without one is another account's, only the list can tell.
        if numbers["bban"].is_null() {
            answer(world, CallKind::AccountsOne, &detail(&numbers, currency));
            mia.get(&one).await.problem(502, "bank_answer_unusable");
        }
        answer(world, CallKind::AccountsOne, &detail(&numbers, currency));
        let list = mia.get(&path).await.expect(200);
        let shown = &list["accounts"][0];
        assert_eq!((&shown["account_id"], &shown["iban"]), (&listed["account_id"], &listed["iban"]));
        assert_eq!((&shown["state"], &shown["balances"]), (&json!("failed"), &Value::Null), "{shown}");
        assert_eq!(shown["problem"]["code"], "bank_answer_unusable");
    }
}

async fn card_accounts_that_cannot_be_told_apart_are_named_after_the_banks_ids(world: &World) {
    let anna = world.person();
    let path = format!("/v1/consents/{}/card-accounts", anna.connect().await);
    let card = |id: &str, pans: &[&str]| {
        let cards: Vec<_> = pans.iter().map(|pan| json!({"maskedPan": pan})).collect();
        json!({"accountId": id, "currency": "SEK", "product": "Platinum", "cards": cards})
    };
    let (one, other) = ("5213********0001", "5213********0002");
    let all =
        [card("k-1", &[]), card("k-2", &[]), card("k-3", &[one]), card("k-4", &[one]), card("k-5", &[other])];
    let mut seen = Vec::new();
    for _ in 0..2 {
        answer(world, CallKind::CardsList, &json!({"cardAccounts": all}));
        let list = anna.get(&path).await.expect(200);
        let cards = list["card_accounts"].as_array().unwrap();
        let identities: Vec<_> = cards.iter().map(|card| card["identity"].as_str().unwrap()).collect();
        assert_eq!(identities, ["bank_id", "bank_id", "bank_id", "bank_id", "derived"]);
        seen.push(
            cards.iter().map(|card| card["account_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
        );
    }
    assert_eq!(seen[0], seen[1]);
    let distinct: BTreeSet<_> = seen[0].iter().collect();
    assert_eq!(distinct.len(), 5, "{seen:?}");
    // Each is found by its id, and asked for by the bank's.
    for (id, bank_id) in seen[0].iter().zip(["k-1", "k-2", "k-3", "k-4", "k-5"]) {
        answer(world, CallKind::CardsList, &json!({"cardAccounts": all}));
        assert_eq!(anna.get(&format!("{path}/{id}")).await.expect(200)["account_id"], *id);
        answer(world, CallKind::CardsTransactions, &json!({"transactions": []}));
        anna.get(&format!("{path}/{id}/transactions?date_from=2026-01-01&date_to=2026-01-15"))
            .await
            .expect(200);
        let calls = world.bank.ledger().calls;
        assert!(calls.last().unwrap().target.contains(bank_id), "{:?}", calls.last());
    }
}
