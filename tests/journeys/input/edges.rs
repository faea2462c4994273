//! Mistakes around the body: headers, path and query.

use super::{
    Call, Case, WellFormed,
    calls::{escaped, today},
};
use crate::world::{World, client::ADDRESS};

/// Headers that name an address of whoever comes through a proxy. None of them is the PSU's word for anything.
pub(super) const FORWARDED: [(&str, &str); 6] = [
    ("forwarded", "for=198.51.100.9"),
    ("x-forwarded-for", "198.51.100.9"),
    ("x-real-ip", "198.51.100.9"),
    ("true-client-ip", "198.51.100.9"),
    ("x-client-ip", "198.51.100.9"),
    ("x-psu-ip-address", "198.51.100.9"),
];

/// What is no public address of one PSU.
const ADDRESSES: &[&str] = &[
    // private, loopback, link-local, carrier-grade NAT, multicast, unspecified, broadcast
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.254",
    "224.0.0.1",
    "239.255.255.250",
    "0.0.0.0",
    "0.1.2.3",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "febf::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "ff0e::1",
    "0:0:0:0:0:0:0:1",
    // the same, written as IPv6
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:100.64.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "::ffff:7f00:1",
    // not one address
    "",
    "203.0.113.7,203.0.113.8",
    "203.0.113.7, 203.0.113.8",
    "203.0.113.7 203.0.113.8",
    "203.0.113.7;",
    ",203.0.113.7",
    "203.0.113.7,10.0.0.1",
    "203.0.113.7,",
    "203.0.113.7:443",
    "[2001:db8::1]",
    "[2001:db8::1]:443",
    "203.0.113.7/32",
    "2001:db8::/32",
    "fe80::1%eth0",
    "2001:db8::1%1",
    "203.0.113",
    "203.0.113.256",
    "203.0.113.7.9",
    "203.0.113.07",
    "0xcb007107",
    "3405803783",
    "2001:db8::1::2",
    "2001:db8:1:2:3:4:5:6:7",
    "2001:db8::g",
    "unknown",
    "localhost",
    "canary-9471.example",
    "for=203.0.113.7",
    "\"203.0.113.7\"",
    "203.0.113.7\tcanary-9471",
    "２０３.0.113.7",
    "null",
];

/// What is no key: 8 to 128 visible ASCII characters without a comma.
const KEYS: &[&str] = &[
    "",
    "1234567",
    "canary 9471",
    "canary,9471",
    "canary-9471,canary-9471",
    "canary\t9471",
    "nyckel-åäö-9471",
    "canary-9471\u{1f600}",
    ",,,,,,,,,,",
];

pub(super) fn cases(world: &World, well_formed: &WellFormed) -> Vec<Case> {
    let mut cases = Vec::new();
    let (registering, choosing) = (&well_formed.start, &well_formed.choose_decoupled);
    for start in [registering, choosing] {
        keys(&mut cases, start);
        let absent = start.clone().without("psu-ip-address");
        cases.push(Case::field("no PSU-IP-Address", absent.clone(), "PSU-IP-Address"));
        for (name, value) in FORWARDED {
            cases.push(
                Case::field(format!("{name} instead"), absent.clone().and(name, value), "PSU-IP-Address")
                    .hides(value),
            );
        }
    }
    for call in [registering, choosing].into_iter().chain(&well_formed.reads) {
        addresses(&mut cases, call);
    }
    for call in well_formed.reads.iter().filter(|call| call.has("/transactions")) {
        dates(&mut cases, call, today(world.bank.clock().now_ms()));
    }
    // One per route.
    let with_bodies = [choosing, &well_formed.activate, &well_formed.poll];
    for call in with_bodies.into_iter().chain(&well_formed.reads).chain(&well_formed.bare) {
        consents(&mut cases, call);
        if call.has("{account_id}") {
            accounts(&mut cases, call);
        }
    }
    cases
}

fn keys(cases: &mut Vec<Case>, start: &Call) {
    let field = "Idempotency-Key";
    let long = "canary-".repeat(19);
    for key in KEYS.iter().copied().chain([long.get(..129).unwrap()]) {
        let call = start.clone().header("idempotency-key", key);
        cases.push(Case::field(format!("Idempotency-Key {key:?}"), call, field).hides(key));
    }
    cases.push(Case::field("no Idempotency-Key", start.clone().without("idempotency-key"), field));
    for second in ["canary-9471", "canary-9472"] {
        let call = start.clone().header("idempotency-key", "canary-9471").and("idempotency-key", second);
        cases.push(Case::field(format!("canary-9471 and {second}"), call, field).hides("canary-947"));
    }
}

fn addresses(cases: &mut Vec<Case>, call: &Call) {
    let field = "PSU-IP-Address";
    for address in ADDRESSES {
        let call = call.clone().header("psu-ip-address", *address);
        cases.push(Case::field(format!("PSU-IP-Address {address:?}"), call, field).hides(address));
    }
    for second in [ADDRESS, "203.0.113.8", "10.0.0.1", "2001:db8::1"] {
        let call = call.clone().header("psu-ip-address", ADDRESS).and("psu-ip-address", second);
        cases.push(Case::field(format!("{ADDRESS} and {second}"), call, field).hides(ADDRESS).hides(second));
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
    for unknown in [
        "canary-9471=1",
        "canary-9471",
        "cursor=canary-9471",
        "dateFrom=2026-01-01",
        "limit=10",
        "account_id=canary-9471",
    ] {
        with(format!("also {unknown}"), format!("?date_from={good}&date_to={good}&{unknown}"), &["query"]);
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
        "SE4550000000058398257466",
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
