//! Numbers that look random and are the same in every run, on every machine.
//!
//! Written here because the demo's world must stay the same when a library changes its generator.

/// A sequence of numbers fixed by its seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Seeded {
    state: u64,
}

impl Seeded {
    /// The sequence of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The sequence that belongs to `parts`: the same parts give the same sequence.
    pub fn of(parts: &[u64]) -> Self {
        Self::new(mix(parts))
    }

    /// The next number, over the whole range.
    pub const fn any(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        scramble(self.state)
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.any() % bound }
    }

    /// A number from `low` up to and including `high`.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in `per_mille` of a thousand cases.
    pub const fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// A place in a list of `len` items; 0 for an empty list.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// A place in a list of `len` items where the early ones are far more likely: half of all draws fall into
    /// the first tenth or so.
    pub fn skewed(&mut self, len: usize) -> usize {
        let len = len as u64;
        let (a, b, c) = (self.below(len), self.below(len), self.below(len));
        usize::try_from(a * b / len.max(1) * c / len.max(1)).unwrap_or(0)
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.index(items.len())]
    }
}

/// One number out of several; changing any of them changes it.
pub fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x243F_6A88_85A3_08D3, |sum, part| {
        scramble(sum.rotate_left(23) ^ part.wrapping_mul(0xFF51_AFD7_ED55_8CCD))
    })
}

const fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_its_sequence() {
        let mut sequence = Seeded::new(42);
        assert_eq!(sequence.any(), 0xBDD7_3226_2FEB_6E95);
        assert_eq!(mix(&[1, 2]), mix(&[1, 2]));
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
        assert!((0..1000).all(|_| (3..=5).contains(&sequence.between(3, 5))));
    }

    #[test]
    fn skewed_draws_prefer_the_early_items() {
        let mut sequence = Seeded::new(7);
        let early = (0..10_000).filter(|_| sequence.skewed(100) < 10).count();
        assert!((4000..8000).contains(&early), "{early}");
    }
}
