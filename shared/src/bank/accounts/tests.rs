use super::super::stub::{Stub, call, trace};
use super::*;
use crate::account::BalanceKind;
use crate::types::{AccessToken, Country, PsuAddress};

const ACCOUNT: &str = r#"{"_links":{"transactions":{"href":"https://elsewhere.example/x"}},
    "accountId":"acc-1","accountType":"Allkonto",
    "balances":[{"amount":{"content":1250.50,"currency":"SEK"},"balanceType":"AVAILABLE_AMOUNT"},
                {"amount":{"content":-249,"currency":"SEK"},"balanceType":"CURRENT"}],
    "bban":"417300268","bic":"HANDSESS","clearingNumber":"6155","currency":"SEK",
    "iban":"SE2560000000000417300268","name":"Hush\u00e5ll","ownerName":"Test Testsson","added":[{}]}"#;
const ROW: &str = r#"{"amount":{"content":2000,"currency":"SEK"},
    "balance":{"amount":{"content":999.10,"currency":"SEK"},"balanceType":"BOOKED"},"creditDebit":"DEBITED",
    "ledgerDate":"2026-02-02","remittanceInformation":"Hyra","status":"BOOKED","transactionDate":"2026-02-01"}"#;

fn account(body: &str) -> Result<Account, Fault> {
    json::<WireAccount<'_>>(body.as_bytes())?.account()
}

fn row(body: &str) -> Result<Transaction, Fault> {
    json::<WireTransaction<'_>>(body.as_bytes())?.transaction()
}

