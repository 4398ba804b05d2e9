//! Every word of the pages, in each language. A word is a field of a struct, and a language is a value of
//! it: where one is missing, the program does not compile.

pub(crate) mod absences;
pub(crate) mod alerts;
mod brand;
mod cards;
mod frame;
mod glossary;
mod labels;
mod lang;
mod pipeline;
pub(crate) mod sentences;

pub(crate) use alerts::AlertWords;
pub(crate) use brand::BrandWords;
pub(crate) use cards::CardWords;
pub(crate) use frame::FrameWords;
pub(crate) use glossary::{Entry, glossary};
pub(crate) use labels::LabelWords;
pub(crate) use lang::Lang;
pub(crate) use pipeline::{PipelineWords, next_command, parked_reason};

/// All words of one language.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) frame: FrameWords,
    pub(crate) brand: BrandWords,
    pub(crate) cards: CardWords,
    pub(crate) pipeline: PipelineWords,
    pub(crate) alerts: AlertWords,
    pub(crate) labels: LabelWords,
}

static ID: Words = Words {
    frame: frame::ID,
    brand: brand::ID,
    cards: cards::ID,
    pipeline: pipeline::ID,
    alerts: alerts::ID,
    labels: labels::ID,
};
static EN: Words = Words {
    frame: frame::EN,
    brand: brand::EN,
    cards: cards::EN,
    pipeline: pipeline::EN,
    alerts: alerts::EN,
    labels: labels::EN,
};

impl Lang {
    /// The words of the language.
    pub(crate) fn words(self) -> &'static Words {
        self.pick(&ID, &EN)
    }
}
