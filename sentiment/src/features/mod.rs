//! Step two: from tokens to numbers. Hashed features (`hashed`) learn words by themselves; dense features
//! (`dense`) bring in what the lexicon knows, and carry short comments.

pub mod dense;
pub mod hashed;
mod sink;

use crate::lexicon::Lexicon;
use crate::normalise::Normalised;

pub use dense::Dense;
pub use sink::{GROUPS, Group, Sink};

/// Reads all features of a comment: the hashed ones into the sink, the dense ones as the answer.
pub fn extract(comment: &Normalised, lexicon: &Lexicon, sink: &mut impl Sink) -> Dense {
    hashed::extract(comment, sink);
    Dense::of(comment, lexicon)
}
