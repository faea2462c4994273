//! Several values in one run of bytes: each behind its length, absent ones told from empty ones.

/// Writes values one behind the other.
#[derive(Default)]
pub(super) struct Packing(Vec<u8>);

impl Packing {
    /// A value that may be absent. Values of 65 535 bytes and more are refused when they are written.
    pub(super) fn add(mut self, value: Option<&[u8]>) -> Option<Self> {
        // 0 is absent, otherwise the length and one.
        let length = match value {
            None => 0,
            Some(value) => u16::try_from(value.len()).ok()?.checked_add(1)?,
        };
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value.unwrap_or_default());
        Some(self)
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads them in the same order.
pub(super) struct Unpacking<'a>(&'a [u8]);

impl<'a> Unpacking<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next value; the outer nothing is a run that ends too early.
    pub(super) fn next(&mut self) -> Option<Option<&'a [u8]>> {
        let (length, rest) = self.0.split_first_chunk::<2>()?;
        let Some(length) = u16::from_be_bytes(*length).checked_sub(1) else {
            self.0 = rest;
            return Some(None);
        };
        let (value, rest) = rest.split_at_checked(usize::from(length))?;
        self.0 = rest;
        Some(Some(value))
    }

    /// The next value as text, which must be there.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        self.next()?.and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The next value as text, which may be absent.
    pub(super) fn maybe_text(&mut self) -> Option<Option<&'a str>> {
        match self.next()? {
            None => Some(None),
            Some(value) => std::str::from_utf8(value).ok().map(Some),
        }
    }

    /// Whether nothing is left over.
    pub(super) const fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_empty_stay_apart_and_the_order_is_kept() {
        let packed =
            Packing::default().add(Some(b"one")).unwrap().add(None).unwrap().add(Some(b"")).unwrap().done();
        let mut reader = Unpacking::new(&packed);
        assert_eq!(reader.text(), Some("one"));
        assert_eq!(reader.maybe_text(), Some(None));
        assert_eq!(reader.maybe_text(), Some(Some("")));
        assert!(reader.is_done());
        assert_eq!(reader.next(), None);
    }

    #[test]
    fn what_was_cut_does_not_unpack_and_what_is_too_long_is_not_packed() {
        let packed = Packing::default().add(Some(b"value")).unwrap().done();
        for length in 0..packed.len() {
            assert_eq!(Unpacking::new(&packed[..length]).next(), None, "{length} bytes");
        }
        assert!(Packing::default().add(Some(&[0; 65_535])).is_none());
        assert!(Packing::default().add(Some(&[0; 65_534])).is_some());
    }
}
