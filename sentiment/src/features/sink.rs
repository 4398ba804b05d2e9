//! Where hashed features go, and the groups that they come in.

/// Features are scaled by the size of their group, so that long comments do not shout down the bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Whole words and pairs.
    Word = 0,
    /// Windows of characters.
    Char = 1,
}

impl Group {
    /// All groups, by number.
    pub const ALL: [Self; GROUPS] = [Self::Word, Self::Char];
}

/// How many groups there are.
pub const GROUPS: usize = 2;

/// Takes the hashed features one by one: to add up their weights, to keep them for training, or to explain.
pub trait Sink {
    /// One feature of a group, spread over 64 bits, and the place of the token it comes from.
    fn add(&mut self, group: Group, hash: u64, token: usize);
}
