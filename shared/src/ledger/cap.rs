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
    over: Over,
}

/// What an answer with more rows than the cap is taken for. Nobody has seen one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    /// It may have been cut all the same, at a figure that nobody knows: its days are asked again in smaller windows.
    #[default]
    Doubted,
    /// It shows that the bank has not cut it: it is whole.
    Whole,
}

impl Cap {
    /// For windows of one day, and a smaller figure that may hold for longer ones: there both count as the cap.
    pub fn new(one_day: usize, longer: usize) -> Self {
        let one_day = one_day.max(1);
        Self { one_day, longer: longer.clamp(1, one_day), expected: one_day, over: Over::default() }
    }

    /// The same with another view of answers over the cap.
    #[must_use]
    pub const fn with_over(self, over: Over) -> Self {
        Self { over, ..self }
    }

    /// Whether an answer may lack rows.
    pub fn is_reached(&self, window: Window, rows: usize) -> bool {
        let cut = match self.over {
            Over::Doubted => rows >= self.one_day,
            Over::Whole => rows == self.one_day,
        };
        cut || (window.days() > 1 && rows == self.longer)
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
        *self = Self::new(self.one_day.min(rows), self.longer.min(rows)).with_over(self.over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn more_rows_than_the_cap_are_doubted_or_taken_as_it_is_chosen() {
        let day = Window::new(date(2026, 1, 1), date(2026, 1, 1)).unwrap();
        let (doubting, trusting) = (Cap::new(600, 600), Cap::new(600, 600).with_over(Over::Whole));
        let reached = |rows| (doubting.is_reached(day, rows), trusting.is_reached(day, rows));
        assert_eq!(
            [599, 600, 601, 700].map(reached),
            [(false, false), (true, true), (true, false), (true, false)]
        );
        let mut cut = trusting;
        cut.lower(550);
        assert!(cut.is_reached(day, 550) && !cut.is_reached(day, 551));
    }
}
