//! The bank's row cap: how many rows one answer has at most.

use super::Window;

/// What is taken for the cap. Third-party documentation: 600 rows for private persons in SE; for companies there 2900 in
/// a window of one day, and for longer ones no figure. What an answer at the cap looks like is unknown; it is taken to
/// have exactly as many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    one_day: usize,
    longer: usize,
    /// What longer windows are expected to take.
    expected: usize,
}

impl Cap {
    /// For windows of one day, and a smaller figure that may hold for longer ones: there both count as the cap.
    pub fn new(one_day: usize, longer: usize) -> Self {
        let one_day = one_day.max(1);
        Self { one_day, longer: longer.clamp(1, one_day), expected: one_day }
    }

    /// Whether an answer may lack rows.
    pub fn is_reached(&self, window: Window, rows: usize) -> bool {
        rows >= self.one_day || (window.days() > 1 && rows == self.longer)
    }

    /// How many rows a window should be made to have: well under the cap, because days differ.
    pub(super) const fn goal(&self) -> usize {
        let goal = self.expected / 5 * 4;
        if goal == 0 { 1 } else { goal }
    }

    /// An answer with fewer rows is not thought to have been cut.
    pub(super) const fn many(&self) -> usize {
        self.longer / 6
    }

    /// An answer was cut at so many rows: from now on longer windows are made for that.
    pub(super) fn met(&mut self, rows: usize) {
        self.expected = self.expected.min(rows).max(1);
    }

    /// The bank cuts at a smaller figure than it was taken to.
    pub(super) fn lower(&mut self, rows: usize) {
        *self = Self::new(self.one_day.min(rows), self.longer.min(rows));
    }
}