#[tokio::test]
async fn accounts_are_listed_with_the_headers_of_the_gateway() {
    let stub = Stub::answer(&format!(r#"{{"accounts":[{ACCOUNT}]}}"#));
    let (trace, token) = (trace(), AccessToken::new("t-1"));
    let address = PsuAddress::parse("203.0.113.7").ok();
    let read = Read { token: &token, country: Country::Se, address, source: false };
    let accounts = stub.client().accounts(&call(&trace, 10), &read).await.unwrap();
    assert_eq!(accounts.len(), 1);
    let seen = stub.only();
    assert_eq!(seen.line(), "GET /openbanking/psd2/v2/accounts");
    for (name, value) in [
        ("Authorization", "Bearer t-1"),
        ("X-IBM-Client-Id", "app-1"),
        ("Country", "SE"),
        ("PSU-IP-Address", "203.0.113.7"),
    ] {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_read_without_the_psu_names_no_address() {
    let stub = Stub::answer(r#"{"accounts":[]}"#);
    let (trace, token) = (trace(), AccessToken::new("t-1"));
    let read = Read { token: &token, country: Country::Se, address: None, source: false };
    assert_eq!(stub.client().accounts(&call(&trace, 10), &read).await, Ok(Vec::new()));
    assert_eq!(stub.only().header("PSU-IP-Address"), None);
}

#[tokio::test]
async fn one_account_is_asked_for_with_its_balance_and_rows_by_their_days() {
    let (trace, token) = (trace(), AccessToken::new("t-1"));
    let read = Read { token: &token, country: Country::Gb, address: None, source: false };
    let id = BankAccountId::parse("acc-1").unwrap();
    let stub = Stub::answer(ACCOUNT);
    assert_eq!(stub.client().account(&call(&trace, 10), &read, &id).await, account(ACCOUNT));
    assert_eq!(stub.only().line(), "GET /openbanking/psd2/v2/accounts/acc-1?withBalance=true");
    let stub = Stub::answer(&format!(r#"{{"transactions":[{ROW},{ROW}]}}"#));
    let (from, to) = (jiff::civil::date(2026, 1, 1), jiff::civil::date(2026, 2, 2));
    let rows = stub.client().transactions(&call(&trace, 10), &read, &id, from, to).await.unwrap();
    assert!(rows.len() == 2 && rows[0] == rows[1]);
    let line = "GET /openbanking/psd2/v2/accounts/acc-1/transactions?dateFrom=2026-01-01&dateTo=2026-02-02";
    assert_eq!(stub.only().line(), line);
}

#[test]
fn a_recorded_account_is_read_and_unknown_fields_are_tolerated() {
    let account = account(ACCOUNT).unwrap();
    assert_eq!(account.bank_id.as_str(), "acc-1");
    assert_eq!(account.number().as_deref(), Some("SE2560000000000417300268"));
    assert_eq!(account.name.as_deref(), Some("Hushåll"));
    assert_eq!(account.owner_name.as_deref(), Some("Test Testsson"));
    assert_eq!((account.clearing.as_deref(), account.bban.as_deref()), (Some("6155"), Some("417300268")));
    let balances = account.balances.unwrap();
    let shown: Vec<_> = balances.iter().map(|b| (b.kind.clone(), b.money.amount_text())).collect();
    assert_eq!(
        shown,
        [(BalanceKind::Available, "1250.50".to_owned()), (BalanceKind::Current, "-249".to_owned())]
    );
}

#[test]
fn missing_is_missing_and_empty_is_missing_and_no_balances_are_not_an_empty_list() {
    let bare =
        account(r#"{"accountId":"b-1","currency":"EUR","iban":"","name":null,"ownerName":" "}"#).unwrap();
    assert_eq!((bare.iban.as_ref(), bare.name.as_ref(), bare.owner_name.as_ref()), (None, None, None));
    assert!(bare.balances.is_none() && bare.number().is_none());
    let empty = account(r#"{"accountId":"b-1","currency":"EUR","balances":[]}"#).unwrap();
    assert_eq!(empty.balances, Some(Vec::new()));
}

#[test]
fn a_credit_limit_is_a_text_as_documented_or_a_number_or_an_amount() {
    for limit in [r#""1000""#, "1000", r#"{"content":1000,"currency":"SEK"}"#] {
        let body = format!(r#"{{"accountId":"b-1","currency":"SEK","creditLimit":{limit}}}"#);
        assert_eq!(account(&body).unwrap().credit_limit.unwrap().amount_text(), "1000", "{limit}");
    }
    for limit in [r#""a lot""#, "true", "[]", "{}", r#""""#, r#""1_000""#, r#"".000""#] {
        let body = format!(r#"{{"accountId":"b-1","currency":"SEK","creditLimit":{limit}}}"#);
        assert_eq!(account(&body), Err(Fault::Malformed), "{limit}");
    }
}

#[test]
fn what_is_no_account_is_malformed() {
    for body in [
        "null".to_owned(),
        "[]".to_owned(),
        "<html></html>".to_owned(),
        ACCOUNT[..200].to_owned(),
        ACCOUNT.replace("accountId", "id"),
        ACCOUNT.replace("\"acc-1\"", "17"),
        ACCOUNT.replace("\"acc-1\"", "\"1 acc\""),
        ACCOUNT.replace("1250.50", "\"1250.50\""),
        ACCOUNT.replace("1250.50", "null"),
        ACCOUNT.replace("\"balanceType\":\"CURRENT\"", "\"x\":1"),
        ACCOUNT.replace("\"currency\":\"SEK\",\n    \"iban\"", "\"currency\":\"kr\",\n    \"iban\""),
        ACCOUNT.replace("\"ownerName\":\"Test Testsson\"", "\"ownerName\":{}"),
        ACCOUNT.replace("\"bban\":\"417300268\"", "\"bban\":417300268"),
    ] {
        assert_eq!(account(&body), Err(Fault::Malformed), "{body}");
    }
}

#[test]
fn a_recorded_row_is_read_with_its_sign() {
    let row = row(ROW).unwrap();
    assert_eq!(row.status, Status::Booked);
    assert_eq!(row.amount.amount_text(), "-2000");
    assert_eq!(row.booking_date, Some(jiff::civil::date(2026, 2, 2)));
    assert_eq!(row.transaction_date, Some(jiff::civil::date(2026, 2, 1)));
    assert_eq!(row.balance_after.unwrap().amount_text(), "999.10");
    assert_eq!((row.text.as_deref(), row.value_date, row.masked_pan), (Some("Hyra"), None, None));
}

#[test]
fn rows_of_other_countries_keep_their_own_dates_and_letter_case() {
    let gb = row(r#"{"valueDate":"2026-02-01","status":"Booked","amount":{"currency":"GBP","content":45.99},
        "remittanceInformation":"7654321","creditDebit":"Credited"}"#)
    .unwrap();
    assert_eq!((gb.booking_date, gb.value_date), (None, Some(jiff::civil::date(2026, 2, 1))));
    assert_eq!((gb.day(), gb.amount.amount_text().as_str()), (gb.value_date, "45.99"));
    let fi =
        row(r#"{"amount":{"content":3,"currency":"EUR"},"bookingDate":"2026-01-25","creditDebit":"DEBITED",
        "creditorName":"Testi Oy","remittanceInformation":"x","status":"BOOKED"}"#)
        .unwrap();
    assert_eq!(
        (fi.booking_date, fi.counterparty.as_deref()),
        (Some(jiff::civil::date(2026, 1, 25)), Some("Testi Oy"))
    );
}

#[test]
fn a_pending_row_has_no_booking_date_and_no_balance() {
    let row =
        row(r#"{"amount":{"content":0.10,"currency":"SEK"},"creditDebit":"CREDITED","status":"PENDING",
        "remittanceInformation":"Prel Test","transactionDate":"2026-02-03"}"#)
        .unwrap();
    assert_eq!((row.status, row.booking_date, row.balance_after), (Status::Pending, None, None));
    assert_eq!((row.amount.amount_text().as_str(), row.day()), ("0.10", row.transaction_date));
}

#[test]
fn a_row_that_could_be_shown_wrongly_is_malformed() {
    for body in [
        ROW.replace("DEBITED", "REVERSED"),
        ROW.replace("\"BOOKED\",\"transactionDate\"", "\"INFORMATION\",\"transactionDate\""),
        ROW.replace("\"creditDebit\":\"DEBITED\",", ""),
        ROW.replace("\"content\":2000", "\"content\":-2000"),
        ROW.replace("\"content\":2000", "\"content\":\"2000\""),
        ROW.replace("\"content\":2000", "\"amount\":1,\"content\":2000"),
        ROW.replace("2000,\"currency\":\"SEK\"", "2000"),
        ROW.replace("2026-02-02", "2026-02-30"),
        ROW.replace("\"2026-02-02\"", "20260202"),
        ROW.replace("999.10", "null"),
        ROW.replace("\"Hyra\"", "[\"Hyra\"]"),
    ] {
        assert_ne!(body, ROW);
        assert_eq!(row(&body).map(drop), Err(Fault::Malformed), "{body}");
    }
}

#[test]
fn an_answer_cut_anywhere_is_malformed() {
    let (list, rows) =
        (format!(r#"{{"accounts":[{ACCOUNT}]}}"#), format!(r#"{{"transactions":[{ROW},{ROW}]}}"#));
    for cut in 0..list.len() {
        assert_eq!(accounts(&list.as_bytes()[..cut]), Err(Fault::Malformed), "{cut}");
    }
    for cut in 0..rows.len() {
        assert_eq!(transactions(&rows.as_bytes()[..cut]), Err(Fault::Malformed), "{cut}");
    }
}

#[test]
fn any_byte_of_a_row_may_be_wrong_and_the_amount_is_exact_or_the_row_malformed() {
    for at in 0..ROW.len() {
        for wrong in [0, b' ', b'"', b'{', b']', b'\\', b'9', 0xff] {
            let mut body = ROW.as_bytes().to_vec();
            body[at] = wrong;
            let read = json::<WireTransaction<'_>>(&body).and_then(WireTransaction::transaction);
            match read {
                Ok(row) => {
                    let (shown, sent) = (row.amount.amount_text(), String::from_utf8_lossy(&body));
                    assert!(sent.contains(shown.trim_start_matches('-')), "{shown} of {sent}");
                }
                Err(fault) => assert_eq!(fault, Fault::Malformed),
            }
        }
    }
}

#[test]
fn deep_nesting_crashes_nothing_wherever_it_stands() {
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(100_000), "]".repeat(100_000));
    for wanted in [
        deep(""),
        format!(r#"{{"accounts":{}}}"#, deep("")),
        format!(r#"{{"accounts":[{{"accountId":"b","currency":"SEK","iban":{}}}]}}"#, deep("1")),
    ] {
        assert_eq!(json::<Accounts<'_>>(wanted.as_bytes()).map(drop), Err(Fault::Malformed));
    }
    // What nobody asked for is skipped without recursion.
    let ignored = format!(r#"{{"accounts":[],"x":{}}}"#, deep(""));
    assert_eq!(json::<Accounts<'_>>(ignored.as_bytes()).map(drop), Ok(()));
    let limit = format!(r#"{{"accountId":"b","currency":"SEK","creditLimit":{}}}"#, deep("1"));
    assert_eq!(account(&limit), Err(Fault::Malformed));
}

#[test]
fn a_printed_row_tells_neither_amount_nor_text() {
    let printed = format!("{:?}", row(ROW).unwrap());
    assert!(
        printed.contains("Booked") && !printed.contains("2000") && !printed.contains("Hyra"),
        "{printed}"
    );
}
