//! Accounts, balances, transactions and exact money, as the bank means them and without its spelling. Pure: nothing
//! here reads the wire; [`bank`](crate::bank) fills it in.

mod money;
mod totals;
mod transaction;

pub use money::{Balance, BalanceKind, Currency, Money};
pub use totals::{Total, totals};
pub use transaction::{Status, Transaction};

use crate::types::{AccountId, BankAccountId, IdentityKey, OwnerId};
use std::fmt;

/// Product of the account behind an Allkort (documented, recorded).
const ALLKORT_ACCOUNT: &str = "Allkortskonto";
/// How the product of its card begins (recorded).
const ALLKORT_CARD: &str = "Allkort";

/// An account of the Accounts API. Everything that the recordings show missing somewhere is optional; missing is
/// missing, never empty or zero.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The bank's id, good under one consent only.
    pub bank_id: BankAccountId,
    /// IBAN without blanks.
    pub iban: Option<String>,
    /// Account number *without* the clearing number (recorded: up to 9 digits in SE, 8 in GB, none in FI).
    pub bban: Option<String>,
    /// Clearing number (SE, 4 digits) or sort code (GB, 6 digits).
    pub clearing: Option<String>,
    /// BIC of the branch.
    pub bic: Option<String>,
    /// Of the account and of its balances.
    pub currency: Currency,
    /// `accountType`: the product's name, free text in the bank's language.
    pub product: Option<String>,
    /// The PSU's own name for the account.
    pub name: Option<String>,
    /// Who owns it.
    pub owner_name: Option<String>,
    /// `None` where the answer has no `balances` at all (recorded for lists of 2020, and for details asked without).
    pub balances: Option<Vec<Balance>>,
    /// Documented once as a text and never recorded.
    pub credit_limit: Option<Money>,
    /// The bank's own object, byte for byte; only where it was asked for.
    pub source: Option<Box<str>>,
}

impl Account {
    /// What identifies the account over all consents: IBAN, else clearing number, a hyphen and BBAN, else nothing. In
    /// capitals and without blanks, because our ids are made of it.
    pub fn number(&self) -> Option<String> {
        self.iban.as_deref().map(written_alike).or_else(|| self.domestic_number())
    }

    fn domestic_number(&self) -> Option<String> {
        let (clearing, bban) = (self.clearing.as_deref()?, self.bban.as_deref()?);
        Some(written_alike(&format!("{clearing}-{bban}")))
    }

    /// Whether this is the account behind an Allkort: its money is shown a second time, as a card account (documented).
    pub fn is_allkort(&self) -> bool {
        self.product.as_deref().is_some_and(|product| product.eq_ignore_ascii_case(ALLKORT_ACCOUNT))
    }

    /// Our id of it, the same over all consents of one owner. An account without any number is named after the bank's id,
    /// which lasts as long as the bank's consent.
    pub fn id(&self, key: &IdentityKey, owner: &OwnerId) -> AccountId {
        match self.number() {
            Some(number) => key.account(owner, &number, self.currency.as_str()),
            None => self.bank_named_id(key, owner),
        }
    }

    /// Our id of it if nothing is known but the bank's.
    pub fn bank_named_id(&self, key: &IdentityKey, owner: &OwnerId) -> AccountId {
        key.account(owner, &format!("bank:{}", self.bank_id.as_str()), self.currency.as_str())
    }

    /// Whether two answers about one account say different things of its number or currency. What only one of them says
    /// is no contradiction, and where both say an IBAN that decides.
    pub fn contradicts(&self, other: &Self) -> bool {
        let iban = |account: &Self| account.iban.as_deref().map(written_alike);
        let numbers =
            iban(self).zip(iban(other)).or_else(|| self.domestic_number().zip(other.domestic_number()));
        self.currency != other.currency || numbers.is_some_and(|(own, others)| own != others)
    }

    /// Whether it may be the account that goes by this id of ours: an id is made of what an answer says, and another
    /// answer may say less. An IBAN or a currency that the id is not made of is another account's, unless the id was made
    /// without any IBAN.
    pub fn may_be(&self, id: &AccountId, key: &IdentityKey, owner: &OwnerId) -> bool {
        let domestic = || Some(key.account(owner, &self.domestic_number()?, self.currency.as_str()));
        self.iban.is_none()
            || self.id(key, owner) == *id
            || domestic().as_ref() == Some(id)
            || self.bank_named_id(key, owner) == *id
    }
}

/// In capitals and without blanks.
fn written_alike(number: &str) -> String {
    number.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

// Numbers and names of people are not for logs.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("product", &self.product).finish_non_exhaustive()
    }
}

