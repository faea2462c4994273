//! What was odd about a read.

use super::{
    Covered, Window,
    coverage::{Coverage, Outcome},
    rows::Rows,
};
use crate::types::Date;

/// Something that a reader of the rows should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The running balances do not join on or between these days, in any order of their rows: rows are missing there.
    ChainBreaks(Window),
    /// The answer of a single day had as many rows as the bank sends at most: there may be more.
    DayAtCap(Date),
    /// The bank cut an answer at so many rows, fewer than its known cap. Everything was asked again in smaller windows.
    CutShort(usize),
    /// These days were not asked for: the bank does not show so far back.
    HistoryEnds(Window),
    /// The bank refused older days, and this is the oldest that it showed.
    BoundMoved(Date),
    /// These days were not asked for: the time was over.
    NotAsked(Window),
    /// Something was missing from the first of these days on. It did not come in time, and they are not asked for any more.
    GivenUp(Window),
    /// So many booked rows have no date.
    UndatedRows(usize),
    /// So many booked rows came that are of none of the days asked for.
    RowsOutside(usize),
}

impl Finding {
    /// As our API spells it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ChainBreaks(_) => "chain_breaks",
            Self::DayAtCap(_) => "day_at_cap",
            Self::CutShort(_) => "cut_short",
            Self::HistoryEnds(_) => "history_ends",
            Self::BoundMoved(_) => "bound_moved",
            Self::NotAsked(_) => "not_asked",
            Self::GivenUp(_) => "given_up",
            Self::UndatedRows(_) => "undated_rows",
            Self::RowsOutside(_) => "rows_outside",
        }
    }

    /// The days that it is about: first and last.
    pub fn days(self) -> Option<(Date, Date)> {
        match self {
            Self::ChainBreaks(days)
            | Self::HistoryEnds(days)
            | Self::NotAsked(days)
            | Self::GivenUp(days) => Some((days.from(), days.to())),
            Self::DayAtCap(day) | Self::BoundMoved(day) => Some((day, day)),
            _ => None,
        }
    }

    /// The number of rows that it is about.
    pub const fn rows(self) -> Option<usize> {
        match self {
            Self::CutShort(rows) | Self::UndatedRows(rows) | Self::RowsOutside(rows) => Some(rows),
            _ => None,
        }
    }

    /// What is left of it if only the days from `day` on are looked at.
    pub(super) fn since(self, day: Date) -> Option<Self> {
        Some(match self {
            Self::ChainBreaks(days) => Self::ChainBreaks(days.since(day)?),
            Self::HistoryEnds(days) => Self::HistoryEnds(days.since(day)?),
            Self::NotAsked(days) => Self::NotAsked(days.since(day)?),
            Self::DayAtCap(at) | Self::BoundMoved(at) if at < day => return None,
            // Days before all that are asked for are said all the same.
            other => other,
        })
    }

    /// What rows and coverage say.
    pub(super) fn of(asked: &[(Window, Outcome)], coverage: &Coverage, rows: &Rows) -> Vec<Self> {
        let unproven = |window: &Window| coverage.windows.contains(&Covered { window: *window, proof: None });
        let of_window = |(window, outcome): &(Window, Outcome)| match outcome {
            Outcome::AtCap if unproven(window) => Some(Self::DayAtCap(window.to())),
            Outcome::Open if unproven(window) => Some(Self::NotAsked(*window)),
            _ => None,
        };
        let mut findings: Vec<Self> = coverage.breaks.iter().map(|days| Self::ChainBreaks(*days)).collect();
        findings.extend(asked.iter().filter_map(of_window));
        if !rows.undated.is_empty() {
            findings.push(Self::UndatedRows(rows.undated.len()));
        }
        let is_outside = |day: &Date| !asked.iter().any(|(window, _)| window.holds(*day));
        let outside: usize =
            rows.days.iter().filter(|(day, _)| is_outside(day)).map(|(_, rows)| rows.len()).sum();
        if outside > 0 {
            findings.push(Self::RowsOutside(outside));
        }
        findings
    }
}
