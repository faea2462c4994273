//! Where balances join, and what that proves.

use super::super::{
    coverage::{Coverage, Outcome},
    rows::Rows,
};
use super::*;

/// The same rows, newest first, with the balances that the account had, beginning with `opening`.
fn with_balances(opening: &str, mut rows: Vec<Transaction>) -> Vec<Transaction> {
    let mut balance = sek(opening);
    for row in rows.iter_mut().rev() {
        balance.amount += row.amount.amount;
        row.balance_after = Some(balance);
    }
    rows
}

/// Four days with rows of different amounts, and one with a twin.
fn week() -> Vec<Transaction> {
    let rows = [
        (9, "-25", "a"),
        (8, "-300", "b"),
        (8, "-12.50", "c"),
        (8, "-12.50", "c"),
        (6, "1000", "d"),
        (6, "-99", "e"),
        (5, "-1", "f"),
    ];
    with_balances("500", rows.map(|(day, amount, text)| row(day, amount, text)).to_vec())
}

/// What is known of these windows, newest first; rows belong to the window that holds their day.
fn covered(rows: &[Transaction], windows: &[(Window, Outcome)]) -> (Vec<Option<Proof>>, Vec<Window>) {
    let rows = Rows::of([answer(window(1, 31), rows)]);
    let coverage = Coverage::of(&rows, windows.to_vec());
    (coverage.windows.iter().map(|covered| covered.proof).collect(), coverage.breaks)
}

const UNDER: Outcome = Outcome::UnderCap;

fn three(outcome: Outcome) -> [(Window, Outcome); 3] {
    [(window(9, 10), UNDER), (window(7, 8), outcome), (window(1, 6), UNDER)]
}

#[test]
fn a_window_whose_balances_join_beyond_both_its_ends_is_proven_by_them() {
    let (proofs, breaks) = covered(&week(), &three(UNDER));
    assert_eq!(proofs, [Some(Proof::UnderCap), Some(Proof::BalanceChain), Some(Proof::UnderCap)]);
    assert!(breaks.is_empty());
}

#[test]
fn a_window_at_the_cap_is_complete_if_the_balances_prove_it_and_else_is_not() {
    assert_eq!(covered(&week(), &three(Outcome::AtCap)).0[1], Some(Proof::BalanceChain));
    let bare: Vec<_> = week().into_iter().map(|row| Transaction { balance_after: None, ..row }).collect();
    let (proofs, breaks) = covered(&bare, &three(Outcome::AtCap));
    assert_eq!(proofs, [Some(Proof::UnderCap), None, Some(Proof::UnderCap)]);
    assert!(breaks.is_empty());
}

#[test]
fn days_that_nobody_asked_for_are_proven_empty_by_balances_that_join_over_them() {
    let windows = [(window(8, 10), UNDER), (window(7, 7), Outcome::Open), (window(1, 6), UNDER)];
    assert_eq!(covered(&week(), &windows).0[1], Some(Proof::BalanceChain));
    let (proofs, breaks) = covered(&week()[..3], &windows);
    assert_eq!((proofs[1], breaks), (None, Vec::new()));
}

#[test]
fn a_row_missing_anywhere_between_is_a_break_and_spoils_the_windows_that_it_touches() {
    for (missing, gap) in [(1, (8, 8)), (2, (8, 8)), (3, (6, 8)), (4, (6, 8)), (5, (5, 6))] {
        let mut rows = week();
        rows.remove(missing);
        let (proofs, breaks) = covered(&rows, &three(UNDER));
        let gap = window(gap.0, gap.1);
        // Of twins either may be the one that is left: the day then begins elsewhere.
        assert!(breaks.len() == 1 && breaks[0].touches(gap), "without row {missing}: {breaks:?}");
        let spoilt: Vec<_> = three(UNDER).iter().map(|(window, _)| breaks[0].touches(*window)).collect();
        assert_eq!(proofs.iter().map(Option::is_none).collect::<Vec<_>>(), spoilt, "without row {missing}");
    }
}

