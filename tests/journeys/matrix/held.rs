//! The invariants, held against the raw table, the bank's ledger and everything that was printed and answered, by one
//! function. What it says of I1 … I12: nothing refreshed a third time (I1), no generation backwards (I2), no code twice
//! (I4), no fifth unattended read (I7), grants only along the
//! drawn lines (I9), one registration for a key (I10), an audit line for each access (I11). That claims and attempts end
//! (I3) and that the data are the same (I12) is what the caller of it looks at; secrets (I8) are searched for when the world
//! ends.

use crate::world::World;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How a grant stands: its word, its generation.
type Standing = (String, u64);

/// What stood before.
pub(super) struct Book {
    grants: BTreeMap<String, Standing>,
    calls: usize,
    lines: usize,
}

impl Book {
    pub(super) async fn open(world: &World) -> Self {
        let (calls, lines) = (world.bank.ledger().calls.len(), world.lines.lock().unwrap().len());
        Self { grants: grants(world).await, calls, lines }
    }

    /// Holds everything since against what stood.
    pub(super) async fn holds(&self, world: &World, may_die: bool, case: &str) {
        let after = grants(world).await;
        for (id, was) in &self.grants {
            // A row that is gone was erased; nobody erases here.
            let is = after.get(id).unwrap_or_else(|| panic!("{case}: {id} is gone"));
            assert!(may_follow(was, is), "{case}: I2, I9: {id} went from {was:?} to {is:?}");
        }
        self.at_the_bank(world, case);
        self.printed(world, may_die, case);
    }

    fn at_the_bank(&self, world: &World, case: &str) {
        let ledger = world.bank.ledger();
        let since = &ledger.calls[self.calls..];
        let count = |kind: &str| since.iter().filter(|call| call.kind.as_str() == kind).count();
        assert!(count("token.refresh_token") <= 2, "{case}: I1: {} refreshes", count("token.refresh_token"));
        assert!(count("token.authorization_code") <= 1, "{case}: I4");
        assert_eq!((ledger.code_reuses, ledger.refresh_reuses), (0, 0), "{case}: I1, I4");
        assert_eq!(
            (ledger.early_polls, ledger.repeated_request_ids, ledger.refused_unknown),
            (0, 0, 0),
            "{case}"
        );
        // Who signs in the app signs an order: a consent without one has given nobody anything to sign.
        let well = |kind: &str| {
            since.iter().filter(|call| call.kind.as_str() == kind && call.fault.is_none()).count()
        };
        let signable = if count("decoupled.init") > 0 { "decoupled.init" } else { "consents.create" };
        assert!(well(signable) <= 1, "{case}: I10: a key began two that can be signed");
    }

    fn printed(&self, world: &World, may_die: bool, case: &str) {
        let lines = world.lines.lock().unwrap();
        let lines: Vec<Value> =
            lines[self.lines..].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let audits: Vec<&Value> = lines.iter().filter(|line| line.get("audit").is_some()).collect();
        let mut seen = BTreeSet::new();
        let mut unattended: BTreeMap<_, usize> = BTreeMap::new();
        for line in &audits {
            let what = (text(line, "audit"), text(line, "account_id"));
            assert!(seen.insert((text(line, "trace_id"), what.clone())), "{case}: I11: twice: {line}");
            if line["present"] == false {
                *unattended.entry((text(line, "owner"), what)).or_default() += 1;
            }
        }
        assert!(unattended.values().all(|reads| *reads <= 4), "{case}: I7: {unattended:?}");
        let audited: BTreeSet<String> = audits.iter().map(|line| text(line, "trace_id")).collect();
        let ledger = world.bank.ledger();
        for call in ledger.calls[self.calls..].iter().filter(|call| call.target.contains("accounts")) {
            let trace = call.tpp_transaction_id.clone().unwrap_or_default();
            let mut of_trace = lines.iter().filter(|line| line["trace_id"] == trace.as_str()).peekable();
            // Who died in the middle of a request says nothing any more.
            let died = may_die && of_trace.peek().is_none();
            // The comparison of a renewal looks at accounts to know whose they are, and hands nothing on.
            let compares = of_trace.any(|line| text(line, "route").contains("activation"));
            assert!(audited.contains(&trace) || compares || died, "{case}: I11: no audit line for {call:?}");
        }
    }
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

/// The drawn lines: none → active → lapsed, an end by the owner from anywhere, a renewal from lapsed; revoked is for ever.
fn may_follow((was, before): &Standing, (is, after): &Standing) -> bool {
    match (was.as_str(), is.as_str()) {
        ("revoked", other) => other == "revoked",
        (_, "revoked") | ("none", "none" | "active") => true,
        ("active", "active" | "lapsed") | ("lapsed", "lapsed" | "active") => after >= before,
        _ => false,
    }
}
