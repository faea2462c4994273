//! Ids of rows.

use super::super::{identity::name, rows::Rows};
use super::*;
use std::collections::BTreeSet;

/// The rows of these answers, named; every day was seen whole.
fn named(answers: Vec<Answer>) -> (Vec<Booked>, Vec<Pending>) {
    name(Rows::of(answers), &key(), &account(), |_| true)
}

fn booked(rows: &[Transaction]) -> Vec<Booked> {
    named(vec![answer(window(1, 31), rows)]).0
}

fn one(row: Transaction) -> TransactionId {
    booked(&[row])[0].id
}

fn ids(rows: &[Booked]) -> BTreeSet<TransactionId> {
    rows.iter().map(|row| row.id).collect()
}

#[test]
fn an_id_is_short_safe_in_a_url_and_says_which_rule_made_it() {
    let id = one(row(5, "-25", "TESTKIOSKEN")).to_string();
    assert!(id.starts_with("t1_") && id.len() == 25, "{id}");
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')), "{id}");
    assert_eq!(id, "t1_kALpDN0e6XaLKB9-jEnikA", "ids of a published rule never change");
}

#[test]
fn the_same_value_is_the_same_amount_however_it_is_written() {
    let written = ["2000", "2000.0", "2000.00", "002000"];
    let ids: BTreeSet<_> = written.iter().map(|amount| one(row(5, amount, "Hyra"))).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(one(row(5, "0.00", "x")), one(row(5, "-0", "x")));
}

#[test]
fn whatever_a_row_says_is_in_its_id_and_its_running_balance_is_not() {
    let plain = row(5, "-25", "TESTKIOSKEN");
    let euro = Money { currency: Currency::parse("EUR").unwrap(), ..sek("-25") };
    for other in [
        row(6, "-25", "TESTKIOSKEN"),
        row(5, "25", "TESTKIOSKEN"),
        row(5, "-25.01", "TESTKIOSKEN"),
        row(5, "-25", "Testkiosken"),
        Transaction { amount: euro, ..plain.clone() },
        Transaction { text: None, ..plain.clone() },
        Transaction { transaction_date: Some(day(4)), ..plain.clone() },
        Transaction { transaction_date: None, ..plain.clone() },
    ] {
        assert_ne!(one(plain.clone()), one(other.clone()), "{other:?}");
    }
    assert_eq!(one(plain.clone()), one(Transaction { balance_after: Some(sek("100")), ..plain }));
}

#[test]
fn a_british_row_is_of_its_value_date() {
    let british = Transaction { booking_date: None, value_date: Some(day(5)), ..row(5, "45.99", "x") };
    assert_eq!(booked(std::slice::from_ref(&british))[0].identity, Identity::Stable);
    assert_ne!(one(british.clone()), one(Transaction { value_date: Some(day(6)), ..british }));
}

#[test]
fn other_accounts_and_other_keys_have_other_ids() {
    let rows = || Rows::of([answer(window(1, 31), &[row(5, "-25", "TESTKIOSKEN")])]);
    let other_account = AccountId::account(&[8; 16]);
    let other_key = IdentityKey::new(&[2; 32]).unwrap();
    let ours = name(rows(), &key(), &account(), |_| true).0[0].id;
    assert_ne!(ours, name(rows(), &key(), &other_account, |_| true).0[0].id);
    assert_ne!(ours, name(rows(), &other_key, &account(), |_| true).0[0].id);
}

#[test]
fn twins_stay_two_in_whatever_windows_they_come_and_however_often() {
    let twin = row(5, "-25", "TESTKIOSKEN");
    let rows = [row(6, "-9", "a"), twin.clone(), row(5, "-3", "b"), twin, row(4, "-9", "c")];
    let whole = booked(&rows);
    assert_eq!(ids(&whole).len(), 5);
    let (newer, older) = (answer(window(6, 31), &rows[..1]), answer(window(1, 5), &rows[1..]));
    let overlapping = answer(window(5, 9), &rows[..4]);
    for answers in [
        vec![newer.clone(), older.clone()],
        vec![older.clone(), overlapping.clone(), newer.clone(), older.clone()],
        vec![overlapping.clone(), overlapping, older, newer],
    ] {
        let split = named(answers).0;
        assert_eq!((split.len(), ids(&split)), (5, ids(&whole)));
    }
}

#[test]
fn a_day_in_another_order_has_the_same_ids() {
    let (twin, other) = (row(5, "-25", "TESTKIOSKEN"), row(5, "-3", "b"));
    let one_way = booked(&[twin.clone(), other.clone(), twin.clone()]);
    let another = booked(&[other, twin.clone(), twin]);
    assert_eq!(ids(&one_way), ids(&another));
}

#[test]
fn twins_of_two_cards_keep_their_cards_when_the_bank_lists_them_the_other_way_round() {
    let of = |pan: &str| Transaction { masked_pan: Some(pan.to_owned()), ..row(5, "-25", "TESTKIOSKEN") };
    let (one, two) = (of("5299********0001"), of("5299********0002"));
    let card_of = |rows: &[Transaction]| {
        booked(rows).into_iter().map(|row| (row.id, row.row.masked_pan)).collect::<BTreeSet<_>>()
    };
    assert_eq!(card_of(&[one.clone(), two.clone()]), card_of(&[two, one]));
}

