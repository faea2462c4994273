//! Mistakes in paths and queries: ids and dates.

use super::{
    Call, Case, WellFormed,
    calls::{escaped, today},
};
use crate::world::World;

pub(super) fn cases(world: &World, well_formed: &WellFormed) -> Vec<Case> {
    let mut cases = Vec::new();
    let reads = &well_formed.reads;
    for call in reads.iter().filter(|call| call.has("/transactions")) {
        dates(&mut cases, call, today(world.bank.clock().now_ms()));
    }
    lists(&mut cases, well_formed);
    let writes = [&well_formed.choose_redirect, &well_formed.activate, &well_formed.poll];
    for call in writes.into_iter().chain(reads).chain(&well_formed.bare) {
        consents(&mut cases, call);
        if call.has("{account_id}") {
            accounts(&mut cases, call);
        }
    }
    cases
}

fn lists(cases: &mut Vec<Case>, well_formed: &WellFormed) {
    let mut with = |call: &Call, query: &str, code: &'static str, field: &'static str| {
        let name = format!("{} with {query}", call.route);
        let call = Call { query: query.to_owned(), ..call.clone() };
        cases.push(Case::problem(name, call, 400, code).about(field).hides("canary-9471"));
    };
    let list = &well_formed.list;
    for cursor in ["canary-9471", "", "AAAA", "%00", "AQJrMQ", "../canary-9471"] {
        with(list, &format!("?cursor={cursor}"), "cursor_invalid", "cursor");
    }
    for since in ["canary-9471", "", "2026-01-15", "yesterday", "1768464000", "2026-02-30T00:00:00Z"] {
        with(list, &format!("?changed_since={since}"), "invalid_request", "changed_since");
    }
    with(list, "?cursor=a&cursor=canary-9471", "invalid_request", "cursor");
    let last = well_formed.bare.last().unwrap();
    for query in ["?canary-9471=1", "?limit=canary-9471", "?page=2"] {
        for call in [list, &well_formed.erase, &well_formed.health, last] {
            with(call, query, "invalid_request", "query");
        }
    }
    for query in ["?cursor=canary-9471", "?consent_id=canary-9471", "?reference=canary-9471"] {
        with(&well_formed.erase, query, "invalid_request", "query");
    }
}

