//! Colours of the pages.

use axum::http::HeaderMap;

use super::cookies;

/// Colours of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// What the reader's system says.
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// `data-theme` of the document.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn of(code: &str) -> Option<Self> {
        [Self::Auto, Self::Light, Self::Dark].into_iter().find(|theme| theme.code() == code)
    }
}

/// As asked for, or as last chosen.
pub(crate) fn theme(asked: Option<&str>, headers: &HeaderMap) -> Theme {
    asked
        .and_then(Theme::of)
        .or_else(|| cookies::find(headers, "theme").and_then(Theme::of))
        .unwrap_or(Theme::Auto)
}
