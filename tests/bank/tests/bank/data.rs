//! Accounts, cards and transactions.

use serde_json::Value;
use simulated_bank::{Bank, OverCap};

use crate::client::*;

async fn token_of(bank: &Bank, country: &str, customer: &str) -> String {
    signed(bank, country, &[], customer).await.1["access_token"].as_str().unwrap().to_owned()
}

async fn accounts(bank: &Bank, token: &str) -> Vec<Value> {
    read(bank, token, "/v2/accounts").await.json()["accounts"].as_array().unwrap().clone()
}

async fn rows(bank: &Bank, token: &str, account: &Value, query: &str) -> Vec<Value> {
    let id = account["accountId"].as_str().unwrap();
    let answer = read(bank, token, &format!("/v2/accounts/{id}/transactions{query}")).await;
    answer.json()["transactions"].as_array().unwrap_or_else(|| panic!("{}", answer.body)).clone()
}

#[tokio::test]
async fn a_swedish_account_has_the_recorded_fields_in_alphabetical_order() {
    let bank = bank().await;
    let token = token_of(&bank, "SE", "se-anna").await;
    let list = read(&bank, &token, "/v2/accounts").await;
    let id = list.json()["accounts"][0]["accountId"].as_str().unwrap().to_owned();
    let one = read(&bank, &token, &format!("/v2/accounts/{id}")).await.body;
    let order = [
        "_links",
        "accountId",
        "accountType",
        "bban",
        "bic",
        "clearingNumber",
        "currency",
        "iban",
        "ownerName",
    ];
    let places: Vec<_> = order.iter().map(|name| one.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted());
    assert_eq!(list.header("content-type"), "application/json");
    assert_eq!(list.headers.get_all("date").iter().count(), 2);
    let account = &list.json()["accounts"][0];
    assert_eq!(account["bban"].as_str().unwrap().len(), 9);
    assert!(account.get("name").is_none());
    let href = account["_links"]["transactions"]["href"].as_str().unwrap();
    assert!(href.starts_with(&format!("{}/openbanking/psd2/v2/accounts/", bank.api_url())));
}

#[tokio::test]
async fn details_have_balances_only_when_asked_for_and_the_list_by_switch() {
    let bank = bank().await;
    let token = token_of(&bank, "SE", "se-anna").await;
    let id = accounts(&bank, &token).await[0]["accountId"].as_str().unwrap().to_owned();
    assert!(read(&bank, &token, &format!("/v2/accounts/{id}")).await.json().get("balances").is_none());
    let full = read(&bank, &token, &format!("/v2/accounts/{id}?withBalance=true")).await.json();
    assert_eq!(full["balances"][0]["balanceType"], "AVAILABLE_AMOUNT");
    bank.change_switches(|switches| switches.list_has_balances = false);
    assert!(accounts(&bank, &token).await[0].get("balances").is_none());
}

#[tokio::test]
async fn rows_are_pending_first_then_newest_first_with_an_exact_running_balance() {
    let bank = bank().await;
    let token = token_of(&bank, "SE", "se-anna").await;
    let account = accounts(&bank, &token).await[0].clone();
    let rows = rows(&bank, &token, &account, "?dateFrom=2025-12-15&dateTo=2026-03-02").await;
    let pending = rows.iter().take_while(|row| row["status"] == "PENDING").count();
    assert!(pending > 0 && rows.iter().skip(pending).all(|row| row["status"] == "BOOKED"));
    assert!(rows[0].get("ledgerDate").is_none() && rows[0].get("balance").is_none());
    let booked = &rows[pending..];
    assert!(booked.windows(2).all(|pair| pair[0]["ledgerDate"].as_str() >= pair[1]["ledgerDate"].as_str()));
    let minor = |value: &Value| {
        let text = value.to_string();
        let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
        format!("{whole}{cents:0<2}").parse::<i64>().unwrap()
    };
    for pair in booked.windows(2) {
        let amount = minor(&pair[0]["amount"]["content"]);
        let signed = if pair[0]["creditDebit"] == "DEBITED" { -amount } else { amount };
        let balance = |row: &Value| minor(&row["balance"]["amount"]["content"]);
        assert!(amount >= 0);
        assert_eq!(balance(&pair[0]) - signed, balance(&pair[1]));
    }
}

#[tokio::test]
async fn older_rows_carry_no_running_balance() {
    let bank = bank().await;
    let token = token_of(&bank, "SE", "se-anna").await;
    let account = accounts(&bank, &token).await[0].clone();
    let rows = rows(&bank, &token, &account, "?dateFrom=2025-06-01&dateTo=2025-06-30").await;
    assert!(!rows.is_empty() && rows.iter().all(|row| row.get("balance").is_none()));
}

