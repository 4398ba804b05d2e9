//! Makes an answer's body fit to be kept. Paging URLs carry the caller's token: their query is cut off.

/// The body without the query of any `next` or `previous` URL, or of any other URL that carries a token.
/// Everything else stays as it was received, byte by byte.
pub fn strip(body: &str) -> String {
    let mut kept = String::with_capacity(body.len());
    let mut key = "";
    let mut rest = body;
    while let Some(start) = rest.find('"') {
        let (before, string) = rest.split_at(start + 1);
        let length = string_length(string);
        let (content, after) = string.split_at(length);
        kept.push_str(before);
        if after.get(1..).is_some_and(|tail| tail.trim_start().starts_with(':')) {
            key = content;
            kept.push_str(content);
        } else {
            kept.push_str(without_query(key, content));
        }
        rest = after;
        // The closing quote, unless the body ends inside a string.
        if let Some(tail) = rest.strip_prefix('"') {
            kept.push('"');
            rest = tail;
        }
    }
    kept.push_str(rest);
    kept
}

/// Text that people read (an error's message) with the query of every URL in it cut off.
pub fn strip_prose(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace);
    words
        .map(|word| match (word.find("://"), word.find('?')) {
            (Some(scheme), Some(query)) if scheme < query => {
                let space = &word[word.trim_end().len()..];
                format!("{}{space}", &word[..query])
            }
            _ => word.to_owned(),
        })
        .collect()
}

/// The bytes up to the quote that ends a JSON string.
fn string_length(string: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in string.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    string.len()
}

fn without_query<'a>(key: &str, content: &'a str) -> &'a str {
    let is_url = content.starts_with("http");
    let carries_token = content.contains("access_token") || content.contains("appsecret_proof");
    if !(matches!(key, "next" | "previous") || (is_url && carries_token)) {
        return content;
    }
    let ends = ["?", "\\u003f", "\\u003F"];
    let end = ends.iter().filter_map(|mark| content.find(mark)).min();
    &content[..end.unwrap_or(content.len())]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_query_of_paging_urls_is_cut_off() {
        let body = r#"{"data":[{"caption":"next? \"really?\""}], "paging" : {"cursors":{"after":"QVF?"},
            "next" : "https:\/\/graph.facebook.com\/v25.0\/1\/media?access_token=EAAB&after=QVF",
            "previous":"https://graph.facebook.com/v25.0/1/media\u003faccess_token=EAAB"}}"#;
        let kept = r#"{"data":[{"caption":"next? \"really?\""}], "paging" : {"cursors":{"after":"QVF?"},
            "next" : "https:\/\/graph.facebook.com\/v25.0\/1\/media",
            "previous":"https://graph.facebook.com/v25.0/1/media"}}"#;
        assert_eq!(strip(body), kept);
    }

    #[test]
    fn a_url_that_carries_a_token_is_cut_off_wherever_it_stands() {
        let body = r#"["https://x.example/a?access_token=EAAB", "https://x.example/b?x=1",
            "https://x.example/c?appsecret_proof=ab12"]"#;
        assert_eq!(
            strip(body),
            r#"["https://x.example/a", "https://x.example/b?x=1",
            "https://x.example/c"]"#
        );
    }

    #[test]
    fn prose_keeps_its_words_and_loses_queries() {
        let text = "Call to https://graph.facebook.com/v25.0/1?access_token=EAAB failed. Why?";
        assert_eq!(strip_prose(text), "Call to https://graph.facebook.com/v25.0/1 failed. Why?");
    }

    proptest! {
        #[test]
        fn a_body_without_urls_is_kept_byte_by_byte(body in any::<String>()) {
            prop_assume!(!body.contains("http") && !body.contains("next") && !body.contains("previous"));
            prop_assert_eq!(strip(&body), body);
        }

        #[test]
        fn no_token_is_left_however_the_url_is_written(
            before in r#"[{}\[\],:"a-z\\ ]{0,12}"#, path in "[a-z/\\\\]{0,8}", query in "[?]|\\\\u003f|\\\\u003F"
        ) {
            let url = format!("http{path}{query}access_token=SECRET");
            let body = format!(r#"{{"paging":{{"next":"{url}"}},"x":"{url}"}}"#);
            prop_assert!(!strip(&body).contains("SECRET"));
            strip(&(before + &body));
        }
    }
}
