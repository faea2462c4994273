//! Where lines go, and how they get there: what happened to people's data and to the process through `tracing`, the line
//! of a request through the writer of embedded metrics. Neither library ever sees a value that is not meant to be read.

use super::{Ending, Notes, line::Line};
use metrique_writer_core::format::Format as _;
use metrique_writer_format_emf::Emf;
use std::{
    error::Error,
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};
use tracing::{Dispatch, Level, dispatcher};
use tracing_subscriber::fmt::MakeWriter;

/// Where lines go.
#[derive(Clone, Debug)]
pub enum Output {
    /// Standard output, which Lambda ships to `CloudWatch`.
    Stdout,
    /// Kept in memory for whoever wants to look at them.
    Kept(Arc<Mutex<Vec<String>>>),
}

/// Writes the lines of one process.
pub struct Log {
    output: Output,
    events: Dispatch,
    metrics: Mutex<Emf>,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("output", &self.output).finish_non_exhaustive()
    }
}

impl Log {
    /// `namespace`: of the metrics in `CloudWatch`. They have no dimensions: one stack, one namespace.
    pub fn new(output: Output, namespace: &str) -> Self {
        let events = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_target(false)
            .without_time()
            .with_max_level(Level::INFO)
            .with_writer(output.clone())
            .finish();
        let metrics = Emf::builder(namespace.to_owned(), vec![Vec::new()]).build();
        Self { output, events: Dispatch::new(events), metrics: Mutex::new(metrics) }
    }

    /// A line about the process itself.
    pub fn process(&self, function: &'static str, event: &'static str, error: &dyn Error) {
        let cause = error.to_string();
        dispatcher::with_default(&self.events, || tracing::error!(function, event, cause));
    }

    /// The lines of one request: what was done with people's data, then what became of the request.
    pub(super) fn request(&self, ending: &Ending, notes: &Notes) {
        dispatcher::with_default(&self.events, || {
            for audit in &notes.audit {
                audit.say(ending.trace.as_str());
            }
        });
        let mut line = Vec::with_capacity(640);
        let written = {
            let mut metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
            metrics.format(&Line { ending, notes }, &mut line)
        };
        // A line that cannot be formatted, or a closed pipe, is nobody's loss but the log's.
        if written.is_ok() {
            let _ = self.output.make_writer().write_all(&line);
        }
    }
}

impl<'a> MakeWriter<'a> for Output {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// One write is one line, so that lines of concurrent requests do not mix.
impl Write for &Output {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self {
            Output::Stdout => io::stdout().lock().write_all(line)?,
            Output::Kept(lines) => {
                let text = String::from_utf8_lossy(line).trim_end().to_owned();
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
