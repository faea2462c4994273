//! Which windows to ask for, so that few calls bring all rows. The bank has no pages (documented): an answer at its row
//! cap may lack rows, so its days are asked again in smaller windows.
//!
//! A machine without I/O: [`Plan::ask`] says which windows to ask for now, [`Plan::answer`] and its neighbours take what
//! came, [`Plan::finish`] has rows and coverage. Windows are cut from the newest days on, as long as the rows seen so
//! far let expect an answer well under the cap; a single day at the cap cannot be cut and is flagged.

use super::{
    Answer, Cap, Finding, Reading, Window,
    coverage::{Coverage, Outcome},
    forecast::{Forecast, silent_days},
    rows::Rows,
};
use crate::{account::Transaction, types::Date};

/// So many days at most are left out when the bank refuses the oldest (production: one or two; months of different
/// length make up to three).
const MOST_DAYS_MOVED: u32 = 5;

/// A window that is still to be asked.
#[derive(Clone, Copy, Debug)]
struct Rest {
    window: Window,
    /// The longest that one call may ask for of it.
    most_days: usize,
    /// Asked in one call, whatever is expected of it.
    at_once: bool,
}

impl Rest {
    fn at_once(window: Window) -> Self {
        Self { window, most_days: window.days(), at_once: true }
    }

    /// To be asked in parts: it was too much.
    fn in_parts(window: Window) -> Self {
        Self { window, most_days: window.days().div_ceil(2), at_once: false }
    }
}

/// There is nothing smaller to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck;

/// The windows of one read.
#[derive(Debug)]
pub struct Plan {
    cap: Cap,
    beside: usize,
    /// The newest last.
    rest: Vec<Rest>,
    /// Asked, not answered yet.
    asked: Vec<Window>,
    /// Answers that stand: no two have a day in common.
    taken: Vec<(Answer, Outcome)>,
    /// Answers at the cap whose days were asked again.
    replaced: Vec<Answer>,
    /// Days that an answer showed no row of although it had many, and how many it had.
    doubted: Vec<(Window, usize)>,
    forecast: Forecast,
    /// The newest day of the range.
    newest: Date,
    /// The oldest day that the bank shows, and how often it was moved.
    oldest: Date,
    moved: u32,
    /// The bank refused a window and may have found it too long: one call at a time, until one is answered.
    careful: bool,
    findings: Vec<Finding>,
}

impl Plan {
    /// Of a range of days. At most `beside` windows are under way at a time.
    pub fn new(range: Window, cap: Cap, beside: usize) -> Self {
        Self {
            cap,
            beside: beside.max(1),
            rest: vec![Rest::at_once(range)],
            asked: Vec::new(),
            taken: Vec::new(),
            replaced: Vec::new(),
            doubted: Vec::new(),
            forecast: Forecast::default(),
            newest: range.to(),
            oldest: range.from(),
            moved: 0,
            careful: false,
            findings: Vec::new(),
        }
    }

    /// The windows to ask for now; none while enough are under way, or when all is done.
    pub fn ask(&mut self) -> Vec<Window> {
        let places = if self.careful { 1 } else { self.beside };
        let mut windows = Vec::new();
        while self.asked.len() < places {
            let Some(rest) = self.rest.pop() else { break };
            let Rest { window, most_days, at_once } = rest;
            let part = if at_once { window } else { self.forecast.part(window, self.cap, most_days) };
            self.rest.extend(window.before(part.from()).map(|window| Rest { window, ..rest }));
            self.asked.push(part);
            windows.push(part);
        }
        windows
    }

    /// What the bank answered to a window.
    pub fn answer(&mut self, window: Window, rows: Vec<Transaction>) {
        self.asked.retain(|asked| *asked != window);
        self.careful = false;
        self.hold_against_doubt(window, &rows);
        self.sort(Answer { window, rows });
    }

    /// Takes an answer under the cap, flags a day at the cap, and has everything else asked again in parts.
    fn sort(&mut self, answer: Answer) {
        if !self.cap.is_reached(answer.window, answer.rows.len()) {
            self.take(answer);
        } else if answer.window.days() == 1 {
            self.taken.push((answer, Outcome::AtCap));
        } else {
            self.cap.met(answer.rows.len());
            self.forecast.learn_at_cap(&answer);
            self.rest.push(Rest::in_parts(answer.window));
            self.replaced.push(answer);
        }
    }

