//! One read, described without its credentials: the description is what logs, spans and recorded answers may
//! show.

use std::borrow::Cow;

/// One read of the Graph API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    fetch: Cow<'static, str>,
    path: String,
    query: Vec<(Cow<'static, str>, String)>,
    is_addressable: bool,
}

impl Request {
    /// A read of a node. `fetch` names the kind of read in `instagram.fetch_catalogue`.
    pub fn node(fetch: &'static str, id: &str) -> Self {
        Self { fetch: fetch.into(), path: id.to_owned(), query: Vec::new(), is_addressable: is_plain(id) }
    }

    /// A read of what belongs to a node, such as its `insights`.
    pub fn edge(fetch: &'static str, id: &str, edge: &'static str) -> Self {
        let node = Self::node(fetch, id);
        Self { path: format!("{id}/{edge}"), ..node }
    }

    /// With a parameter.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// With another value of a parameter.
    #[must_use]
    pub fn replaced(mut self, name: &'static str, value: impl Into<String>) -> Self {
        match self.query.iter_mut().find(|(known, _)| known == name) {
            Some((_, held)) => *held = value.into(),
            None => self.query.push((name.into(), value.into())),
        }
        self
    }

    /// With a parameter that names another object by its id.
    #[must_use]
    pub fn with_id(mut self, name: &'static str, id: &str, value: impl Into<String>) -> Self {
        self.is_addressable &= is_plain(id);
        self.with(name, value)
    }

    /// With a parameter that names an account by its user name.
    #[must_use]
    pub fn with_name(mut self, name: &'static str, username: &str, value: impl Into<String>) -> Self {
        self.is_addressable &= is_username(username);
        self.with(name, value)
    }

    /// Of which a parameter holds a cursor among other things.
    #[must_use]
    pub fn naming(mut self, cursor: &str) -> Self {
        self.is_addressable &= is_cursor(cursor);
        self
    }

    /// The kind of read, as in `instagram.fetch_catalogue`.
    pub fn fetch(&self) -> &str {
        &self.fetch
    }

    /// The path below the version, without a leading slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query without credentials.
    pub fn query(&self) -> &[(Cow<'static, str>, String)] {
        &self.query
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `path?query`, readable and without credentials: what is kept beside the answer.
    pub fn describe(&self) -> String {
        let query: Vec<_> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}?{}", self.path, query.join("&"))
    }

    /// The read that a description was made of.
    pub fn recorded(fetch: &str, description: &str) -> Self {
        let (path, query) = description.split_once('?').unwrap_or((description, ""));
        let parameter = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (Cow::Owned(name.to_owned()), value.to_owned())
        };
        Self {
            fetch: Cow::Owned(fetch.to_owned()),
            path: path.to_owned(),
            query: query.split('&').filter(|pair| !pair.is_empty()).map(parameter).collect(),
            is_addressable: path.split('/').all(is_plain),
        }
    }

    /// Whether all ids can stand in a path and in a field expansion. They come from outside: `../x` or
    /// `1){id}` could ask for something else.
    pub fn is_addressable(&self) -> bool {
        self.is_addressable
    }
}

fn is_plain(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn is_username(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
}

fn is_cursor(cursor: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_-=+/".contains(&b);
    (1..=2048).contains(&cursor.len()) && cursor.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insights() -> Request {
        Request::edge("ig_media_insights", "17900000000000001", "insights")
            .with("metric", "reach,views")
            .with("period", "lifetime")
    }

    #[test]
    fn a_request_says_what_it_asks_without_credentials() {
        assert_eq!(insights().describe(), "17900000000000001/insights?metric=reach,views&period=lifetime");
        assert_eq!(insights().parameter("metric"), Some("reach,views"));
        let other = insights().replaced("metric", "likes").replaced("since", "1");
        assert_eq!(other.describe(), "17900000000000001/insights?metric=likes&period=lifetime&since=1");
    }

    #[test]
    fn a_request_is_made_again_from_its_description() {
        let cursor = Request::edge("ig_user_media", "178414", "media").with("after", "QVFI==");
        for request in [insights(), cursor, Request::node("ig_user", "178414")] {
            assert_eq!(Request::recorded(request.fetch(), &request.describe()), request);
        }
    }

    #[test]
    fn an_id_that_could_ask_for_something_else_is_not_addressable() {
        for id in ["", "../me", "1?fields=x", "1/insights", "1){id},me(1", "1 2", "١٢", &"9".repeat(129)] {
            assert!(!Request::node("ig_media", id).is_addressable(), "{id}");
            assert!(!Request::node("ig_user", "1").with_id("fields", id, id).is_addressable(), "{id}");
        }
        assert!(Request::node("ig_media", "17841400008460056_12-a").is_addressable());
    }

    #[test]
    fn a_user_name_or_a_cursor_that_could_ask_for_something_else_is_not_addressable() {
        let request = || Request::node("ig_business_discovery", "1");
        for name in ["", "a b", "a){id},me(b", "@toko", "caf\u{e9}", &"x".repeat(65)] {
            assert!(!request().with_name("fields", name, name).is_addressable(), "{name}");
        }
        assert!(request().with_name("fields", "toko.kopi_1", "x").is_addressable());
        for cursor in ["", "a)", "a,b", "a{b", "a b"] {
            assert!(!request().naming(cursor).is_addressable(), "{cursor}");
        }
        assert!(request().naming("QVFIUm-x_9==").is_addressable());
    }
}
