//! Texts of rows. Merchants and counterparties are invented.

use crate::customers::Country;

const SE: &[&str] = &[
    "PROVBUTIKEN STORGATAN",
    "TESTMACKEN NORRA INFARTEN",
    "KAFE EXEMPLET",
    "PÅHITTADE BOKHANDELN AB",
    "Swish till Exempel, E",
    "MATHALLEN FIKTIVA TORGET",
    "APOTEKET TESTFALLET",
    "TÅGRESA PROVSTAD",
];
const GB: &[&str] = &["SAMPLE STORES 0042", "EXAMPLE RAIL", "PLACEHOLDER BOOKS", "THE TEST CAFE"];
const NL: &[&str] = &["Voorbeeldwinkel 12", "Testcafe Plein", "Proefboek BV"];
const LU: &[&str] = &["Boulangerie Exemple", "Librairie du Test", "Gare Essai"];

/// A purchase; `pick` chooses among the country's texts.
pub(crate) fn purchase(country: Country, pick: u64) -> &'static str {
    let texts = match country {
        Country::Se => SE,
        Country::Gb => GB,
        Country::Nl => NL,
        Country::Lu => LU,
    };
    usize::try_from(pick).ok().and_then(|pick| texts.get(pick % texts.len()).copied()).unwrap_or("Exempel")
}

/// Wages.
pub(crate) const fn wages(country: Country) -> &'static str {
    match country {
        Country::Se => "Lön",
        Country::Gb => "SALARY EXAMPLE LTD",
        Country::Nl => "Salaris",
        Country::Lu => "Salaire",
    }
}

/// A transfer between own accounts.
pub(crate) const fn transfer(country: Country) -> &'static str {
    match country {
        Country::Se => "Överföring",
        Country::Gb => "TRANSFER",
        Country::Nl => "Overboeking",
        Country::Lu => "Virement",
    }
}

/// The text of a pending row on an account: marked, and cut, so that it differs from the booked one (old sandbox).
pub(crate) fn pending(text: &str) -> String {
    format!("Prel {}", cut(text, 16))
}

/// The text of a pending card row (recorded answer).
pub(crate) fn pending_card(text: &str) -> String {
    format!("PREL.{}", cut(text, 15))
}

/// The text of a booked card row: cut at twenty characters (recorded answer).
pub(crate) fn card(text: &str) -> String {
    cut(text, 20)
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}
