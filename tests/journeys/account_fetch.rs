//! `GET …/accounts…` and `GET …/card-accounts…`.

use crate::world::{World, client::swedish, journeys};
use serde_json::{Value, json};
use simulated_bank::{CallKind, Fault, FaultOrder};

journeys![
    accounts_come_with_exact_balances_and_ids_of_ours,
    account_ids_stay_the_same_over_consents_although_the_banks_change,
    another_owner_of_the_same_account_has_other_ids,
    one_account_is_read_by_its_id,
    balances_missing_from_the_list_are_fetched_in_one_wave,
    transactions_come_booked_and_pending_apart,
    british_rows_have_value_dates_and_signed_amounts,
    cards_and_their_rows_are_read,
    cards_that_do_not_exist_are_an_empty_list_with_a_reason,
    an_account_that_is_not_the_owners_is_not_found,
    an_expired_access_token_is_refreshed_once,
    a_token_that_should_live_and_does_not_is_refreshed_and_the_read_repeated,
    a_refresh_token_that_the_bank_refuses_ends_the_grant,
    a_consent_past_its_clocks_calls_nothing,
    a_customer_without_kyc_is_told_what_to_do,
    an_unattended_read_sends_no_address,
    the_psus_address_is_passed_on_as_it_is,
    a_firewall_page_with_status_200_is_not_data,
    reversed_and_future_dates_are_refused_before_the_bank_is_asked,
    an_empty_customer_has_empty_lists,
];

async fn list(world: &World) -> (String, Value) {
    let anna = world.person();
    let id = anna.connect().await;
    let accounts = anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    (id, accounts)
}

fn account_ids(accounts: &Value) -> Vec<String> {
    let all = accounts["accounts"].as_array().unwrap();
    all.iter().map(|account| account["account_id"].as_str().unwrap().to_owned()).collect()
}

fn is_amount(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

async fn accounts_come_with_exact_balances_and_ids_of_ours(world: &World) {
    let (_, accounts) = list(world).await;
    let all = accounts["accounts"].as_array().unwrap();
    assert_eq!(all.len(), 4, "{accounts}");
    for account in all {
        assert!(account["account_id"].as_str().unwrap().starts_with("a1_"));
        assert!(account["iban"].as_str().unwrap().starts_with("SE"));
        let balances = account["balances"].as_array().unwrap();
        assert!(!balances.is_empty());
        for balance in balances {
            assert!(is_amount(&balance["amount"]), "{balance}");
            assert_eq!(balance["currency"], account["currency"]);
        }
    }
    let currencies: Vec<_> = all.iter().map(|account| account["currency"].as_str().unwrap()).collect();
    assert!(currencies.contains(&"EUR") && currencies.contains(&"SEK"), "{currencies:?}");
}

async fn account_ids_stay_the_same_over_consents_although_the_banks_change(world: &World) {
    let anna = world.person();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let id = anna.connect().await;
        seen.push(account_ids(&anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200)));
    }
    assert_eq!(seen[0], seen[1]);
}

async fn another_owner_of_the_same_account_has_other_ids(world: &World) {
    let (_, hers) = list(world).await;
    let (_, his) = list(world).await;
    let hers = account_ids(&hers);
    assert!(account_ids(&his).iter().all(|id| !hers.contains(id)));
}

/// An answer without what it says of its consent.
fn data(mut answer: Value) -> Value {
    let consent = answer.as_object_mut().unwrap().remove("consent");
    assert_eq!(consent.unwrap()["renewal_due"], false);
    answer
}

async fn one_account_is_read_by_its_id(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let accounts = anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    for account in accounts["accounts"].as_array().unwrap() {
        let path = format!("/v1/consents/{id}/accounts/{}", account["account_id"].as_str().unwrap());
        assert_eq!(data(anna.get(&path).await.expect(200)), *account);
    }
}

async fn balances_missing_from_the_list_are_fetched_in_one_wave(world: &World) {
    world.bank.change_switches(|switches| switches.list_has_balances = false);
    let before = world.at_bank("accounts.one");
    let (_, accounts) = list(world).await;
    world.bank.change_switches(|switches| switches.list_has_balances = true);
    for account in accounts["accounts"].as_array().unwrap() {
        assert!(account["balances"].as_array().is_some_and(|all| !all.is_empty()), "{account}");
    }
    assert_eq!(world.at_bank("accounts.one") - before, 4);
}

