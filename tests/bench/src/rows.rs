//! An answer of the bank as long as it is asked for: always the same, in the spelling and the order that were recorded.

use crate::Outcome;
use jiff::{ToSpan, civil::Date};
use std::io::Write as _;

/// The days that the rows lie on: as far as history goes.
pub(crate) const DAYS: usize = 450;
/// The newest of them.
pub(crate) const NEWEST: Date = jiff::civil::date(2026, 1, 15);
/// Expected rows, before the booked ones.
const PENDING: usize = 3;

/// Merchants are invented.
const TEXTS: &[&str] =
    &["BOD NÄRA TORGET", "Hyra", "EX", "Swish mottagen", "Provstånd 04510", "Överföring via internet", "LÖN"];

/// So many rows, the newest first. The balances join over all of them, and one row in twenty is the twin of the one before.
///
/// # Errors
/// None that a buffer in memory has.
pub(crate) fn body(rows: usize) -> Outcome<Vec<u8>> {
    // Exactly once allocated: what is measured afterwards must not find holes to live in.
    let mut out = Vec::with_capacity(rows.saturating_mul(340) + 1024);
    out.extend_from_slice(br#"{"transactions":["#);
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut balance: i64 = 50_000_000;
    let (mut amount, mut text) = (0, "");
    for row in 0..rows {
        if row >= PENDING && row % 20 != 0 || row == 0 {
            amount = i64::try_from(chance.below(500_000))? - 350_000;
            text = TEXTS.get(chance.below(TEXTS.len())).copied().unwrap_or_default();
        }
        let day = NEWEST.checked_sub(i64::try_from(row * DAYS / rows)?.days())?;
        if row > 0 {
            out.push(b',');
        }
        let credit_debit = if amount < 0 { "DEBITED" } else { "CREDITED" };
        let (whole, cents) = (amount.abs() / 100, amount.abs() % 100);
        write!(out, r#"{{"amount":{{"content":{whole}.{cents:02},"currency":"SEK"}},"#)?;
        if row < PENDING {
            write!(
                out,
                r#""creditDebit":"{credit_debit}","remittanceInformation":"Prel {text}","status":"PENDING","transactionDate":"{day}"}}"#
            )?;
            continue;
        }
        let (sign, after) = (if balance < 0 { "-" } else { "" }, balance.abs());
        write!(
            out,
            r#""balance":{{"amount":{{"content":{sign}{}.{:02},"currency":"SEK"}},"balanceType":"BOOKED"}},"creditDebit":"{credit_debit}","ledgerDate":"{day}","remittanceInformation":"{text}","status":"BOOKED","transactionDate":"{day}"}}"#,
            after / 100,
            after % 100,
        )?;
        balance -= amount;
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}

/// The same numbers in every run (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap_or(0)
    }
}
