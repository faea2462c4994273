//! Sums of balances. Balances of different kinds or currencies are different things and are never added up.

use super::{Balance, BalanceKind, Currency, Money};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The sum of one kind of balance in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// Which balance.
    pub kind: BalanceKind,
    /// The exact sum.
    pub money: Money,
    /// Of so many accounts.
    pub of: usize,
    /// So many more accounts of this currency have no such balance: what is missing is missing, not zero.
    pub without: usize,
}

/// Adds up balances of accounts, each with its currency; by currency, then by kind. A sum of more than 28 digits is left
/// out.
pub fn totals<'a>(accounts: impl IntoIterator<Item = (Currency, Option<&'a [Balance]>)>) -> Vec<Total> {
    let mut counts: BTreeMap<Currency, usize> = BTreeMap::new();
    let mut sums: BTreeMap<(Currency, String), (BalanceKind, Option<Decimal>, usize)> = BTreeMap::new();
    for (currency, balances) in accounts {
        *counts.entry(currency).or_default() += 1;
        for Balance { kind, money } in balances.unwrap_or_default() {
            let key = (money.currency, kind.name());
            let sum = sums.entry(key).or_insert_with(|| (kind.clone(), Some(Decimal::ZERO), 0));
            sum.1 = sum.1.and_then(|sum| sum.checked_add(money.amount));
            sum.2 += 1;
        }
    }
    let total = |((currency, _), (kind, sum, of)): (_, (BalanceKind, Option<Decimal>, usize))| {
        let all = counts.get(&currency).copied().unwrap_or_default();
        Some(Total { kind, money: Money { amount: sum?, currency }, of, without: all.saturating_sub(of) })
    };
    sums.into_iter().filter_map(total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(kind: BalanceKind, amount: &str, currency: &str) -> Balance {
        let amount = Decimal::from_str_exact(amount).unwrap();
        Balance { kind, money: Money { amount, currency: Currency::parse(currency).unwrap() } }
    }

    #[test]
    fn kinds_and_currencies_are_added_up_apart_and_what_is_missing_is_said() {
        let [sek, eur] = ["SEK", "EUR"].map(|code| Currency::parse(code).unwrap());
        let first =
            [balance(BalanceKind::Current, "0.10", "SEK"), balance(BalanceKind::Available, "100", "SEK")];
        let second = [balance(BalanceKind::Current, "0.20", "SEK")];
        let third = [balance(BalanceKind::Current, "-5", "EUR")];
        let sums = totals([(sek, Some(&first[..])), (eur, Some(&third)), (sek, Some(&second)), (sek, None)]);
        let said: Vec<_> = sums
            .iter()
            .map(|sum| (sum.kind.name(), sum.money.amount_text(), sum.money.currency, sum.of, sum.without))
            .collect();
        let expected =
            [("current", "-5", eur, 1, 0), ("available", "100", sek, 1, 2), ("current", "0.30", sek, 2, 1)];
        assert_eq!(
            said,
            expected.map(|(kind, sum, currency, of, without)| (
                kind.to_owned(),
                sum.to_owned(),
                currency,
                of,
                without
            ))
        );
    }

    #[test]
    fn a_sum_that_does_not_fit_is_left_out() {
        let most = [balance(BalanceKind::Current, "79228162514264337593543950335", "SEK")];
        let sek = Currency::parse("SEK").unwrap();
        assert!(totals([(sek, Some(&most[..])), (sek, Some(&most))]).is_empty());
    }
}