fn dates(cases: &mut Vec<Case>, call: &Call, today: shared::types::Date) {
    let mut with = |name: String, query: String, fields: &[&'static str]| {
        let case = Case::problem(name, Call { query, ..call.clone() }, 400, "invalid_request");
        cases.push(fields.iter().fold(case.hides("canary-9471"), |case, field| case.about(field)));
    };
    let good = today.to_string();
    for (name, query, fields) in [
        ("no query", String::new(), &["date_from", "date_to"][..]),
        ("no date_to", format!("?date_from={good}"), &["date_to"]),
        ("no date_from", format!("?date_to={good}"), &["date_from"]),
        ("doubled date_from", format!("?date_from={good}&date_from={good}&date_to={good}"), &["date_from"]),
        ("doubled date_to", format!("?date_from={good}&date_to={good}&date_to={good}"), &["date_to"]),
        ("two dates in one", format!("?date_from={good},{good}&date_to={good}"), &["date_from"]),
        ("other letters", format!("?Date_From={good}&date_to={good}"), &["date_from", "query"]),
        (
            "reversed by a day",
            format!("?date_from={good}&date_to={}", today.yesterday().unwrap()),
            &["date_from"],
        ),
        ("reversed by years", format!("?date_from={good}&date_to=1999-12-31"), &["date_from"]),
        ("tomorrow", format!("?date_from={good}&date_to={}", today.tomorrow().unwrap()), &["date_to"]),
        ("the end of time", format!("?date_from={good}&date_to=9999-12-31"), &["date_to"]),
        ("from tomorrow on", format!("?date_from={0}&date_to={0}", today.tomorrow().unwrap()), &["date_to"]),
    ] {
        with(name.to_owned(), query, fields);
    }
    for unknown in
        ["canary-9471=1", "canary-9471", "dateFrom=2026-01-01", "limit=10", "account_id=canary-9471"]
    {
        with(format!("also {unknown}"), format!("?date_from={good}&date_to={good}&{unknown}"), &["query"]);
    }
    let both = &["date_from", "date_to"][..];
    for (name, query, fields) in [
        ("a cursor beside", format!("?date_from={good}&date_to={good}&cursor=canary-9471"), both),
        ("two cursors", "?cursor=canary-9471&cursor=b".to_owned(), &["cursor"]),
        ("a cursor and more", "?cursor=canary-9471&limit=1".to_owned(), &["query"]),
        ("included: other", format!("?date_from={good}&date_to={good}&include=canary-9471"), &["include"]),
        (
            "included twice",
            format!("?date_from={good}&date_to={good}&include=source&include=source"),
            &["include"],
        ),
        ("included: nothing", format!("?date_from={good}&date_to={good}&include="), &["include"]),
    ] {
        with(name.to_owned(), query, fields);
    }
    for wrong in [
        "",
        " ",
        "2026-02-30",
        "2025-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-01-00",
        "2026-04-31",
        "0000-00-00",
        "26-01-01",
        "20260101",
        "2026/01/01",
        "2026.01.01",
        "2026-1-1",
        "01-01-2026",
        "2026-01-01T00:00:00Z",
        "2026-01-01 ",
        " 2026-01-01",
        "2026-01-1 ",
        "2026-W01-1",
        "2026-001",
        "20260101Z ",
        "20260101T0",
        "today",
        "yesterday!",
        "1768464000",
        "1.76846e12",
        "-026-01-01",
        "+026-01-01",
        "2026-01-0１",
        "２-01-01",
        "2026-01-01\0",
        "2026\u{2212}01-1",
        "canary-9471",
        "null",
        "['2026-01",
    ] {
        for field in ["date_from", "date_to"] {
            let other = if field == "date_from" { "date_to" } else { "date_from" };
            let query = format!("?{field}={}&{other}={good}", escaped(wrong));
            with(format!("{field} {wrong:?}"), query, &[field]);
        }
    }
}

/// A malformed id is answered as an unknown one: nobody learns the form of ids.
fn consents(cases: &mut Vec<Case>, call: &Call) {
    let (well_formed, long) = (call.consent.as_str(), "canary-".repeat(40));
    let (short, padded) = (well_formed.get(1..).unwrap(), format!("{well_formed}=="));
    for wrong in [
        short,
        &padded,
        &format!("{well_formed}A"),
        &format!(" {well_formed}"),
        "canary-9471",
        "\0",
        "null",
        "*",
        "{consent_id}",
        "%2e",
        "å",
        "canary 9471 ' OR 1=1 --",
        "$%&+,/:;=?@canary",
        &long,
    ] {
        let case = Case::problem(
            format!("consent {wrong:?}"),
            Call { consent: wrong.to_owned(), ..call.clone() },
            404,
            "consent_not_found",
        );
        cases.push(case.hides(wrong));
    }
}

fn accounts(cases: &mut Vec<Case>, call: &Call) {
    let (well_formed, long) = (call.account.as_str(), "canary-".repeat(40));
    for wrong in [
        &well_formed.to_uppercase(),
        well_formed.get(3..).unwrap(),
        &format!("{well_formed}A"),
        &format!("b{}", &well_formed[1..]),
        "a1_",
        "c1_",
        "a1_canary-9471",
        "canary-9471",
        "\0",
        "SE0060000000000000009471",
        "a1_../../canary",
        &long,
    ] {
        let case = Case::problem(
            format!("account {wrong:?}"),
            Call { account: wrong.to_owned(), ..call.clone() },
            404,
            "account_not_found",
        );
        cases.push(case.hides(wrong));
    }
}
