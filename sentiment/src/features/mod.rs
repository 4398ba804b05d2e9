//! Step two: from tokens to numbers. Hashed features (`hashed`) learn words by themselves; dense features
//! (`dense`) bring in what the lexicon knows, and carry short comments.

pub mod dense;
pub mod hashed;

use crate::lexicon::Lexicon;
use crate::normalise::Normalised;

pub use dense::Dense;
pub use hashed::Group;

/// Takes the hashed features one by one: to add up their weights, to keep them for training, or to explain.
pub trait Sink {
    /// One feature of a group, spread over 64 bits, and the place of the token it comes from.
    fn add(&mut self, group: Group, hash: u64, token: usize);
}

/// Reads all features of a comment: the hashed ones into the sink, the dense ones as the answer.
pub fn extract(comment: &Normalised, lexicon: &Lexicon, sink: &mut impl Sink) -> Dense {
    hashed::extract(comment, sink);
    Dense::of(comment, lexicon)
}
