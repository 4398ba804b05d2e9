//! Which language a comment is in, by counting the words that only one of the two uses.

/// The language of a comment, as far as its words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Indonesian, with its slang and the Javanese and Sundanese words in it.
    Indonesian,
    /// English.
    English,
    /// Both.
    Mixed,
    /// No word that tells.
    Undetermined,
}

impl Language {
    /// `id`, `en`, `mixed` or `und`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Indonesian => "id",
            Self::English => "en",
            Self::Mixed => "mixed",
            Self::Undetermined => "und",
        }
    }

    /// Judges by the number of Indonesian and English words; one English word in five is still Indonesian.
    pub(crate) fn of(indonesian: usize, english: usize) -> Self {
        match (indonesian, english) {
            (0, 0) => Self::Undetermined,
            (id, en) if en * 4 <= id => Self::Indonesian,
            (id, en) if id * 4 <= en => Self::English,
            _ => Self::Mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_foreign_words_do_not_make_a_comment_mixed() {
        assert_eq!(Language::of(4, 1), Language::Indonesian);
        assert_eq!(Language::of(1, 5), Language::English);
        assert_eq!(Language::of(2, 2), Language::Mixed);
        assert_eq!(Language::of(0, 0), Language::Undetermined);
    }
}