async fn transactions_come_booked_and_pending_apart(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let accounts = anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let account = &account_ids(&accounts)[0];
    let today = today(world);
    let path =
        format!("/v1/consents/{id}/accounts/{account}/transactions?date_from=2025-12-01&date_to={today}");
    let rows = anna.get(&path).await.expect(200);
    let (booked, pending) = (rows["booked"].as_array().unwrap(), rows["pending"].as_array().unwrap());
    assert!(booked.len() > 5 && !pending.is_empty(), "{} booked, {} pending", booked.len(), pending.len());
    for row in booked {
        assert!(is_amount(&row["amount"]) && row["booking_date"].is_string(), "{row}");
    }
    assert!(pending.iter().all(|row| row["booking_date"].is_null() && row["balance_after"].is_null()));
    assert!(booked.iter().any(|row| row["amount"].as_str().unwrap().starts_with('-')), "debits are negative");
    assert!(booked.iter().any(|row| !row["amount"].as_str().unwrap().starts_with('-')), "credits are not");
    assert!(booked.iter().any(|row| is_amount(&row["balance_after"]["amount"])));
}

async fn british_rows_have_value_dates_and_signed_amounts(world: &World) {
    let oliver = world.person();
    let british = json!({"country": "GB", "psu_type": "individual", "authorization": {"method": "redirect", "app": "android"}});
    let id = oliver.connect_as(&british, "gb-oliver").await;
    let accounts = oliver.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let all = accounts["accounts"].as_array().unwrap();
    assert!(all.iter().all(|account| account["clearing_number"].as_str().unwrap().len() == 6), "{accounts}");
    let kinds = accounts.to_string();
    assert!(kinds.contains(r#""kind":"cleared""#), "{kinds}");
    let path = format!("/v1/consents/{id}/accounts/{}/transactions", account_ids(&accounts)[0]);
    let rows = oliver.get(&format!("{path}?date_from=2025-11-01&date_to=2026-01-14")).await.expect(200);
    let booked = rows["booked"].as_array().unwrap();
    assert!(!booked.is_empty() && booked.iter().all(|row| row["value_date"].is_string()), "{rows}");
}

async fn cards_and_their_rows_are_read(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let cards = anna.get(&format!("/v1/consents/{id}/card-accounts")).await.expect(200);
    let all = cards["card_accounts"].as_array().unwrap();
    assert_eq!(all.len(), 2, "{cards}");
    assert!(cards["reason"].is_null());
    let limits: Vec<_> = all.iter().map(|card| card["credit_limit"].is_object()).collect();
    assert!(limits.contains(&true) && limits.contains(&false), "an Allkort has no limit of its own: {cards}");
    for card in all {
        assert_eq!(card["identity"], "derived");
        let one = format!("/v1/consents/{id}/card-accounts/{}", card["account_id"].as_str().unwrap());
        assert_eq!(data(anna.get(&one).await.expect(200)), *card);
        let rows = anna
            .get(&format!("{one}/transactions?date_from=2025-12-01&date_to=2026-01-15"))
            .await
            .expect(200);
        assert!(rows["booked"].as_array().unwrap().iter().all(|row| row["masked_pan"].is_string()), "{rows}");
    }
}

async fn cards_that_do_not_exist_are_an_empty_list_with_a_reason(world: &World) {
    let anna = world.person();
    let dutch = json!({"country": "NL", "psu_type": "individual", "authorization": {"method": "redirect", "app": "android"}});
    let id = anna.connect_as(&dutch, "nl-sanne").await;
    let before = world.at_bank("cards.list");
    let cards = anna.get(&format!("/v1/consents/{id}/card-accounts")).await.expect(200);
    assert_eq!(data(cards), json!({"card_accounts": [], "reason": "cards_not_offered"}));
    assert_eq!(world.at_bank("cards.list"), before);
    let id = anna.connect().await;
    world.bank.change_switches(|switches| switches.cards_subscribed = false);
    let cards = anna.get(&format!("/v1/consents/{id}/card-accounts")).await.expect(200);
    world.bank.change_switches(|switches| switches.cards_subscribed = true);
    assert_eq!(data(cards), json!({"card_accounts": [], "reason": "cards_not_subscribed"}));
}

async fn an_account_that_is_not_the_owners_is_not_found(world: &World) {
    let (_, hers) = list(world).await;
    let bob = world.person();
    let id = bob.connect_as(&swedish("redirect"), "se-tom").await;
    for account in [
        account_ids(&hers)[0].as_str(),
        "a1_AAAAAAAAAAAAAAAAAAAAAA",
        "not-an-id",
        "c1_AAAAAAAAAAAAAAAAAAAAAA",
    ] {
        bob.get(&format!("/v1/consents/{id}/accounts/{account}")).await.problem(404, "account_not_found");
    }
}

async fn an_expired_access_token_is_refreshed_once(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let before = world.at_bank("token.refresh_token");
    world.pass(25 * 3_600_000);
    for _ in 0..3 {
        anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    }
    assert_eq!(world.at_bank("token.refresh_token") - before, 1);
    world.pass(25 * 3_600_000);
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    assert_eq!(world.at_bank("token.refresh_token") - before, 2, "the old refresh token was kept");
    assert_eq!(world.bank.ledger().refresh_reuses, 0);
}

async fn a_token_that_should_live_and_does_not_is_refreshed_and_the_read_repeated(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let before = world.at_bank("token.refresh_token");
    world.bank.fault(FaultOrder {
        call: CallKind::AccountsList,
        fault: Fault::TokenNotActive,
        times: 1,
        skip: 0,
    });
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    assert_eq!(world.at_bank("token.refresh_token") - before, 1);
    world.bank.fault(FaultOrder {
        call: CallKind::AccountsList,
        fault: Fault::TokenNotActive,
        times: 2,
        skip: 0,
    });
    let answer = anna.get(&format!("/v1/consents/{id}/accounts")).await;
    assert_eq!(answer.status, 502, "no loop: {}", answer.text);
    assert_eq!(world.at_bank("token.refresh_token") - before, 2);
}

async fn a_refresh_token_that_the_bank_refuses_ends_the_grant(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let order = Fault::OauthError { error: "unauthorized_client".to_owned() };
    world.bank.fault(FaultOrder { call: CallKind::TokenRefreshToken, fault: order, times: 1, skip: 0 });
    world.pass(25 * 3_600_000);
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
    let before = world.bank.ledger().calls.len();
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
    assert_eq!(world.bank.ledger().calls.len(), before, "and nothing is asked any more");
    let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    assert_eq!(
        (&consent["status"], &consent["status_reason"]),
        (&json!("expired"), &json!("refresh_refused"))
    );
}

async fn a_consent_past_its_clocks_calls_nothing(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    world.pass(91 * 86_400_000);
    let before = world.bank.ledger().calls.len();
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
    assert_eq!(world.bank.ledger().calls.len(), before);
    let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    assert_eq!(consent["status_reason"], "refresh_token_expired");
}

async fn a_customer_without_kyc_is_told_what_to_do(world: &World) {
    let frida = world.person();
    let id = frida.connect_as(&swedish("redirect"), "se-frida").await;
    let problem = frida.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "kyc_missing");
    assert_eq!(problem["action_by"], "psu");
}

async fn an_unattended_read_sends_no_address(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let answer = anna.call("GET", &format!("/v1/consents/{id}/accounts")).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let ledger = world.bank.ledger();
    assert_eq!(ledger.of_kind("accounts.list").last().unwrap().psu_ip_address, None);
}

async fn the_psus_address_is_passed_on_as_it_is(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let path = format!("/v1/consents/{id}/accounts");
    for address in ["198.51.100.23", "2001:db8::17"] {
        anna.call("GET", &path).header("psu-ip-address", address).send().await.expect(200);
        let ledger = world.bank.ledger();
        assert_eq!(ledger.of_kind("accounts.list").last().unwrap().psu_ip_address.as_deref(), Some(address));
    }
}

async fn a_firewall_page_with_status_200_is_not_data(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    for fault in [Fault::RequestRejected, Fault::Html, Fault::TruncatedJson] {
        world.bank.fault(FaultOrder { call: CallKind::AccountsList, fault, times: 1, skip: 0 });
        anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(502, "bank_answer_unusable");
    }
}

async fn reversed_and_future_dates_are_refused_before_the_bank_is_asked(world: &World) {
    let (id, accounts) = {
        let anna = world.person();
        let id = anna.connect().await;
        let accounts = anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
        let path = format!("/v1/consents/{id}/accounts/{}/transactions", account_ids(&accounts)[0]);
        let before = world.bank.ledger().calls.len();
        for query in ["?date_from=2026-01-02&date_to=2026-01-01", "?date_from=2026-01-01&date_to=2126-01-01"]
        {
            anna.get(&format!("{path}{query}")).await.problem(400, "invalid_request");
        }
        assert_eq!(world.bank.ledger().calls.len(), before);
        let ancient = anna.get(&format!("{path}?date_from=2001-01-01&date_to=2001-02-01")).await;
        ancient.problem(400, "interval_refused");
        (id, accounts)
    };
    assert!(!id.is_empty() && accounts.is_object());
}

async fn an_empty_customer_has_empty_lists(world: &World) {
    let tom = world.person();
    let id = tom.connect_as(&swedish("redirect"), "se-tom").await;
    assert_eq!(
        data(tom.get(&format!("/v1/consents/{id}/accounts")).await.expect(200)),
        json!({"accounts": []})
    );
    assert_eq!(
        data(tom.get(&format!("/v1/consents/{id}/card-accounts")).await.expect(200)),
        json!({"card_accounts": []})
    );
}

/// The bank's today, as a date.
fn today(world: &World) -> String {
    let now = world.bank.clock().now_ms();
    shared::types::Timestamp::from_millis(now).date_in(&shared::types::Country::Se.zone()).to_string()
}
