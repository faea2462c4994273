use super::super::stub::{Stub, call, trace};
use super::*;
use crate::account::Status;
use crate::types::{AccessToken, Country};

const CARD_ACCOUNT: &str = r#"{"_links":{"transactions":{"href":"https://elsewhere.example/x"}},"accountId":"k-1",
    "balances":[{"balanceAmount":{"amount":40210.55,"currency":"SEK"},"balanceType":"AVAILABLE_AMOUNT"}],
    "cards":[{"maskedPan":"4571********0001","name":"Test Testsson"},{"maskedPan":"4571********0002"}],
    "creditLimit":{"amount":55000,"currency":"SEK"},"currency":"SEK","product":"Platinum"}"#;
const ROW: &str = r#"{"bookingDate":"2026-02-03","card":{"maskedPan":"4571********0001"},"creditDebit":"DEBITED",
    "status":"BOOKED","transactionAmount":{"amount":318.40,"currency":"SEK"},"transactionDate":"2026-02-02",
    "transactionDetails":"TESTBUTIKEN LULEA"}"#;

fn card_account(body: &str) -> Result<CardAccount, Fault> {
    json::<WireCardAccount<'_>>(body.as_bytes())?.card_account()
}

fn row(body: &str) -> Result<Transaction, Fault> {
    json::<WireTransaction<'_>>(body.as_bytes())?.transaction()
}

#[tokio::test]
async fn cards_have_paths_of_their_own() {
    let (trace, token) = (trace(), AccessToken::new("t-1"));
    let read = Read { token: &token, country: Country::Se, address: None, source: false };
    let stub = Stub::answer(&format!(r#"{{"cardAccounts":[{CARD_ACCOUNT}]}}"#));
    assert_eq!(stub.client().card_accounts(&call(&trace, 10), &read).await.map(|list| list.len()), Ok(1));
    assert_eq!(stub.only().line(), "GET /openbanking/psd2/v1/card-accounts");
    let stub = Stub::answer(&format!(r#"{{"transactions":[{ROW}]}}"#));
    let id = BankAccountId::parse("k-1").unwrap();
    let day = jiff::civil::date(2026, 2, 3);
    let rows = stub.client().card_transactions(&call(&trace, 10), &read, &id, day, day).await;
    assert_eq!(rows.map(|rows| rows.len()), Ok(1));
    let line =
        "GET /openbanking/psd2/v1/card-accounts/k-1/transactions?dateFrom=2026-02-03&dateTo=2026-02-03";
    assert_eq!(stub.only().line(), line);
}

#[test]
fn a_recorded_card_account_is_read() {
    let account = card_account(CARD_ACCOUNT).unwrap();
    assert_eq!(account.masked_pans(), ["4571********0001", "4571********0002"]);
    assert_eq!(account.balances.unwrap()[0].money.amount_text(), "40210.55");
    assert_eq!(account.credit_limit.unwrap().amount_text(), "55000");
    assert_eq!(account.product.as_deref(), Some("Platinum"));
}

#[test]
fn an_allkort_has_no_limit_and_may_have_no_cards() {
    let account =
        card_account(r#"{"accountId":"k-2","cards":[],"currency":"SEK","product":"Allkort Mastercard"}"#);
    let account = account.unwrap();
    assert!(account.cards.is_empty() && account.credit_limit.is_none() && account.balances.is_none());
}

#[test]
fn a_recorded_card_row_is_read_and_a_pending_one_has_no_booking_date() {
    let booked = row(ROW).unwrap();
    assert_eq!((booked.status, booked.amount.amount_text().as_str()), (Status::Booked, "-318.40"));
    assert_eq!(booked.booking_date, Some(jiff::civil::date(2026, 2, 3)));
    assert_eq!(booked.masked_pan.as_deref(), Some("4571********0001"));
    assert_eq!(booked.text.as_deref(), Some("TESTBUTIKEN LULEA"));
    let pending = ROW.replace("\"bookingDate\":\"2026-02-03\",", "").replace("BOOKED", "PENDING");
    let pending = row(&pending).unwrap();
    assert_eq!((pending.status, pending.booking_date), (Status::Pending, None));
}

#[test]
fn what_is_no_card_account_or_card_row_is_malformed() {
    for body in [
        "[]".to_owned(),
        CARD_ACCOUNT.replace("accountId", "id"),
        CARD_ACCOUNT.replace("40210.55", "\"40210.55\""),
        CARD_ACCOUNT.replace("{\"amount\":55000,\"currency\":\"SEK\"}", "55000"),
        CARD_ACCOUNT.replace("maskedPan", "pan"),
        CARD_ACCOUNT.replace("\"4571********0002\"", "4571"),
    ] {
        assert_eq!(card_account(&body).map(drop), Err(Fault::Malformed), "{body}");
    }
    for body in [
        ROW.replace("DEBITED", "debit"),
        ROW.replace("BOOKED", "HELD"),
        ROW.replace("318.40", "true"),
        ROW.replace("2026-02-03", "3 Feb"),
        ROW.replace("transactionAmount", "amount"),
    ] {
        assert_eq!(row(&body).map(drop), Err(Fault::Malformed), "{body}");
    }
}
