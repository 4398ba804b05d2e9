//! The languages of the pages.

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
