//! Sentiment of Instagram comments: pos, neu or neg, with a calibrated score, in process and offline.
//!
//! ```text
//!  text --> normalise --> features --> model --> Scored / Explanation
//!             ^              ^           ^
//!             +--- lexicon --+           |
//!                     ^                  |
//!                     +---- artefact ----+   (model/id-linear.bin, part of the program)
//! ```
//!
//! In reading order:
//! - [`normalise`] turns what was typed into words of one spelling, with emoji, negation and phrases marked;
//! - [`features`] turns words into numbers: hashed ones that training weighs, and what the lexicon knows;
//! - [`model`] turns numbers into a class with a probability, and explains it token by token;
//! - [`lexicon`] is the word table that normalising and features ask, [`artefact`] the file that holds it
//!   all, and [`cursor`] how its bytes are read;
//! - [`lines`] and [`mod@evaluate`] are the command's two subcommands: [`score_lines`] and [`evaluate()`].
//!
//! What holds:
//! - scoring is deterministic: int8 weights are added as integers, one text has one answer;
//! - any text is answered, and no text panics; only the first 10,000 characters are read;
//! - a score belongs to a [`MODEL_VERSION`]; rows scored by another version are scored anew by the analyse
//!   worker;
//! - the trainer (`sentiment-lab`, folder `trainer/`) uses these same modules, so training and scoring cannot
//!   differ.
//!
//! ```
//! use cekbrand_sentiment::{Label, Model};
//!
//! let scored = Model::bundled().score("kecewa bgt, barangnya gak sesuai 😡");
//! assert_eq!(scored.label, Label::Neg);
//! assert_eq!(scored.language, "id");
//! ```

pub mod artefact;
pub mod cursor;
pub mod evaluate;
pub mod features;
mod hash;
pub mod label;
pub mod language;
pub mod lexicon;
pub mod lines;
pub mod model;
pub mod normalise;

pub use evaluate::{Evaluation, evaluate};
pub use label::Label;
pub use lines::{ScoredLine, score_lines};
pub use model::{Explanation, MODEL_VERSION, Model, Scored, Spoken};
