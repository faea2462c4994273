//! What the bank is taken to show at most: rows in one answer, months of history. None of it is documented by the bank
//! itself, so every figure can be changed.

use super::Reader;
use crate::{
    ledger::{Cap, Over},
    types::{Country, History, PsuType},
};
use std::collections::BTreeMap;

/// Of third-party documentation, for private persons in SE.
const ROWS: usize = 600;
/// Of third-party documentation, for companies in SE and windows of one day.
const ROWS_CORPORATE: usize = 2900;
const MOST_ROWS: usize = 100_000;
const MOST_MONTHS: u8 = 120;

/// Row caps and history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    rows: usize,
    rows_corporate: usize,
    over: Over,
    /// In place of [`Country::history`].
    months: BTreeMap<Country, u8>,
}

impl Limits {
    /// The row cap for this kind of customer. For longer windows of companies there is no figure: both count.
    pub fn cap(&self, psu_type: PsuType) -> Cap {
        match psu_type {
            PsuType::Individual => Cap::new(self.rows, self.rows),
            PsuType::Corporate => Cap::new(self.rows_corporate, self.rows),
        }
        .with_over(self.over)
    }

    /// How far back the rows of an account in this currency go.
    pub fn history(&self, country: Country, psu_type: PsuType, currency: &str) -> History {
        let known = country.history(psu_type, currency == country.currency());
        self.months.get(&country).map_or(known, |months| History { months: *months, spare_days: 0 })
    }
}

pub(super) fn read(read: &mut Reader<'_>) -> Limits {
    let mut rows = |name: &str, default: usize| {
        let rows = read.optional(name).map_or(Some(default), |value| value.parse().ok());
        let rows = rows.filter(|rows| (1..=MOST_ROWS).contains(rows));
        rows.unwrap_or_else(|| {
            read.wrong(name, "must be 1 to 100000");
            default
        })
    };
    let (rows, rows_corporate) = (rows("ROW_CAP", ROWS), rows("ROW_CAP_CORPORATE", ROWS_CORPORATE));
    Limits { rows, rows_corporate, over: over(read), months: months(read) }
}

fn over(read: &mut Reader<'_>) -> Over {
    match read.optional("OVER_ROW_CAP").as_deref() {
        None | Some("doubt") => Over::Doubted,
        Some("trust") => Over::Whole,
        Some(_) => {
            read.wrong("OVER_ROW_CAP", "must be `doubt` or `trust`");
            Over::Doubted
        }
    }
}

fn months(read: &mut Reader<'_>) -> BTreeMap<Country, u8> {
    let Some(text) = read.optional("HISTORY_MONTHS") else { return BTreeMap::new() };
    let entries: BTreeMap<String, u8> = serde_json::from_str(&text).unwrap_or_default();
    let fits = |months: &u8| (1..=MOST_MONTHS).contains(months);
    let parsed = entries.iter().filter(|(_, months)| fits(months));
    let months: BTreeMap<Country, u8> =
        parsed.filter_map(|(country, months)| Some((country.parse().ok()?, *months))).collect();
    if months.is_empty() || months.len() != entries.len() {
        read.wrong("HISTORY_MONTHS", "must be a JSON object of country codes and 1 to 120 months");
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(vars: &[(&str, &str)]) -> (Limits, Vec<String>) {
        let lookup =
            |name: &str| vars.iter().find(|(var, _)| *var == name).map(|(_, value)| (*value).to_owned());
        let mut reader = Reader { lookup: &lookup, errors: Vec::new() };
        let limits = read(&mut reader);
        (limits, reader.errors)
    }

    #[test]
    fn the_figures_are_those_of_third_parties_unless_the_operator_knows_better() {
        let (limits, errors) = limits(&[]);
        assert!(errors.is_empty());
        assert_eq!(limits.cap(PsuType::Individual), Cap::new(600, 600));
        assert_eq!(limits.cap(PsuType::Corporate), Cap::new(2900, 600));
        let history = |currency| limits.history(Country::Se, PsuType::Individual, currency).months;
        assert_eq!((history("SEK"), history("EUR")), (15, 13));
    }

    #[test]
    fn every_figure_can_be_changed() {
        let vars = [
            ("ROW_CAP", "500"),
            ("ROW_CAP_CORPORATE", "1000"),
            ("OVER_ROW_CAP", "trust"),
            ("HISTORY_MONTHS", r#"{"LU":24}"#),
        ];
        let (limits, errors) = limits(&vars);
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(limits.cap(PsuType::Corporate), Cap::new(1000, 500).with_over(Over::Whole));
        assert_eq!(limits.history(Country::Lu, PsuType::Individual, "EUR").months, 24);
        assert_eq!(limits.history(Country::Nl, PsuType::Individual, "EUR").months, 13);
    }

    #[test]
    fn figures_that_make_no_sense_are_refused_by_name() {
        for (name, value) in [
            ("ROW_CAP", "0"),
            ("ROW_CAP", "100001"),
            ("ROW_CAP", "many"),
            ("ROW_CAP_CORPORATE", "-1"),
            ("OVER_ROW_CAP", "maybe"),
            ("HISTORY_MONTHS", "15"),
            ("HISTORY_MONTHS", r#"{"FI":12}"#),
            ("HISTORY_MONTHS", r#"{"SE":0}"#),
        ] {
            let (_, errors) = limits(&[(name, value)]);
            assert!(errors.len() == 1 && errors[0].starts_with(name), "{name}={value}: {errors:?}");
        }
    }
}
