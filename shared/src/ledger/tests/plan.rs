//! Which windows are asked for.

use super::*;
use std::collections::BTreeMap;

/// A bank with so many rows a day that cuts answers.
struct Bank {
    rows: BTreeMap<Date, usize>,
    cut: usize,
}

impl Bank {
    /// `rows(n)` rows on the n-th day before the end of 2025.
    fn new(days: usize, cut: usize, rows: impl Fn(usize) -> usize) -> (Self, Window) {
        let all =
            Window::new(jiff::civil::date(2020, 1, 1), jiff::civil::date(2025, 12, 31)).unwrap().newest(days);
        let mut day = all.to();
        let mut map = BTreeMap::new();
        for number in 0..days {
            map.insert(day, rows(number));
            day = day.yesterday().unwrap();
        }
        (Self { rows: map, cut }, all)
    }

    fn answer(&self, window: Window) -> Vec<Transaction> {
        let of_day = |(day, rows): (&Date, &usize)| {
            let day = *day;
            let row = move |number| Transaction {
                booking_date: Some(day),
                transaction_date: Some(day),
                ..row(1, "-1", &format!("{number}"))
            };
            (0..*rows).map(row)
        };
        self.rows.range(window.from()..=window.to()).rev().flat_map(of_day).take(self.cut).collect()
    }

    fn count(&self) -> usize {
        self.rows.values().sum()
    }

    /// The fewest windows whose answers stay under the cap; a day at the cap has one of its own.
    fn fewest(&self) -> usize {
        let mut calls = 0;
        let mut left = 0;
        for rows in self.rows.values().rev() {
            if *rows > left {
                calls += 1;
                left = if *rows < self.cut { self.cut - 1 } else { *rows };
            }
            left -= rows;
        }
        calls
    }
}

/// Reads everything, four side by side, answered in order: the calls and what was read.
fn read(bank: &Bank, all: Window, cap: Cap) -> (Vec<Window>, Statement) {
    let mut plan = Plan::new(all, cap, 4);
    let mut calls = Vec::new();
    loop {
        let windows = plan.ask();
        if windows.is_empty() {
            return (calls, plan.finish().statement(&key(), &account()));
        }
        assert!(windows.len() <= 4);
        for window in windows {
            calls.push(window);
            plan.answer(window, bank.answer(window));
        }
    }
}

fn open(statement: &Statement) -> Vec<Window> {
    statement
        .coverage
        .iter()
        .filter(|covered| covered.proof.is_none())
        .map(|covered| covered.window)
        .collect()
}

fn sixhundred() -> Cap {
    Cap::new(600, 600)
}

#[test]
fn a_range_under_the_cap_is_one_call() {
    let (bank, all) = Bank::new(450, 600, |_| 1);
    let (calls, statement) = read(&bank, all, sixhundred());
    assert_eq!((calls, statement.booked.len()), (vec![all], 450));
    assert_eq!(statement.coverage, [Covered { window: all, proof: Some(Proof::UnderCap) }]);
}

#[test]
fn twenty_thousand_rows_take_less_than_twice_the_fewest_calls_and_all_are_there() {
    let (bank, all) = Bank::new(456, 600, |number| if number == 200 { 700 } else { 30 + number * 7 % 29 });
    let (calls, statement) = read(&bank, all, sixhundred());
    assert!(bank.count() > 20_000, "{}", bank.count());
    assert!(calls.len() * 2 <= bank.fewest() * 3, "{} calls, {} at best", calls.len(), bank.fewest());
    assert_eq!(statement.booked.len(), bank.count() - 100);
    let busy = open(&statement);
    assert!(busy.len() == 1 && busy[0].days() == 1, "{busy:?}");
    assert_eq!(statement.findings, [Finding::DayAtCap(busy[0].from())]);
    let partial = statement.booked.iter().filter(|row| row.identity == Identity::PartialDay);
    assert_eq!(partial.count(), 600);
}

