//! Ledgers made by chance, and a bank that shows them: twins, late postings, days in another order, amounts written in
//! other ways, older rows without balances, rows without dates, answers that are cut.

use super::*;
use jiff::ToSpan;

/// `SplitMix64`: small, and the same everywhere.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }

    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for place in (1..list.len()).rev() {
            list.swap(place, self.below(place + 1));
        }
    }
}

/// A row, and the day that the bank files it under, which it need not say.
#[derive(Clone)]
pub(super) struct Filed {
    pub(super) day: Date,
    pub(super) row: Transaction,
    /// Posted to a day that had been read before.
    late: bool,
}

/// The truth about an account.
pub(super) struct Truth {
    pub(super) all: Window,
    /// Oldest first, as they happened.
    pub(super) rows: Vec<Filed>,
    opening: Money,
    pub(super) balances_since: Date,
    pub(super) undated: usize,
}

impl Truth {
    pub(super) fn by(chance: &mut Chance) -> Self {
        let last = jiff::civil::date(2026, 1, 31);
        let all = Window::new(last.saturating_sub(5.years()), last).unwrap().newest(10 + chance.below(80));
        let (most, twins) = (1 + chance.below(8), chance.below(31));
        let (late, bare) = (chance.below(10), if chance.percent(20) { 2 } else { 0 });
        let mut truth =
            Self { all, rows: Vec::new(), opening: sek("1234.56"), balances_since: all.from(), undated: 0 };
        if chance.percent(50) {
            truth.balances_since = all.from().saturating_add((chance.below(all.days()) as i64).days());
        }
        let busy = chance.below(all.days() * 3);
        for (number, day) in
            std::iter::successors(Some(all.from()), |day| day.tomorrow().ok()).take(all.days()).enumerate()
        {
            let rows = if number == busy { 20 + chance.below(30) } else { chance.below(most + 1) };
            for _ in 0..rows {
                truth.happen(chance, day, twins, late, bare);
            }
        }
        truth
    }

    fn happen(&mut self, chance: &mut Chance, day: Date, twins: usize, late: usize, bare: usize) {
        let today: Vec<&Filed> = self.rows.iter().rev().take_while(|filed| filed.day == day).collect();
        let late = chance.percent(late);
        if !today.is_empty() && chance.percent(twins) {
            let twin = today[chance.below(today.len())].row.clone();
            self.undated += usize::from(twin.day().is_none());
            self.rows.push(Filed { day, row: twin, late });
            return;
        }
        let most = if chance.percent(30) { 5 } else { 100_000 };
        let minor = 1 + chance.below(most) as i64;
        let signed = if chance.percent(70) { -minor } else { minor };
        let transacted = day.saturating_sub((chance.below(5) as i64 - 1).days());
        let mut row = Transaction {
            amount: Money { amount: Decimal::new(signed, 2), ..sek("0") },
            booking_date: Some(day),
            transaction_date: chance.percent(90).then_some(transacted),
            text: (!chance.percent(3)).then(|| format!("TEXT {}", chance.below(6))),
            ..row(1, "0", "")
        };
        if chance.percent(bare) {
            // Rows that say the same and nothing of their day are counted within one answer, so days differ in the text.
            row = Transaction {
                booking_date: None,
                transaction_date: None,
                text: Some(format!("BARE {day}")),
                ..row
            };
            self.undated += 1;
        }
        self.rows.push(Filed { day, row, late });
    }

    /// The account as it stood before the late postings, or as it is.
    pub(super) fn rows(&self, with_late: bool) -> Vec<Filed> {
        let mut balance = self.opening;
        let mut rows: Vec<Filed> =
            self.rows.iter().filter(|filed| with_late || !filed.late).cloned().collect();
        for filed in &mut rows {
            balance.amount += filed.row.amount.amount;
            filed.row.balance_after = (filed.day >= self.balances_since).then_some(balance);
        }
        rows
    }

    /// A window somewhere in it.
    pub(super) fn window(&self, chance: &mut Chance) -> Window {
        let (one, other) = (chance.below(self.all.days()) as i64, chance.below(self.all.days()) as i64);
        let day = |number: i64| self.all.from().saturating_add(number.days());
        Window::new(day(one.min(other)), day(one.max(other))).unwrap()
    }
}

/// What the bank answers: newest first, cut at so many rows; days in another order now and then, amounts written in
/// other ways.
pub(super) fn shown(chance: &mut Chance, rows: &[Filed], window: Window, cut: usize) -> Vec<Transaction> {
    let held: Vec<&Filed> = rows.iter().rev().filter(|filed| window.holds(filed.day)).take(cut).collect();
    let mut answer = Vec::with_capacity(held.len());
    for day in held.chunk_by(|one, other| one.day == other.day) {
        let mut day: Vec<Transaction> = day.iter().map(|filed| filed.row.clone()).collect();
        if chance.percent(30) {
            chance.shuffle(&mut day);
        }
        answer.extend(day);
    }
    let decimals = if chance.percent(3) { 4 } else { 0 };
    for row in &mut answer {
        let scale = row.amount.amount.normalize().scale().max(decimals);
        row.amount.amount.rescale(scale);
    }
    answer
}
