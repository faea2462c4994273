//! Date windows and how far back they may reach; the card accounts API uses the same.

use jiff::ToSpan;
use jiff::civil::Date;

use super::Reader;
use crate::FutureDates;
use crate::answer::{Refusal, Request, Voice};
use crate::customers::Country;
use crate::gateway::known_query;
use crate::world::World;

/// Inclusive days.
pub(crate) struct Window {
    from: Date,
    to: Date,
}

impl Window {
    pub(crate) fn holds(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

/// Reads and checks `dateFrom` and `dateTo`. Too old or inverted: 400 `Invalid time interval` (recorded answer).
pub(crate) fn window(
    world: &World,
    request: &Request,
    reader: &Reader,
    currency: &str,
) -> Result<Window, Refusal> {
    let query = known_query(request, &["dateFrom", "dateTo"])?;
    let day = |name: &str| match query.get(name) {
        None => Ok(None),
        Some(text) => parse_day(text).map(Some),
    };
    let oldest = oldest_day(reader, currency);
    let to = day("dateTo")?;
    let future = to.is_some_and(|to| to > reader.today);
    let to = to.unwrap_or(reader.today);
    let from = match day("dateFrom")? {
        Some(from) => from,
        // Unknown: the window when there is no lower bound.
        None => to.saturating_sub(world.switches.default_window_days.days()).max(oldest.min(to)),
    };
    if from > to || from < oldest || (future && world.switches.future_dates == FutureDates::Refuse) {
        return Err(Refusal::new(
            Voice::Gateway,
            400,
            "Invalid time interval",
            "window inverted, too old or in the future",
        ));
    }
    Ok(Window { from, to })
}

fn parse_day(text: &str) -> Result<Date, Refusal> {
    let malformed = || Refusal::bad_request("Malformed date").strange();
    if text.len() == 10 { text.parse().map_err(|_| malformed()) } else { Err(malformed()) }
}

/// SE individuals 15 months (13 in foreign currency), SE corporates 14 (third-party documentation); NL and GB 13, GB
/// two days less (production use); LU as NL (unknown).
fn oldest_day(reader: &Reader, currency: &str) -> Date {
    let (months, spare_days) = match (reader.customer.country, reader.customer.corporate_id) {
        (Country::Se, Some(_)) => (14, 0),
        (Country::Se, None) if currency == "SEK" => (15, 0),
        (Country::Gb, _) => (13, 2),
        _ => (13, 0),
    };
    reader.today.saturating_sub(months.months()).saturating_add(spare_days.days())
}