#[test]
fn calls_stay_few_however_the_rows_lie() {
    type Shape = fn(usize) -> usize;
    let shapes: [(&str, Shape); 6] = [
        ("all on the newest day, then few", |number| if number == 0 { 900 } else { 9 }),
        ("only on the oldest days", |number| if number > 440 { 300 } else { 0 }),
        ("growing", |number| number / 4),
        ("shrinking", |number| (456 - number) / 4),
        ("working days", |number| if number % 7 < 2 { 0 } else { 60 }),
        ("once a month", |number| if number % 30 == 0 { 550 } else { 1 }),
    ];
    for (name, shape) in shapes {
        let (bank, all) = Bank::new(456, 600, shape);
        let (calls, statement) = read(&bank, all, sixhundred());
        let fewest = bank.fewest();
        assert!(calls.len() <= 2 * fewest + 4, "{name}: {} calls, {fewest} at best", calls.len());
        let capped = bank.rows.values().filter(|rows| **rows >= 600).count();
        assert_eq!(open(&statement).len(), capped, "{name}");
        let lost: usize = bank.rows.values().map(|rows| rows.saturating_sub(600)).sum();
        assert_eq!(statement.booked.len() + lost, bank.count(), "{name}");
    }
}

#[test]
fn days_that_are_all_at_the_cap_are_one_call_each() {
    let (bank, all) = Bank::new(40, 600, |_| 601);
    let (calls, statement) = read(&bank, all, sixhundred());
    assert_eq!((calls.len(), open(&statement).len(), statement.booked.len()), (41, 40, 24_000));
}

#[test]
fn an_answer_cut_at_a_number_that_nobody_knew_is_caught_and_made_good() {
    for cut in [150, 550, 599] {
        let (bank, all) = Bank::new(456, cut, |number| 30 + number * 7 % 29);
        let (_, statement) = read(&bank, all, sixhundred());
        assert_eq!(statement.findings, [Finding::CutShort(cut)]);
        assert_eq!((statement.booked.len(), open(&statement)), (bank.count(), Vec::new()), "cut at {cut}");
    }
}

#[test]
fn an_account_that_was_quiet_before_costs_one_call_more_and_no_finding() {
    let (bank, all) = Bank::new(456, 600, |number| if number < 60 { 4 } else { 0 });
    let (calls, statement) = read(&bank, all, sixhundred());
    assert_eq!((calls.len(), statement.booked.len()), (2, 240));
    assert!(statement.findings.is_empty() && open(&statement).is_empty());
}

#[test]
fn an_account_that_began_with_nothing_costs_no_call_more() {
    let (bank, all) = Bank::new(456, 600, |number| if number < 60 { 4 } else { 0 });
    let mut plan = Plan::new(all, sixhundred(), 4);
    let mut rows = bank.answer(plan.ask()[0]);
    let opening = rows.last_mut().unwrap();
    opening.balance_after = Some(opening.amount);
    plan.answer(all, rows);
    assert!(plan.ask().is_empty());
}

#[test]
fn a_company_may_have_more_rows_on_one_day_and_both_figures_count_for_longer_windows() {
    let cap = Cap::new(2900, 600);
    let (bank, all) = Bank::new(60, 2900, |number| if number == 30 { 2000 } else { 40 });
    let (calls, statement) = read(&bank, all, cap);
    assert!(open(&statement).is_empty() && calls.len() <= 5, "{calls:?}");
    // The same company, if longer windows take 600.
    let mut plan = Plan::new(all, cap, 4);
    let mut rows = 0;
    loop {
        let windows = plan.ask();
        if windows.is_empty() {
            break;
        }
        for window in windows {
            let mut answer = bank.answer(window);
            answer.truncate(if window.days() == 1 { 2900 } else { 600 });
            rows = rows.max(answer.len());
            plan.answer(window, answer);
        }
    }
    let statement = plan.finish().statement(&key(), &account());
    assert!(open(&statement).is_empty() && rows == 2000);
    assert_eq!(statement.booked.len(), bank.count());
}

#[test]
fn a_refused_oldest_day_is_left_out_and_said() {
    let (_, all) = Bank::new(450, 600, |_| 1);
    let mut plan = Plan::new(all, sixhundred(), 4);
    for _ in 0..2 {
        let window = plan.ask()[0];
        assert_eq!(plan.interval_refused(window), Ok(()));
    }
    let window = plan.ask()[0];
    assert_eq!(window, all.newest(448));
    plan.answer(window, vec![row(1, "-1", "x")]);
    let reading = plan.finish();
    assert_eq!(
        (reading.moved_to, reading.findings[0]),
        (Some(window.from()), Finding::BoundMoved(window.from()))
    );
}

