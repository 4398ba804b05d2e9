//! Every word of the pages, in each language. A word is a field of a struct, and a language is a value of
//! it: where one is missing, the program does not compile.

pub(crate) mod absences;
mod brand;
mod cards;
mod frame;
mod glossary;
mod pipeline;
pub(crate) mod sentences;

pub(crate) use brand::BrandWords;
pub(crate) use cards::CardWords;
pub(crate) use frame::FrameWords;
pub(crate) use glossary::{Entry, glossary};
pub(crate) use pipeline::{PipelineWords, next_command, parked_reason};

/// A language that pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lang {
    /// Indonesian.
    #[default]
    Id,
    /// English.
    En,
}

impl Lang {
    /// As in `lang` of the address and of the document.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::En => "en",
        }
    }

    /// The language of a code, if pages speak it.
    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Id, Self::En].into_iter().find(|lang| lang.code() == code)
    }

    /// The first language of an `Accept-Language` header that pages speak; `in` is Indonesian's old code.
    pub(crate) fn accepted(header: &str) -> Option<Self> {
        header.split(',').find_map(|part| {
            let tag = part.split([';', '-']).next().unwrap_or("").trim().to_ascii_lowercase();
            if tag == "in" { Some(Self::Id) } else { Self::of(&tag) }
        })
    }

    /// One of two wordings.
    pub(crate) fn pick<T>(self, id: T, en: T) -> T {
        match self {
            Self::Id => id,
            Self::En => en,
        }
    }
}

/// All words of one language.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) frame: FrameWords,
    pub(crate) brand: BrandWords,
    pub(crate) cards: CardWords,
    pub(crate) pipeline: PipelineWords,
}

static ID: Words = Words { frame: frame::ID, brand: brand::ID, cards: cards::ID, pipeline: pipeline::ID };
static EN: Words = Words { frame: frame::EN, brand: brand::EN, cards: cards::EN, pipeline: pipeline::EN };

impl Lang {
    /// The words of the language.
    pub(crate) fn words(self) -> &'static Words {
        self.pick(&ID, &EN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_pages_speak_is_taken() {
        assert_eq!(Lang::accepted("de-DE,de;q=0.9,en;q=0.8,id;q=0.7"), Some(Lang::En));
        assert_eq!(Lang::accepted("in-ID"), Some(Lang::Id));
        assert_eq!(Lang::accepted("ID"), Some(Lang::Id));
        assert_eq!(Lang::accepted("fr"), None);
        assert_eq!(Lang::accepted(""), None);
    }
}
