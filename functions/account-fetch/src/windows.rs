//! The rows of a range of days, in as many calls as the bank's row cap makes necessary, side by side.

use crate::{map::Side, reader::Reader};
use futures_util::{StreamExt, stream::FuturesUnordered};
use shared::{
    account::Transaction,
    bank::Fault,
    ledger::{Cap, Plan, Reading, Window},
    store::AccountEntry,
};
use std::time::Duration;

/// Calls under way at a time.
const BESIDE: usize = 4;
/// With less time left no further window is asked for: what has come is answered, and what has not is said.
const RESERVE: Duration = Duration::from_secs(4);

/// What is to be read.
pub(crate) struct Rows {
    pub(crate) account: AccountEntry,
    pub(crate) range: Window,
    pub(crate) cap: Cap,
}

/// Asks for window after window, as the plan says.
///
/// # Errors
/// The fault of the first window that could not be had, unless the time was over and others had come.
pub(crate) async fn read(reader: &Reader<'_>, side: Side, rows: &Rows) -> Result<Reading, Fault> {
    let mut plan = Plan::new(rows.range, rows.cap, BESIDE);
    let mut under_way = FuturesUnordered::new();
    let mut answered = false;
    loop {
        if !answered || has_time(reader) {
            under_way.extend(plan.ask().into_iter().map(|window| ask(reader, side, rows, window)));
        }
        let Some((window, answer)) = under_way.next().await else { return Ok(plan.finish()) };
        match answer {
            Ok(rows) => {
                answered = true;
                plan.answer(window, rows);
            }
            Err(Fault::NoTime | Fault::Lost) if answered && !has_time(reader) => {}
            Err(fault) => {
                if let Err(fault) = refused(&mut plan, window, fault) {
                    // Others may have been sent already.
                    return if under_way.is_empty() {
                        Err(fault)
                    } else {
                        reader.heard(Ok(())).and(Err(fault))
                    };
                }
            }
        }
    }
}

fn has_time(reader: &Reader<'_>) -> bool {
    reader.invocation.clock.left() > RESERVE
}

async fn ask(
    reader: &Reader<'_>,
    side: Side,
    rows: &Rows,
    window: Window,
) -> (Window, Result<Vec<Transaction>, Fault>) {
    let (id, from, to) = (&rows.account.bank_id, window.from(), window.to());
    let answer = async {
        let (call, read) = (reader.exchange(), reader.read()?);
        match side {
            Side::Accounts => reader.bank.transactions(&call, &read, id, from, to).await,
            Side::Cards => reader.bank.card_transactions(&call, &read, id, from, to).await,
        }
    };
    (window, reader.heard(answer.await))
}

/// A refusal that the plan has a way around: days older than the bank shows, or perhaps more rows than it sends. What it
/// does at its cap is unknown, so a 400 that nobody knows may be that.
fn refused(plan: &mut Plan, window: Window, fault: Fault) -> Result<(), Fault> {
    let way = match fault {
        Fault::InvalidInterval => plan.interval_refused(window),
        Fault::Unrecognised { status: 400, .. } | Fault::TooLarge => plan.refused(window),
        _ => return Err(fault),
    };
    if way.is_ok() {
        fault.count_drift();
    }
    way.map_err(|_| fault)
}