#[test]
fn what_a_cap_explains_is_no_finding() {
    let mut rows = week();
    rows.remove(3);
    let (proofs, breaks) = covered(&rows, &three(Outcome::AtCap));
    assert_eq!(proofs, [Some(Proof::UnderCap), None, Some(Proof::UnderCap)]);
    assert!(breaks.is_empty());
}

#[test]
fn a_day_in_any_order_of_its_rows_does_not_break_the_chain() {
    let rows = week();
    for order in [[2, 1, 3], [3, 2, 1], [3, 1, 2], [2, 3, 1], [1, 3, 2]] {
        let mut other = rows.clone();
        for (place, from) in (1..=3).zip(order) {
            other[place] = rows[from].clone();
        }
        let (proofs, breaks) = covered(&other, &three(UNDER));
        assert!(breaks.is_empty() && proofs[1] == Some(Proof::BalanceChain), "{order:?}: {breaks:?}");
    }
}

#[test]
fn a_day_that_ends_where_it_began_joins_wherever_its_rows_are_cut_open() {
    let round = with_balances(
        "100",
        vec![row(9, "7", "z"), row(8, "-30", "b"), row(8, "20", "c"), row(8, "10", "d"), row(6, "1", "a")],
    );
    let rows = [0, 2, 3, 1, 4].map(|place: usize| round[place].clone());
    let (proofs, breaks) = covered(&rows, &three(UNDER));
    assert_eq!((proofs[1], breaks), (Some(Proof::BalanceChain), Vec::new()));
    let mut rows = with_balances(
        "100",
        vec![row(9, "7", "z"), row(8, "-30", "b"), row(8, "30", "c"), row(7, "5", "d"), row(6, "1", "a")],
    );
    rows.remove(3);
    assert_eq!(covered(&rows, &three(UNDER)).1, [window(6, 8)], "it begins elsewhere");
}

#[test]
fn rows_that_hang_together_nowhere_are_a_break_although_the_day_adds_up() {
    let amounts = ["-10", "-40", "20", "-20", "40", "-10"];
    let mut day = amounts.map(|amount| row(8, amount, amount)).to_vec();
    day.reverse();
    let mut rows = vec![row(9, "7", "z")];
    rows.extend(day);
    rows.push(row(6, "1", "a"));
    let mut rows = with_balances("100", rows);
    assert!(covered(&rows, &three(UNDER)).1.is_empty());
    rows.retain(|row| !matches!(row.text.as_deref(), Some("40" | "-40")));
    assert_eq!(covered(&rows, &three(UNDER)).1, [window(8, 8)]);
}

#[test]
fn rows_without_balances_prove_nothing_and_break_nothing() {
    let mut rows = week();
    rows[2].balance_after = None;
    let (proofs, breaks) = covered(&rows, &three(UNDER));
    assert_eq!((proofs, breaks), (vec![Some(Proof::UnderCap); 3], Vec::new()));
    rows[2].balance_after = Some(Money { currency: Currency::parse("EUR").unwrap(), ..sek("1") });
    assert_eq!(covered(&rows, &three(UNDER)).0, vec![Some(Proof::UnderCap); 3]);
}

#[test]
fn a_row_without_a_date_may_be_what_lies_between() {
    for bare in [1, 2, 3, 4, 5] {
        let mut rows = week();
        rows[bare] = Transaction { booking_date: None, transaction_date: None, ..rows[bare].clone() };
        let (proofs, breaks) = covered(&rows, &three(UNDER));
        assert_eq!((proofs[1], breaks), (Some(Proof::BalanceChain), Vec::new()), "row {bare}");
    }
}

#[test]
fn a_day_too_long_to_try_every_order_is_decided_at_once() {
    let steps = (1..=4000).map(|step| row(8, if step % 2 == 0 { "-3" } else { "5" }, "x"));
    let mut rows = with_balances("1", steps.chain([row(6, "1", "a")]).collect());
    rows.insert(0, Transaction { balance_after: None, ..row(9, "1", "z") });
    rows[1..=4000].reverse();
    let windows = [(window(8, 8), UNDER), (window(1, 7), UNDER)];
    assert!(covered(&rows, &windows).1.is_empty());
    rows.remove(1000);
    assert_eq!(covered(&rows, &windows).1.len(), 1);
}
