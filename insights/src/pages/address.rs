//! Parts of addresses: queries, and paths of ours.

/// Name and value of each pair of a query or a form.
pub(crate) fn form_pairs(encoded: &str) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(encoded.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()))
}

/// The query of these pairs.
pub(crate) fn encode(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A path of ours and nothing else: nobody is sent to another site after signing in.
pub(crate) fn own_path(asked: &str) -> &str {
    let is_own = asked.starts_with('/')
        && !asked.starts_with("//")
        && !asked.contains('\\')
        && asked.bytes().all(|byte| byte.is_ascii_graphic());
    if is_own { asked } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for (asked, goes_to) in [
            ("/accounts/1?lang=id", "/accounts/1?lang=id"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nSet-Cookie: x=1", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_path(asked), goes_to);
        }
    }
}