    /// If the older days of an answer are empty as its newer ones never are, the bank may have cut it at a number that
    /// nobody knows: these days are asked for once more, by themselves.
    fn take(&mut self, mut answer: Answer) {
        if let Some(silent) = silent_days(&answer, self.cap)
            && let Some(listed) = silent.to().tomorrow().ok().and_then(|day| answer.window.since(day))
        {
            answer.window = listed;
            self.doubted.push((silent, answer.rows.len()));
            self.rest.push(Rest::at_once(silent));
        }
        self.forecast.learn(answer.window, answer.rows.len());
        self.taken.push((answer, Outcome::UnderCap));
    }

    /// Rows on days that another answer left empty: that one was cut, and so may be all that have as many rows.
    fn hold_against_doubt(&mut self, window: Window, rows: &[Transaction]) {
        let Some(place) = self.doubted.iter().position(|(silent, _)| silent.touches(window)) else { return };
        let (silent, count) = self.doubted.swap_remove(place);
        if !rows.iter().any(|row| row.day().is_some_and(|day| silent.holds(day))) {
            self.doubted.extend(silent.before(window.from()).map(|unseen| (unseen, count)));
            return;
        }
        self.cap.lower(count);
        self.findings.push(Finding::CutShort(count));
        for (answer, _) in std::mem::take(&mut self.taken) {
            self.sort(answer);
        }
    }

    /// The bank refuses the interval. If it holds the oldest day, that may be older than the bank shows: it is left out.
    ///
    /// # Errors
    /// [`Stuck`] if that cannot be the reason.
    pub fn interval_refused(&mut self, window: Window) -> Result<(), Stuck> {
        let next = window.from().tomorrow().map_err(|_| Stuck)?;
        if window.from() != self.oldest || self.moved >= MOST_DAYS_MOVED {
            return Err(Stuck);
        }
        self.asked.retain(|asked| *asked != window);
        let shorter = window.since(next);
        if shorter.is_none() && self.taken.is_empty() && self.asked.is_empty() && self.rest.is_empty() {
            return Err(Stuck);
        }
        self.oldest = next;
        self.moved += 1;
        self.rest.extend(shorter.map(Rest::at_once));
        Ok(())
    }

    /// The bank refuses a window for a reason that nobody knows. What it does at its row cap is unknown, so perhaps the
    /// window holds too many rows: it is asked in parts.
    ///
    /// # Errors
    /// [`Stuck`] if it is a single day.
    pub fn refused(&mut self, window: Window) -> Result<(), Stuck> {
        if window.days() == 1 {
            return Err(Stuck);
        }
        self.asked.retain(|asked| *asked != window);
        self.careful = true;
        self.rest.push(Rest::in_parts(window));
        Ok(())
    }

    /// What was read. If windows were not answered, it ends at the newest of them: the rest is to be read another time. If
    /// that is the newest of all, nothing can be left for later, and what there is is not complete.
    pub fn finish(mut self) -> Reading {
        let rest = self.cut();
        let mut windows: Vec<(Window, Outcome)> =
            self.taken.iter().map(|(answer, outcome)| (answer.window, *outcome)).collect();
        let open = self.asked.into_iter().chain(self.rest.into_iter().map(|rest| rest.window));
        windows.extend(open.map(|window| (window, Outcome::Open)));
        let rows = Rows::of(self.taken.into_iter().map(|(answer, _)| answer).chain(self.replaced));
        let coverage = Coverage::of(&rows, windows.clone());
        let mut findings = self.findings;
        let moved_to = (self.moved > 0).then_some(self.oldest);
        findings.extend(moved_to.map(Finding::BoundMoved));
        findings.extend(Finding::of(&windows, &coverage, &rows));
        Reading { rows, coverage, findings, moved_to, rest }
    }

    /// Drops everything up to the newest day that was not answered, and says which days these are.
    fn cut(&mut self) -> Option<Window> {
        let open = self.asked.iter().copied().chain(self.rest.iter().map(|rest| rest.window));
        let last = open.map(Window::to).max().filter(|day| *day < self.newest)?;
        let rest = Window::new(self.oldest, last)?;
        self.asked.clear();
        self.rest.clear();
        self.taken.retain(|(answer, _)| answer.window.from() > last);
        for answer in &mut self.replaced {
            answer.rows.retain(|row| row.day().is_none_or(|day| day > last));
        }
        Some(rest)
    }
}
