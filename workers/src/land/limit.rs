//! When to stop rather than drain a topic into dead letters: too many among the last thousand, or too many in
//! a row.

/// How many of the latest records are looked at.
const WINDOW: u32 = 1000;

/// Watches the share of dead letters.
#[derive(Debug)]
pub struct DeadLetterLimit {
    percent: u32,
    run: u32,
    in_a_row: u32,
    /// One bit for each of the latest records, in a ring.
    latest: Vec<bool>,
    at: usize,
    dead: u32,
}

/// The limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// Dead letters.
    pub dead: u32,
    /// Among this many records.
    pub of: u32,
}

impl DeadLetterLimit {
    /// Stops at `percent` of the last 1000 or at `run` in a row.
    pub fn new(percent: u32, run: u32) -> Self {
        Self { percent, run, in_a_row: 0, latest: vec![false; WINDOW as usize], at: 0, dead: 0 }
    }

    /// Counts records that landed, or had landed before.
    pub fn good(&mut self, records: u64) {
        for _ in 0..records.min(u64::from(WINDOW)) {
            self.push(false);
        }
    }

    /// Counts one dead letter.
    ///
    /// # Errors
    ///
    /// [`Exceeded`] where that was one too many.
    pub fn dead(&mut self) -> Result<(), Exceeded> {
        self.push(true);
        if self.in_a_row >= self.run {
            return Err(Exceeded { dead: self.in_a_row, of: self.in_a_row });
        }
        if self.dead * 100 > self.percent * WINDOW {
            return Err(Exceeded { dead: self.dead, of: WINDOW });
        }
        Ok(())
    }

    fn push(&mut self, dead: bool) {
        let oldest = std::mem::replace(&mut self.latest[self.at], dead);
        self.dead = self.dead + u32::from(dead) - u32::from(oldest);
        self.at = (self.at + 1) % self.latest.len();
        self.in_a_row = if dead { self.in_a_row + 1 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_dead_letters_exceeds_the_limit() {
        let mut limit = DeadLetterLimit::new(100, 3);
        assert_eq!((limit.dead(), limit.dead()), (Ok(()), Ok(())));
        limit.good(1);
        assert_eq!((limit.dead(), limit.dead()), (Ok(()), Ok(())));
        assert_eq!(limit.dead(), Err(Exceeded { dead: 3, of: 3 }));
    }

    #[test]
    fn a_share_of_dead_letters_exceeds_the_limit_and_old_ones_are_forgotten() {
        let mut limit = DeadLetterLimit::new(5, 1000);
        for _ in 0..50 {
            limit.good(19);
            assert_eq!(limit.dead(), Ok(()), "exactly five percent is allowed");
        }
        limit.good(1000);
        assert_eq!(limit.dead(), Ok(()), "the window moved on");
        for _ in 0..49 {
            assert_eq!(limit.dead(), Ok(()));
        }
        assert_eq!(limit.dead(), Err(Exceeded { dead: 51, of: 1000 }));
    }
}
