//! Further accounts, made on demand: copies of a customer's first account under numbers of their own, for a customer who
//! has a thousand of them.

use crate::accounts::Reader;
use crate::customers::Account;

/// An account of a customer, or a copy of one.
#[derive(Clone, Copy)]
pub(crate) struct Owned {
    pub(crate) account: &'static Account,
    /// 0 is the account itself.
    copy: usize,
}

impl Reader {
    /// All that the customer has.
    pub(crate) fn owned(&self) -> impl Iterator<Item = Owned> {
        let own = self.customer.accounts.iter().map(|account| Owned { account, copy: 0 });
        let first = self.customer.accounts.first();
        own.chain((1..=self.further).filter_map(move |copy| first.map(|account| Owned { account, copy })))
    }
}

impl Owned {
    /// The `accountId` of this consent: a UUID, of a copy with its number at the end.
    pub(crate) fn id(&self, reader: &Reader) -> String {
        let own = reader.id_of(self.account.key);
        if self.copy == 0 {
            return own;
        }
        format!("{}-{:012x}", own.rsplit_once('-').map_or("", |(before, _)| before), self.copy)
    }

    pub(crate) fn bban(&self) -> Option<String> {
        self.account.bban.map(|bban| if self.copy == 0 { bban.to_owned() } else { self.number() })
    }

    /// With valid check digits (ISO 13616).
    pub(crate) fn iban(&self) -> String {
        let own = self.account.iban;
        let Some(before) = own.len().checked_sub(9).filter(|_| self.copy > 0) else { return own.to_owned() };
        let (country, bank) = (own.get(..2).unwrap_or_default(), own.get(4..before).unwrap_or_default());
        let rest = format!("{bank}{}", self.number());
        let digits = rest.chars().chain(country.chars()).filter_map(|sign| sign.to_digit(36));
        let modulo =
            digits.chain([0, 0]).fold(0, |sum, digit| (sum * if digit > 9 { 100 } else { 10 } + digit) % 97);
        format!("{country}{:02}{rest}", 98 - modulo)
    }

    fn number(&self) -> String {
        format!("{:09}", 500_000_000 + self.copy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::CUSTOMERS;

    #[test]
    fn a_copy_has_a_valid_iban_of_its_own() {
        let account = CUSTOMERS.iter().flat_map(|customer| customer.accounts).next().unwrap();
        let known = |iban: &str| {
            let digits = iban[4..].chars().chain(iban[..4].chars()).filter_map(|sign| sign.to_digit(36));
            digits.fold(0, |sum, digit| (sum * if digit > 9 { 100 } else { 10 } + digit) % 97) == 1
        };
        assert!(known(account.iban));
        let ibans: std::collections::BTreeSet<_> =
            (0..1000).map(|copy| Owned { account, copy }.iban()).collect();
        assert!(ibans.len() == 1000 && ibans.iter().all(|iban| known(iban)), "{ibans:?}");
    }
}