#[test]
fn a_twin_that_is_booked_later_leaves_the_first_its_id() {
    let (twin, other) = (row(5, "-25", "TESTKIOSKEN"), row(5, "-3", "b"));
    let first = booked(&[other.clone(), twin.clone()]);
    let later = booked(&[twin.clone(), other, twin]);
    assert_eq!(later[2].id, first[1].id, "the older of the two is the one that was there");
    assert!(ids(&first).is_subset(&ids(&later)));
}

#[test]
fn rows_of_a_day_that_was_not_seen_whole_say_so_and_their_ids_are_those_of_the_whole_day() {
    let twin = row(5, "-25", "TESTKIOSKEN");
    let whole = booked(&[twin.clone(), twin.clone(), row(4, "-9", "c")]);
    let cut = Rows::of([answer(window(1, 31), &[twin, row(4, "-9", "c")])]);
    let (cut, _) = name(cut, &key(), &account(), |seen| seen != day(5));
    assert_eq!((cut[0].identity, cut[1].identity), (Identity::PartialDay, Identity::Stable));
    assert!(ids(&cut).is_subset(&ids(&whole)));
}

#[test]
fn rows_without_any_date_come_last_say_so_and_are_counted_within_one_answer() {
    let bare = Transaction { booking_date: None, transaction_date: None, ..row(1, "-7", "odd") };
    let answers = vec![
        answer(window(6, 31), &[bare.clone(), row(6, "-9", "a")]),
        answer(window(1, 5), &[row(5, "-9", "a"), bare.clone(), bare]),
    ];
    let rows = named(answers).0;
    let identities: Vec<_> = rows.iter().map(|row| row.identity).collect();
    assert_eq!(identities, [Identity::Stable, Identity::Stable, Identity::Undated, Identity::Undated]);
    assert_eq!(ids(&rows).len(), 4);
}

#[test]
fn pending_rows_are_a_list_of_their_own_with_passing_ids() {
    let (a, b) = (pending(9, "-25", "Prel TEST"), pending(9, "-25", "Prel TEST"));
    let (booked, pending) = named(vec![answer(window(1, 31), &[a, b, row(5, "-3", "b")])]);
    assert_eq!((booked.len(), pending.len()), (1, 2));
    assert!(pending.iter().all(|row| row.id.to_string().starts_with("p1_")));
    assert_ne!(pending[0].id, pending[1].id);
}

/// The hint of the only booked row named `x`.
fn hint_of(rows: &[Transaction]) -> bool {
    let (booked, _) = named(vec![answer(window(1, 31), rows)]);
    booked.iter().any(|booked| booked.may_settle.is_some())
}

#[test]
fn the_one_booked_row_that_can_settle_a_pending_one_says_so_whatever_the_texts_say() {
    let waiting = pending(5, "-249", "Prel TESTBUTIKEN ST");
    let settled =
        Transaction { transaction_date: Some(day(5)), ..row(6, "-249.00", "TESTBUTIKEN STOCKHOLM") };
    let (booked, pending) =
        named(vec![answer(window(1, 31), &[waiting.clone(), settled.clone(), row(4, "-3", "b")])]);
    assert_eq!(booked[0].may_settle, Some(pending[0].id));
    assert_eq!(booked[1].may_settle, None);
    assert_eq!((booked.len(), pending.len()), (2, 1), "nothing is merged");
    for (why, rows) in [
        ("two can", vec![waiting.clone(), settled.clone(), settled.clone()]),
        ("it would settle two", vec![waiting.clone(), waiting.clone(), settled.clone()]),
        ("another amount", vec![waiting.clone(), Transaction { amount: sek("-250"), ..settled.clone() }]),
        ("the other way", vec![waiting.clone(), Transaction { amount: sek("249"), ..settled.clone() }]),
        ("booked before", vec![pending_on(7), Transaction { transaction_date: None, ..settled.clone() }]),
        ("too late", vec![waiting.clone(), Transaction { booking_date: Some(day(16)), ..settled.clone() }]),
        (
            "bought another day",
            vec![waiting.clone(), Transaction { transaction_date: Some(day(4)), ..settled }],
        ),
    ] {
        assert!(!hint_of(&rows), "{why}");
    }
}

fn pending_on(seen: i8) -> Transaction {
    pending(seen, "-249", "Prel TESTBUTIKEN ST")
}

#[test]
fn where_very_many_rows_have_one_amount_none_is_hinted_at_and_no_work_is_done() {
    let waiting = pending(9, "-25", "Prel TEST");
    let settled = Transaction { transaction_date: Some(day(9)), ..row(10, "-25", "TEST") };
    let hinted = |others: i8| {
        // Booked before the purchase, so that only the first can be its settlement.
        let others = (0..others).map(|number| row(1, "-25", &format!("x{number}")));
        let rows: Vec<_> = [waiting.clone(), settled.clone()].into_iter().chain(others).collect();
        booked(&rows).iter().filter(|row| row.may_settle.is_some()).count()
    };
    assert_eq!((hinted(0), hinted(99), hinted(100)), (1, 1, 0));
}
