//! Cookies: reading one, and writing the session's.

use axum::http::{HeaderMap, header};

/// The session's cookie.
pub(crate) const SESSION: &str = "cekbrand_session";

/// The value of a cookie.
pub(crate) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let sent = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(held, value)| (held == name).then_some(value))
}

/// The header that keeps a session in the browser for so many seconds; 0 takes it away. Only over TLS where
/// the request came over TLS.
pub(crate) fn session(token: &str, seconds: i64, headers: &HeaderMap) -> String {
    let is_tls = headers.get("x-forwarded-proto").is_some_and(|value| value == "https");
    let secure = if is_tls { "; Secure" } else { "" };
    format!("{SESSION}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "xlang=en; theme=dark".parse().unwrap());
        headers.append(header::COOKIE, "lang=id".parse().unwrap());
        assert_eq!((find(&headers, "lang"), find(&headers, "theme")), (Some("id"), Some("dark")));
        assert_eq!(find(&headers, "them"), None);
    }

    #[test]
    fn a_session_behind_tls_stays_behind_tls() {
        let mut headers = HeaderMap::new();
        assert_eq!(
            session("t", 9, &headers),
            "cekbrand_session=t; Path=/; Max-Age=9; HttpOnly; SameSite=Strict"
        );
        headers.insert("x-forwarded-proto", "https".parse().unwrap());
        assert!(session("t", 9, &headers).ends_with("; Secure"));
    }
}