/// A card account of the Card API: one credit line with the cards that draw on it.
#[derive(Clone, PartialEq, Eq)]
pub struct CardAccount {
    /// The bank's id, good under one consent only.
    pub bank_id: BankAccountId,
    /// The product's name, free text (recorded: `Platinum`, `Allkort Mastercard`).
    pub product: Option<String>,
    /// Of the account and of its balances.
    pub currency: Currency,
    /// The cards; may be empty, may be several.
    pub cards: Vec<Card>,
    /// Only `AVAILABLE_AMOUNT` was ever recorded; `None` where the answer has no `balances`.
    pub balances: Option<Vec<Balance>>,
    /// Absent for an Allkort (recorded).
    pub credit_limit: Option<Money>,
    /// The bank's own object, byte for byte; only where it was asked for.
    pub source: Option<Box<str>>,
}

impl CardAccount {
    /// Whether this is an Allkort: it shows the money of an account (documented; recorded: `Allkort Mastercard`).
    pub fn is_allkort(&self) -> bool {
        let first = self.product.as_deref().and_then(|product| product.split_whitespace().next());
        first.is_some_and(|word| word.eq_ignore_ascii_case(ALLKORT_CARD))
    }

    /// The masked numbers of its cards, in the bank's order.
    pub fn masked_pans(&self) -> Vec<&str> {
        self.cards.iter().map(|card| card.masked_pan.as_str()).collect()
    }
}

impl fmt::Debug for CardAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardAccount").field("product", &self.product).finish_non_exhaustive()
    }
}

/// One card.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// First four digits, eight asterisks, last four (recorded).
    pub masked_pan: String,
    /// The name on it.
    pub name: Option<String>,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            bank_id: BankAccountId::parse("b-1").unwrap(),
            iban: Some("SE25 6000 0000 0004 1730 0268".to_owned()),
            bban: Some("417300268".to_owned()),
            clearing: Some("6155".to_owned()),
            bic: None,
            currency: Currency::parse("SEK").unwrap(),
            product: Some("Allkonto".to_owned()),
            name: None,
            owner_name: Some("Test Testsson".to_owned()),
            balances: None,
            credit_limit: None,
            source: None,
        }
    }

    #[test]
    fn an_answer_that_says_less_or_more_may_be_the_same_account_and_one_that_says_another_iban_is_not() {
        let (key, owner) = (IdentityKey::new(&[1; 32]).unwrap(), OwnerId([1; 16]));
        let whole = account();
        let domestic = Account { iban: None, ..account() };
        let bare = Account { bban: None, ..domestic.clone() };
        let other = Account { iban: Some("SE4560000000000417300276".to_owned()), ..account() };
        for (known, said, may) in [
            (&whole, &whole, true),
            (&whole, &domestic, true),
            (&whole, &bare, true),
            (&domestic, &whole, true),
            (&bare, &whole, true),
            (&whole, &other, false),
            (&other, &whole, false),
        ] {
            assert_eq!(said.may_be(&known.id(&key, &owner), &key, &owner), may);
            assert_eq!(known.contradicts(said), !may);
        }
        let elsewhere = Account { clearing: Some("6156".to_owned()), ..domestic.clone() };
        assert!(domestic.contradicts(&elsewhere) && whole.contradicts(&elsewhere));
        let in_euro = Account { currency: Currency::parse("EUR").unwrap(), ..bare.clone() };
        assert!(bare.contradicts(&in_euro));
    }

    #[test]
    fn an_account_is_known_by_its_iban_else_by_clearing_and_bban_else_not_at_all() {
        let mut account = account();
        assert_eq!(account.number().as_deref(), Some("SE2560000000000417300268"));
        account.iban = None;
        assert_eq!(account.number().as_deref(), Some("6155-417300268"));
        account.clearing = None;
        assert_eq!(account.number(), None);
    }

    #[test]
    fn an_allkort_and_its_account_are_known_by_their_products() {
        let with = |product: Option<&str>| Account { product: product.map(str::to_owned), ..account() };
        assert!(with(Some("Allkortskonto")).is_allkort() && with(Some("ALLKORTSKONTO")).is_allkort());
        assert!(!with(Some("Allkonto")).is_allkort() && !with(None).is_allkort());
        let card = |product: &str| CardAccount {
            bank_id: BankAccountId::parse("c-1").unwrap(),
            product: Some(product.to_owned()),
            currency: Currency::parse("SEK").unwrap(),
            cards: Vec::new(),
            balances: None,
            credit_limit: None,
            source: None,
        };
        assert!(card("Allkort Mastercard").is_allkort() && card("allkort").is_allkort());
        assert!(!card("Platinum").is_allkort() && !card("Allkortskonto").is_allkort());
    }

    #[test]
    fn a_printed_account_shows_its_product_and_nobody() {
        let card = Card { masked_pan: "4571********0000".to_owned(), name: Some("Test Testsson".to_owned()) };
        let printed = format!("{:?} {card:?}", account());
        assert!(printed.contains("Allkonto"), "{printed}");
        for hidden in ["0268", "6155", "Testsson", "4571", "b-1"] {
            assert!(!printed.contains(hidden), "{printed}");
        }
    }
}
