//! The invariants, held against the raw table, the bank's ledger and everything that was printed and answered, by one
//! function. What it says of I1 … I12: no refresh after one that brought tokens, two at most without an answer (I1), no generation backwards
//! (I2), no code twice (I4), nothing asked once a grant was ended (I6), no fifth unattended read (I7), grants only along the
//! drawn lines (I9), one registration and one answer for a key (I10), an audit line for each access (I11). That claims and
//! attempts end (I3) and that the data are the same (I12) is what the caller of it looks at; foreign ids (I5) have
//! `owners.rs`; secrets (I8) are searched for when the world ends.

use super::Drill;
use crate::{
    paths::Scene,
    world::{Answer, World},
};
use serde_json::Value;
use simulated_bank::Call;
use std::collections::{BTreeMap, BTreeSet};

/// How a grant stands: its word, its generation.
type Standing = (String, u64);

/// What stood before, and what was answered since.
pub(super) struct Book<'s> {
    scene: &'s Scene<'s>,
    grants: BTreeMap<String, Standing>,
    calls: usize,
    lines: usize,
    /// Each answer with how many calls the bank had seen by then.
    answers: Vec<(Answer, usize)>,
}

impl<'s> Book<'s> {
    pub(super) async fn open(scene: &'s Scene<'s>) -> Self {
        let world = scene.person.world;
        let (calls, lines) = (world.bank.ledger().calls.len(), world.lines.lock().unwrap().len());
        Self { scene, grants: grants(world).await, calls, lines, answers: Vec::new() }
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        let calls = self.scene.person.world.bank.ledger().calls.len();
        self.answers.push((answer, calls));
    }

    /// Holds everything since against what stood.
    pub(super) async fn holds(&self, drill: &Drill<'_>, case: &str) {
        let world = self.scene.person.world;
        let (after, ends) = (grants(world).await, self.scene.ends_grants());
        for (id, was) in &self.grants {
            let Some(is) = after.get(id) else {
                assert!(ends, "{case}: {id} is gone");
                continue;
            };
            let ended = ends && is.0 == "revoked";
            assert!(ended || may_follow(was, is), "{case}: I2, I9: {id} went from {was:?} to {is:?}");
        }
        self.at_the_bank(world, drill, case);
        self.answered_alike(case);
        self.printed(world, drill.may_die, case);
    }

    fn at_the_bank(&self, world: &World, drill: &Drill<'_>, case: &str) {
        let ledger = world.bank.ledger();
        let since = &ledger.calls[self.calls..];
        let of = |kind: &str| since.iter().filter(|call| call.kind.as_str() == kind).collect::<Vec<_>>();
        let refreshes = of("token.refresh_token");
        // What brought tokens brought them for all; what may have was sent twice at most.
        let brought = refreshes.iter().position(|call| is_heard(call) && call.executed && call.status == 200);
        // But where the bank says of a token that it does not live.
        let refused = since.iter().filter(|call| call.fault.as_deref() == Some("token_not_active")).count();
        let late = brought.map_or(0, |place| refreshes.len() - place - 1);
        assert!(late <= refused || drill.may_lose, "{case}: I1: {refreshes:#?}");
        let doubtful = |call: &&&Call| call.executed && (drill.may_lose || !is_heard(call));
        let doubtful = refreshes.iter().filter(doubtful).count();
        assert!(doubtful <= 2, "{case}: I1: {refreshes:#?}");
        assert!(of("token.authorization_code").len() <= 1, "{case}: I4");
        assert_eq!((ledger.code_reuses, ledger.refresh_reuses), (0, 0), "{case}: I1, I4");
        let strict = (ledger.early_polls, ledger.repeated_request_ids, ledger.refused_unknown);
        assert_eq!(strict, (0, 0, 0), "{case}");
        if self.scene.is_unattended() {
            let reads: BTreeSet<_> =
                of("accounts.list").into_iter().map(|call| &call.tpp_transaction_id).collect();
            assert!(reads.len() <= 4, "{case}: I7: {reads:?}");
        }
        // Who signs in the app signs an order: a consent without one has given nobody anything to sign.
        let signable = if of("decoupled.init").is_empty() { "consents.create" } else { "decoupled.init" };
        let well = of(signable).into_iter().filter(|call| is_whole(call)).count();
        assert!(well <= 1, "{case}: I10: a key began two that can be signed");
        self.left_alone(&ledger.calls, case);
    }