#[test]
fn an_interval_that_is_refused_for_good_is_asked_for_six_times() {
    let (_, all) = Bank::new(450, 600, |_| 1);
    let mut plan = Plan::new(all, sixhundred(), 4);
    let refused =
        (1..).take_while(|_| plan.ask().first().is_some_and(|window| plan.interval_refused(*window).is_ok()));
    assert_eq!(refused.count(), 5);
    let one_day = all.newest(1);
    let mut plan = Plan::new(one_day, sixhundred(), 4);
    assert_eq!(plan.ask(), [one_day]);
    assert_eq!(plan.interval_refused(one_day), Err(Stuck));
}

#[test]
fn a_bank_that_refuses_answers_over_the_cap_is_asked_one_by_one_until_it_answers() {
    let (bank, all) = Bank::new(456, usize::MAX, |number| 30 + number * 7 % 29);
    let mut plan = Plan::new(all, sixhundred(), 4);
    let mut answered = false;
    let mut calls = 0;
    loop {
        let windows = plan.ask();
        if windows.is_empty() {
            break;
        }
        assert!(answered || windows.len() == 1);
        for window in windows {
            calls += 1;
            let rows = bank.answer(window);
            if rows.len() > 600 {
                plan.refused(window).unwrap();
            } else {
                answered = true;
                plan.answer(window, rows);
            }
        }
    }
    let statement = plan.finish().statement(&key(), &account());
    assert_eq!((statement.booked.len(), open(&statement)), (bank.count(), Vec::new()));
    assert!(calls < 100, "{calls}");
}

#[test]
fn a_bank_that_refuses_everything_is_given_up_soon() {
    let (_, all) = Bank::new(456, 600, |_| 1);
    let mut plan = Plan::new(all, sixhundred(), 4);
    let refused =
        (1..).take_while(|_| plan.ask().first().is_some_and(|window| plan.refused(*window).is_ok())).count();
    assert!(refused < 10, "{refused}");
}

#[test]
fn windows_that_were_not_answered_are_not_complete() {
    let (bank, all) = Bank::new(456, 600, |_| 10);
    let mut plan = Plan::new(all, sixhundred(), 4);
    let first = plan.ask()[0];
    plan.answer(first, bank.answer(first));
    let next = plan.ask();
    plan.answer(next[0], bank.answer(next[0]));
    let reading = plan.finish();
    assert_eq!(reading.rest, all.before(next[0].from()));
    let statement = reading.statement(&key(), &account());
    assert_eq!(statement.coverage, [Covered { window: next[0], proof: Some(Proof::UnderCap) }]);
    let is_of = |row: &Booked| row.row.day().is_some_and(|day| next[0].holds(day));
    assert!(statement.booked.iter().all(|row| is_of(row) && row.identity == Identity::Stable));
    assert_eq!(statement.booked.len(), next[0].days() * 10);
    assert_eq!(statement.missing_from(), None);
}

#[test]
fn if_the_newest_window_was_not_answered_nothing_is_left_for_later_and_nothing_is_complete() {
    let (bank, all) = Bank::new(456, 600, |_| 10);
    let mut plan = Plan::new(all, sixhundred(), 4);
    let first = plan.ask()[0];
    plan.answer(first, bank.answer(first));
    let next = plan.ask();
    plan.answer(next[1], bank.answer(next[1]));
    let reading = plan.finish();
    assert_eq!(reading.rest, None);
    let statement = reading.statement(&key(), &account());
    let days: usize = statement.coverage.iter().map(|covered| covered.window.days()).sum();
    assert_eq!(days, 456);
    assert_eq!(open(&statement).len(), statement.coverage.len() - 1);
    assert_eq!(statement.findings.len(), open(&statement).len());
    assert_eq!(statement.missing_from(), Some(all.from()));
    let is_whole = |row: &Booked| row.row.day().is_some_and(|day| next[1].holds(day));
    assert!(statement.booked.iter().all(|row| is_whole(row) == (row.identity == Identity::Stable)));
}

#[test]
fn a_statement_is_cut_at_a_whole_day_and_keeps_one_day_at_least() {
    let (bank, all) = Bank::new(30, 600, |_| 10);
    let (_, statement) = read(&bank, all, sixhundred());
    let begins = |kept| statement.beginning(kept).unwrap();
    assert_eq!(begins(95), all.newest(9).from());
    assert_eq!((begins(9), begins(0)), (all.newest(1).from(), all.newest(1).from()));
    let cut = statement.clone().since(begins(95));
    assert_eq!((cut.booked.len(), cut.coverage[0].window), (90, all.newest(9)));
    let day = statement.since(all.to());
    assert_eq!((day.booked.len(), day.beginning(5)), (10, None));
}
