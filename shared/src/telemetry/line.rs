//! The line of a request: one wide event in `CloudWatch`'s embedded metric format, so that what an operator searches and
//! what alarms hang on are the same line.

use super::{Ending, Metric, Notes};
use metrique_writer_core::{Entry, EntryWriter, MetricFlags, Observation, Unit, Value, ValueWriter};
use metrique_writer_format_emf::NoMetric;

/// More calls of one kind in one request are given as their sum and number: a long history is many of them.
const APART: usize = 4;

pub(super) struct Line<'a> {
    pub(super) ending: &'a Ending,
    pub(super) notes: &'a Notes,
}

/// Milliseconds that calls of one kind took.
struct Took<'a>(&'a [u64]);

impl Value for Took<'_> {
    fn write(&self, writer: impl ValueWriter) {
        // The unit stands in the name.
        let unit = Unit::None;
        let Self(each) = self;
        if each.len() <= APART {
            let each = each.iter().copied().map(Observation::Unsigned);
            return writer.metric(each, unit, [], MetricFlags::empty());
        }
        #[allow(
            clippy::cast_precision_loss,
            clippy::disallowed_types,
            reason = "the library takes sums so; neither money nor an instant"
        )]
        let total = each.iter().sum::<u64>() as f64;
        let sum = Observation::Repeated { total, occurrences: each.len() as u64 };
        writer.metric([sum], unit, [], MetricFlags::empty());
    }
}

/// Days that are left; negative afterwards.
struct Days(i64);

impl Value for Days {
    fn write(&self, writer: impl ValueWriter) {
        #[allow(
            clippy::cast_precision_loss,
            clippy::disallowed_types,
            reason = "the library takes negative figures so; neither money nor an instant"
        )]
        let days = u64::try_from(self.0).map_or(Observation::Floating(self.0 as f64), Observation::Unsigned);
        writer.metric([days], Unit::None, [], MetricFlags::empty());
    }
}

impl Line<'_> {
    /// `answered` (below 400), `refused` (4xx), `failed` (5xx).
    const fn outcome(&self) -> &'static str {
        match self.ending.status {
            0..=399 => "answered",
            400..=499 => "refused",
            _ => "failed",
        }
    }

    /// An answer 500 is counted by itself as well: neither the bank nor a caller can cause one.
    fn figures<'a>(&'a self, line: &mut impl EntryWriter<'a>) {
        line.value(self.outcome(), &1_u64);
        if self.ending.status == 500 {
            line.value("service_errors", &1_u64);
        }
        if self.ending.cold {
            line.value("cold_starts", &1_u64);
        }
        if let Some(days) = self.notes.certificate_days {
            line.value("certificate_days", &Days(days));
        }
        for (metric, count) in &self.notes.counts {
            let count = u64::from(*count);
            match metric {
                // The times of the calls are a metric, and count them.
                Metric::BankCalls => line.value(metric.name(), &NoMetric::from(count)),
                _ => line.value(metric.name(), &count),
            }
        }
        for (call, took) in &self.notes.calls {
            line.value(format!("{call}_ms"), &Took(took));
        }
    }
}

impl Entry for Line<'_> {
    fn write<'a>(&'a self, line: &mut impl EntryWriter<'a>) {
        let Self { ending, notes } = self;
        // Only where it is not the usual one: bytes are paid for.
        if ending.status >= 500 {
            line.value("level", "ERROR");
        }
        line.value("trace_id", ending.trace.as_str());
        line.value("function", ending.function);
        line.value("route", ending.route.as_str());
        line.value("status", &NoMetric::from(u64::from(ending.status)));
        line.value("took_ms", &NoMetric::from(u64::try_from(ending.took.as_millis()).unwrap_or(u64::MAX)));
        if let Some(id) = &notes.consent {
            line.value("consent_id", &id.to_string());
        }
        let texts = [
            ("code", ending.code),
            ("cause", notes.cause.as_deref()),
            ("bank", notes.bank.as_deref()),
            ("drift_in", notes.drift.as_deref()),
            ("xray", ending.xray.as_deref()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                line.value(name, text);
            }
        }
        self.figures(line);
    }
}
