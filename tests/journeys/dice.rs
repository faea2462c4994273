//! Numbers by chance, from a seed: xorshift64* (Vigna 2016), small and the same everywhere.

/// Dice of any number of sides.
pub(crate) struct Dice(u64);

impl Dice {
    /// From a seed; zero, which would never change, counts as one.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// From 0 to below so many sides.
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % sides
    }

    pub(crate) fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}
