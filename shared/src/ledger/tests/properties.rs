//! Nothing of the bank's answers is lost or doubled: ledgers made by chance, read in every way.
//!
//! `SEED=n` repeats one ledger; `LEDGER_SEEDS=n` reads so many (`make ledger`).

use super::super::{identity::name, rows::Rows};
use super::generated::{Chance, Filed, Truth, shown};
use super::usual::{Tally, Usual};
use super::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

const SEEDS: u64 = 60;

/// What a row says, for people.
type Says = (Option<Date>, Decimal, Option<String>, Option<Date>);

fn says(row: &Transaction) -> Says {
    (row.day(), row.amount.amount.normalize(), row.text.clone(), row.transaction_date)
}

fn counted<'a>(rows: impl Iterator<Item = &'a Transaction>) -> BTreeMap<Says, usize> {
    let mut counts = BTreeMap::new();
    rows.for_each(|row| *counts.entry(says(row)).or_default() += 1);
    counts
}

/// Runs a test for each seed, and says which one failed.
fn seeds(test: impl Fn(&mut Chance)) -> u64 {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match (number("SEED"), number("LEDGER_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, seeds) => 1..seeds.unwrap_or(SEEDS) + 1,
    };
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let run = catch_unwind(AssertUnwindSafe(|| test(&mut Chance(seed))));
        assert!(run.is_ok(), "SEED={seed} repeats this");
    }
    count
}

/// Says a figure in any case: the test harness keeps what `println!` prints, but not this.
fn report(figure: &str) {
    use std::io::Write;
    writeln!(std::io::stderr(), "{figure}").unwrap();
}

/// What a caller keeps: rows by their ids.
#[derive(Default)]
struct Kept(HashMap<TransactionId, Says>);

impl Kept {
    fn upsert(&mut self, statement: &Statement) {
        let mut ids = BTreeSet::new();
        for booked in &statement.booked {
            assert!(ids.insert(booked.id), "an id twice in one answer");
            let says = says(&booked.row);
            let before = self.0.insert(booked.id, says.clone());
            assert!(before.is_none_or(|before| before == says), "an id of two rows");
        }
    }

    fn counted(&self) -> BTreeMap<Says, usize> {
        let mut counts = BTreeMap::new();
        self.0.values().for_each(|says| *counts.entry(says.clone()).or_default() += 1);
        counts
    }
}

/// One call of ours that the bank answers at once.
fn read(window: Window, rows: Vec<Transaction>) -> Statement {
    let mut plan = Plan::new(window, Cap::new(usize::MAX, usize::MAX), 1);
    assert_eq!(plan.ask(), [window]);
    plan.answer(window, rows);
    plan.finish().statement(&key(), &account())
}

fn truth_of(rows: &[Filed]) -> BTreeMap<Says, usize> {
    counted(rows.iter().map(|filed| &filed.row))
}

#[test]
fn any_windows_in_any_order_give_each_row_one_id_and_late_postings_and_replays_change_none() {
    let tally = std::cell::RefCell::new(Tally::default());
    let ledgers = seeds(|chance| {
        let truth = Truth::by(chance);
        let (early, late) = (truth.rows(false), truth.rows(true));
        let mut kept = Kept::default();
        let mut usual = Usual::default();
        let mut take = |chance: &mut Chance, rows: &[Filed], window: Window| {
            let answer = shown(chance, rows, window, usize::MAX);
            usual.take(&answer);
            kept.upsert(&read(window, answer));
            kept.0.len()
        };
        // Some windows of before the late postings, some of after, and in the end everything once.
        for _ in 0..chance.below(5) {
            let window = truth.window(chance);
            take(chance, &early, window);
        }
        let mut windows: Vec<Window> = (0..chance.below(4)).map(|_| truth.window(chance)).collect();
        let middle = truth.all.newest(1 + chance.below(truth.all.days()));
        windows.push(middle);
        windows.extend(truth.all.before(middle.from()));
        chance.shuffle(&mut windows);
        windows.iter().for_each(|window| _ = take(chance, &late, *window));
        let all = take(chance, &late, truth.all);
        let again = truth.window(chance);
        assert_eq!(take(chance, &late, again), all, "a replay adds nothing");
        assert_eq!(kept.counted(), truth_of(&late));
        let rows: Vec<_> = late.into_iter().map(|filed| filed.row).collect();
        tally.borrow_mut().add(&rows, &usual);
    });
    report(&format!(
        "measure | ledgers read in any windows, each row once | {ledgers}: {} | all | 1 to {ledgers}",
        tally.borrow()
    ));
}