    /// Once a caller was told that it is over, the bank hears of it no more, but for the order that is taken back.
    fn left_alone(&self, calls: &[Call], case: &str) {
        let told = self.answers.iter().find(|(answer, _)| self.scene.ends_grants() && answer.status == 204);
        if let Some((_, then)) = told {
            let late: Vec<_> =
                calls[*then..].iter().filter(|call| call.kind.as_str() != "decoupled.cancel").collect();
            assert!(late.is_empty(), "{case}: I6: {late:#?}");
        }
    }

    /// A request that is repeated names the same consent, and the same way to sign it.
    fn answered_alike(&self, case: &str) {
        let done = self.answers.iter().filter(|(answer, _)| matches!(answer.status, 200 | 201));
        let bodies = done.filter_map(|(answer, _)| serde_json::from_str::<Value>(&answer.text).ok());
        let texts = |pointer: &str, bodies: &[Value]| {
            let texts = bodies.iter().filter_map(|body| body.pointer(pointer)?.as_str());
            texts.map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let bodies: Vec<Value> = bodies.collect();
        for pointer in ["/consent_id", "/authorization/url", "/authorization/auto_start_token"] {
            let texts = texts(pointer, &bodies);
            assert!(texts.len() <= 1, "{case}: I10: {pointer} is {texts:?}");
        }
    }

    fn printed(&self, world: &World, may_die: bool, case: &str) {
        let lines = world.lines.lock().unwrap();
        let lines: Vec<Value> =
            lines[self.lines..].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let audits: Vec<&Value> = lines.iter().filter(|line| line.get("audit").is_some()).collect();
        let mut seen = BTreeSet::new();
        for line in &audits {
            let what = (text(line, "trace_id"), text(line, "audit"), text(line, "account_id"));
            assert!(seen.insert(what), "{case}: I11: twice: {line}");
            assert!(
                !text(line, "owner").is_empty() && !text(line, "consent_id").is_empty(),
                "{case}: I11: {line}"
            );
        }
        let audited: BTreeSet<(String, String)> =
            audits.iter().map(|line| (text(line, "trace_id"), text(line, "audit"))).collect();
        let ledger = world.bank.ledger();
        for call in &ledger.calls[self.calls..] {
            let Some(resource) = resource(call) else { continue };
            let trace = call.tpp_transaction_id.clone().unwrap_or_default();
            let mut of_trace = lines.iter().filter(|line| line["trace_id"] == trace.as_str()).peekable();
            // Who died in the middle of a request says nothing any more.
            let died = may_die && of_trace.peek().is_none();
            // The comparison of a renewal looks at accounts to know whose they are, and hands nothing on.
            let compares = of_trace.any(|line| text(line, "route").contains("activation"));
            let said = audited.contains(&(trace, resource.to_owned()));
            assert!(said || compares || died, "{case}: I11: no audit line for {call:?}");
        }
    }
}

/// What a call to the bank reads, as its audit line names it.
fn resource(call: &Call) -> Option<&'static str> {
    Some(match call.kind.as_str() {
        "accounts.list" => "accounts",
        "accounts.one" => "account",
        "accounts.transactions" => "transactions",
        "cards.list" => "card_accounts",
        "cards.transactions" => "card_transactions",
        _ => return None,
    })
}

/// Whether an answer came back whole, as the bank means it.
fn is_heard(call: &Call) -> bool {
    call.fault.as_deref().is_none_or(|fault| HARMLESS.contains(&fault))
}

/// What goes wrong and takes nothing away.
const HARMLESS: [&str; 3] = ["extra_field", "doubled_date", "then_away"];

/// Whether the caller has all that it needs to sign: nothing was wrong, or what was wrong takes nothing away.
fn is_whole(call: &Call) -> bool {
    call.executed && is_heard(call)
}

async fn grants(world: &World) -> BTreeMap<String, Standing> {
    let dump = world.dump().await;
    let rows = dump.as_array().unwrap().iter().filter(|row| row["sk"]["S"] == "consent");
    let standing = |row: &Value| {
        let text = |name: &str, kind: &str| row[name][kind].as_str().unwrap_or_default().to_owned();
        (text("pk", "S"), (text("g", "S"), text("gn", "N").parse().unwrap_or(0)))
    };
    rows.map(standing).collect()
}

/// The drawn lines: none → active → lapsed, a renewal from lapsed; revoked is for ever.
fn may_follow((was, before): &Standing, (is, after): &Standing) -> bool {
    match (was.as_str(), is.as_str()) {
        ("revoked", other) => other == "revoked",
        ("none", "none" | "active") => true,
        ("active", "active" | "lapsed") | ("lapsed", "lapsed" | "active") => after >= before,
        _ => false,
    }
}