#[tokio::test]
async fn more_rows_than_the_cap_are_cut_or_refused() {
    let bank = bank().await;
    let token = token_of(&bank, "SE", "se-anna").await;
    let account = accounts(&bank, &token).await[0].clone();
    assert_eq!(rows(&bank, &token, &account, "?dateFrom=2024-12-02").await.len(), 600);
    bank.change_switches(|switches| switches.over_cap = OverCap::Refuse);
    let id = account["accountId"].as_str().unwrap();
    let refused = read(&bank, &token, &format!("/v2/accounts/{id}/transactions?dateFrom=2024-12-02")).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn a_silent_cut_is_below_the_cap_and_keeps_the_newest_rows() {
    let bank = bank().await;
    let token = token_of(&bank, "SE", "se-anna").await;
    let account = accounts(&bank, &token).await[0].clone();
    let whole = rows(&bank, &token, &account, "?dateFrom=2024-12-02").await;
    bank.change_switches(|switches| switches.silent_cut = Some(550));
    let cut = rows(&bank, &token, &account, "?dateFrom=2024-12-02").await;
    assert_eq!(cut, whole[..550]);
}

#[tokio::test]
async fn a_market_stall_has_twenty_thousand_rows_twins_and_a_day_of_700() {
    let bank = bank().await;
    let token = token_of(&bank, "SE", "se-mia").await;
    let account = accounts(&bank, &token).await[0].clone();
    let truth = bank.booked(account["iban"].as_str().unwrap());
    let shown = truth.iter().filter(|row| row.booked.as_str() >= "2024-12-02").count();
    assert!((19_500..22_000).contains(&shown), "{shown}");
    assert_eq!(truth.iter().filter(|row| row.booked == "2025-08-30").count(), 700);
    let twins = truth.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(twins * 7 > truth.len() && twins * 4 < truth.len(), "{twins} of {}", truth.len());
    assert_eq!(rows(&bank, &token, &account, "?dateFrom=2025-08-30&dateTo=2025-08-30").await.len(), 600);
    bank.change_switches(|switches| switches.row_cap = 100_000);
    assert_eq!(rows(&bank, &token, &account, "?dateFrom=2024-12-02").await.len(), shown);
}

#[tokio::test]
async fn too_old_and_inverted_intervals_are_refused_with_the_recorded_body() {
    let bank = bank().await;
    let token = token_of(&bank, "SE", "se-anna").await;
    let id = accounts(&bank, &token).await[0]["accountId"].as_str().unwrap().to_owned();
    for query in ["dateFrom=2024-12-01", "dateFrom=2026-02-02&dateTo=2026-02-01", "dateTo=2024-11-01"] {
        let answer = read(&bank, &token, &format!("/v2/accounts/{id}/transactions?{query}")).await;
        let expected =
            r#"{"httpCode":"400","httpMessage":"Bad Request","moreInformation":"Invalid time interval"}"#;
        assert_eq!(answer.body, expected, "{query}");
    }
}

#[tokio::test]
async fn british_rows_have_value_dates_and_mixed_case() {
    let bank = bank().await;
    let token = token_of(&bank, "GB", "gb-oliver").await;
    let accounts = accounts(&bank, &token).await;
    assert_eq!(accounts[0]["clearingNumber"].as_str().unwrap().len(), 6);
    let kinds = |account: &Value| -> Vec<String> {
        let balances = account["balances"].as_array().unwrap();
        balances.iter().map(|balance| balance["balanceType"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&accounts[1]), ["CLEARED", "CURRENT"]);
    let rows = rows(&bank, &token, &accounts[0], "").await;
    assert!(rows.iter().all(|row| row["status"] == "Booked" && row.get("valueDate").is_some()));
    assert!(rows.iter().any(|row| row["creditDebit"] == "Credited"));
}

#[tokio::test]
async fn dutch_luxembourgish_and_british_consents_offer_redirect_only() {
    let bank = bank().await;
    for (country, customer) in [("NL", "nl-sanne"), ("LU", "lu-marie"), ("GB", "gb-oliver")] {
        let consent = consent_with(&bank, &[("country", country)]).await.json();
        assert_eq!(link(&consent, "DECOUPLED"), None);
        let token = token_of(&bank, country, customer).await;
        let account = accounts(&bank, &token).await[0].clone();
        assert!(!rows(&bank, &token, &account, "").await.is_empty(), "{country}");
    }
}

#[tokio::test]
async fn the_order_of_sca_methods_varies() {
    let bank = bank().await;
    let mut first = std::collections::BTreeSet::new();
    for _ in 0..12 {
        let consent = consent_with(&bank, &[("country", "SE")]).await.json();
        first.insert(consent["scaMethods"][0]["scaMethodType"].as_str().unwrap().to_owned());
    }
    assert_eq!(first.len(), 2);
}

#[tokio::test]
async fn an_allkort_shows_the_same_money_as_its_account() {
    let bank = bank().await;
    let token = token_of(&bank, "SE", "se-anna").await;
    let account = accounts(&bank, &token).await[3].clone();
    let cards = read(&bank, &token, "/v1/card-accounts").await.json();
    let (allkort, platinum) = (&cards["cardAccounts"][0], &cards["cardAccounts"][1]);
    assert_eq!(account["accountType"], "Allkortskonto");
    assert_eq!(
        account["balances"][0]["amount"]["content"],
        allkort["balances"][0]["balanceAmount"]["amount"]
    );
    assert!(allkort.get("creditLimit").is_none());
    assert_eq!(platinum["creditLimit"]["amount"], 100_000);
    let id = allkort["accountId"].as_str().unwrap();
    let rows = read(&bank, &token, &format!("/v1/card-accounts/{id}/transactions")).await.json();
    let rows = rows["transactions"].as_array().unwrap();
    assert!(rows.iter().all(|row| (row["status"] == "BOOKED") == row.get("bookingDate").is_some()));
    assert!(rows.iter().all(|row| row["transactionDetails"].as_str().unwrap().chars().count() <= 20));
}

#[tokio::test]
async fn customers_without_accounts_or_kyc_and_corporates_differ() {
    let bank = bank().await;
    let empty = token_of(&bank, "SE", "se-tom").await;
    assert_eq!(read(&bank, &empty, "/v2/accounts").await.body, "{\"accounts\":[]}");
    let unasked = token_of(&bank, "SE", "se-frida").await;
    assert_eq!(read(&bank, &unasked, "/v2/accounts").await.status, 403);
    let headers = [("psu-corporate-id", "5599990016"), ("psu-corporate-id-type", "BANK")];
    let (_, tokens) = signed(&bank, "SE", &headers, "se-corp").await;
    let corporate = tokens["access_token"].as_str().unwrap();
    assert_eq!(accounts(&bank, corporate).await[0]["accountType"], "Affärskonto");
    assert_eq!(read(&bank, corporate, "/v1/card-accounts").await.status, 404);
}

#[tokio::test]
async fn every_consent_has_account_ids_of_its_own_and_the_same_rows() {
    let bank = bank().await;
    let (one, two) = (token_of(&bank, "SE", "se-anna").await, token_of(&bank, "SE", "se-anna").await);
    let (first, second) = (accounts(&bank, &one).await[0].clone(), accounts(&bank, &two).await[0].clone());
    assert_ne!(first["accountId"], second["accountId"]);
    assert_eq!(first["iban"], second["iban"]);
    assert_eq!(rows(&bank, &one, &first, "").await, rows(&bank, &two, &second, "").await);
    let foreign = first["accountId"].as_str().unwrap();
    assert_eq!(read(&bank, &two, &format!("/v2/accounts/{foreign}")).await.status, 404);
}

#[tokio::test]
async fn the_countries_own_paths_are_unknown_unless_switched_on() {
    let bank = bank().await;
    let token = token_of(&bank, "GB", "gb-oliver").await;
    assert_eq!(read(&bank, &token, "/gb/v1/accounts").await.status, 404);
    bank.change_switches(|switches| switches.country_paths = true);
    let own = read(&bank, &token, "/gb/v1/accounts").await.json();
    let href = own["accounts"][0]["_links"]["transactions"]["href"].as_str().unwrap();
    assert!(href.contains("/psd2/gb/v1/accounts/"), "{href}");
}

#[tokio::test]
async fn a_customer_can_have_a_thousand_accounts_each_under_numbers_of_its_own() {
    let bank = bank_with(|options| options.switches.further_accounts = 1_000).await;
    let token = token_of(&bank, "SE", "se-anna").await;
    let accounts = accounts(&bank, &token).await;
    let of = |field: &str| {
        let texts = accounts.iter().map(|account| account[field].as_str().unwrap().to_owned());
        texts.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!((of("accountId").len(), of("iban").len()), (accounts.len(), accounts.len()));
    assert!(accounts.len() > 1_000);
    let last = accounts.last().unwrap();
    let one =
        read(&bank, &token, &format!("/v2/accounts/{}", last["accountId"].as_str().unwrap())).await.json();
    assert_eq!(one["iban"], last["iban"]);
}