#[test]
fn one_read_of_overlapping_windows_is_one_read_of_everything() {
    seeds(|chance| {
        let truth = Truth::by(chance);
        let rows = truth.rows(true);
        let mut windows: Vec<Window> = (0..1 + chance.below(5)).map(|_| truth.window(chance)).collect();
        windows.push(truth.all.newest(1 + chance.below(truth.all.days())));
        windows.extend(truth.all.before(windows[windows.len() - 1].from()));
        chance.shuffle(&mut windows);
        let answers: Vec<Answer> = windows
            .into_iter()
            .map(|window| Answer { window, rows: shown(chance, &rows, window, usize::MAX) })
            .collect();
        let (union, _) = name(Rows::of(answers), &key(), &account(), |_| true);
        assert_eq!(counted(union.iter().map(|booked| &booked.row)), truth_of(&rows));
        let whole = read(truth.all, shown(chance, &rows, truth.all, usize::MAX));
        let ids = |booked: &[Booked]| booked.iter().map(|row| row.id).collect::<BTreeSet<_>>();
        assert_eq!(ids(&union), ids(&whole.booked));
    });
}

/// Reads everything through a plan, answered in any order.
fn planned(chance: &mut Chance, rows: &[Filed], all: Window, cap: usize, cut: usize) -> (usize, Statement) {
    let mut plan = Plan::new(all, Cap::new(cap, cap), 4);
    let mut asked = Vec::new();
    let mut calls = 0;
    loop {
        asked.extend(plan.ask());
        if asked.is_empty() {
            return (calls, plan.finish().statement(&key(), &account()));
        }
        calls += 1;
        let window = asked.swap_remove(chance.below(asked.len()));
        plan.answer(window, shown(chance, rows, window, cut));
    }
}

/// The rows of a window that a statement lacks.
fn missing(statement: &Statement, rows: &[Filed], window: Window) -> Vec<Filed> {
    let mut read = counted(statement.booked.iter().map(|booked| &booked.row));
    let mut lacks = |filed: &&Filed| match read.get_mut(&says(&filed.row)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    rows.iter().filter(|filed| window.holds(filed.day)).filter(|filed| lacks(filed)).cloned().collect()
}

#[test]
fn what_coverage_calls_complete_is_complete_and_only_days_at_the_cap_are_not() {
    seeds(|chance| {
        let truth = Truth::by(chance);
        let rows = truth.rows(true);
        let cap = 8 + chance.below(60);
        let (_, statement) = planned(chance, &rows, truth.all, cap, cap);
        for Covered { window, proof } in &statement.coverage {
            let count = rows.iter().filter(|filed| window.holds(filed.day)).count();
            match proof {
                Some(_) => assert!(missing(&statement, &rows, *window).is_empty(), "{window:?} {proof:?}"),
                // A break that a row without a date makes is not always told from one of a missing row.
                None if truth.undated > 0 => {}
                None => assert!(window.days() == 1 && count >= cap, "{window:?} {count} {cap}"),
            }
        }
        let breaks =
            statement.findings.iter().filter(|finding| matches!(finding, Finding::ChainBreaks(_))).count();
        assert!(breaks == 0 || truth.undated > 0, "{:?}", statement.findings);
        let days: usize = statement.coverage.iter().map(|covered| covered.window.days()).sum();
        assert_eq!(days, truth.all.days());
    });
}

/// Whether missing rows leave a trace: balances older and newer than them that were read, and do not join.
fn leaves_a_trace(statement: &Statement, truth: &Truth, missing: &[Filed]) -> bool {
    let days: Vec<Date> = statement.booked.iter().filter_map(|booked| booked.row.day()).collect();
    let read = |filed: &&Filed| {
        filed.day > truth.balances_since
            && days.iter().any(|day| *day < filed.day && *day >= truth.balances_since)
            && days.iter().any(|day| *day > filed.day)
    };
    let between: Vec<&Filed> = missing.iter().filter(read).collect();
    !between.is_empty() && !between.iter().map(|filed| filed.row.amount.amount).sum::<Decimal>().is_zero()
}

#[test]
fn a_cut_at_a_number_that_nobody_knows_is_caught_wherever_balances_show_it() {
    let caught = std::cell::Cell::new((0, 0, 0));
    let ledgers = seeds(|chance| {
        let truth = Truth::by(chance);
        let rows = truth.rows(true);
        let cap = 30 + chance.below(60);
        let cut = cap / 2 + chance.below(cap / 2);
        let (_, statement) = planned(chance, &rows, truth.all, cap, cut);
        for Covered { window, proof } in &statement.coverage {
            if *proof == Some(Proof::BalanceChain) {
                // What adds up to nothing leaves no trace in the balances.
                let missing = missing(&statement, &rows, *window);
                assert!(
                    missing.iter().map(|filed| filed.row.amount.amount).sum::<Decimal>().is_zero(),
                    "{window:?}"
                );
            }
        }
        let missing = missing(&statement, &rows, truth.all);
        let said = statement.coverage.iter().any(|covered| covered.proof.is_none());
        let shows = leaves_a_trace(&statement, &truth, &missing);
        assert!(said || !shows, "cut at {cut}");
        let (lost, noticed, traced) = caught.get();
        let is_lost = !missing.is_empty();
        caught.set((
            lost + usize::from(is_lost),
            noticed + usize::from(is_lost && said),
            traced + usize::from(shows),
        ));
    });
    let (lost, noticed, traced) = caught.get();
    report(&format!(
        "{ledgers} ledgers cut short: {lost} lost rows, {noticed} of them said so; {traced} where balances show it, all caught"
    ));
}
