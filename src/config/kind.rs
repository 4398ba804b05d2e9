//! What a setting's text must look like, and how it becomes a value.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cekbrand_workers::tell::mail::is_sender;
use secrecy::SecretString;

/// The form of a setting's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything that is not empty.
    Text,
    /// Anything, also nothing.
    Prefix,
    /// `address:port` to listen on.
    Address,
    /// `host:port`, comma separated.
    Brokers,
    /// A whole number of at least 1.
    Number,
    /// A whole number from 1 to 100.
    Percent,
    /// A zone's distance from UTC in whole hours, from -12 to 14.
    Hours,
    /// A number with a unit: `50ms`, `25s`, `15min`, `12h`, `14d`.
    Duration,
    /// `http://` or `https://`, without a trailing slash.
    Url,
    /// `postgres://` with its credentials.
    DatabaseUrl,
    /// `Name <user@example.com>`, or an address of mail alone.
    Mailbox,
    /// A secret text.
    Secret,
    /// `[label=]secret`, comma separated.
    AppSecrets,
    /// 32 bytes in base64, comma separated.
    Keys,
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl Kind {
    /// Whether the text must not be shown, and may be given by a file.
    pub(crate) const fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::AppSecrets | Self::Keys | Self::DatabaseUrl)
    }

    /// Says what is wrong with a text; never repeats a secret.
    pub(crate) fn check(self, text: &str) -> Result<(), String> {
        match self {
            Self::Prefix => Ok(()),
            Self::Text | Self::Secret => require(!text.is_empty(), "something"),
            Self::Address => parse_address(text).map(drop),
            Self::Brokers => require(text.split(',').all(is_host_and_port), "host:port, comma separated"),
            Self::Number => parse_number(text).map(drop),
            Self::Percent => {
                parse_number(text).and_then(|n| require(n <= 100, "a whole number from 1 to 100"))
            }
            Self::Hours => parse_hours(text).map(drop),
            Self::Duration => parse_duration(text).map(drop),
            Self::Url => check_url(text),
            Self::Mailbox => {
                require(is_sender(text), "a mail address, such as CekBrand <alerts@example.com>")
            }
            Self::DatabaseUrl => check_database_url(text),
            Self::AppSecrets => parse_app_secrets(text).map(drop),
            Self::Keys => check_keys(text),
            Self::Choice(words) => require(words.contains(&text), &words.join(" or ")),
        }
    }
}

/// Reads `address:port`.
pub(crate) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:8080".to_owned())
}

/// Reads a whole number of at least 1; `_` may group digits.
pub(crate) fn parse_number(text: &str) -> Result<u64, String> {
    let number = text.replace('_', "").parse().map_err(|_| "expected a whole number".to_owned())?;
    require(number >= 1, "a whole number of at least 1")?;
    Ok(number)
}

/// Reads a zone's distance from UTC in whole hours.
pub(crate) fn parse_hours(text: &str) -> Result<i32, String> {
    let expected = "expected whole hours from UTC, from -12 to 14, such as -7";
    text.parse().ok().filter(|hours| (-12..=14).contains(hours)).ok_or_else(|| expected.to_owned())
}

/// Reads a number with a unit. Stricter than libraries are: one of them takes `15M` for months.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected = || "expected a number with a unit, such as 50ms, 25s, 15min, 12h or 14d".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
    let number: u64 = text[..digits].parse().map_err(|_| expected())?;
    let milliseconds = match text[digits..].trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(expected()),
    };
    let total = number.checked_mul(milliseconds).filter(|total| *total > 0).ok_or_else(expected)?;
    Ok(Duration::from_millis(total))
}

/// A secret of the app, and what it is called in logs and envelopes.
#[derive(Debug, Clone)]
pub(crate) struct AppSecret {
    pub(crate) label: String,
    pub(crate) secret: SecretString,
}

/// Reads `[label=]secret`, comma separated. A secret without a label is called by its place: `1`, `2`, ...
pub(crate) fn parse_app_secrets(text: &str) -> Result<Vec<AppSecret>, String> {
    let mut secrets: Vec<AppSecret> = Vec::new();
    for (index, part) in text.split(',').map(str::trim).enumerate() {
        let (label, secret) = match part.split_once('=') {
            Some((label, secret)) => (label.to_owned(), secret.to_owned()),
            None => ((index + 1).to_string(), part.to_owned()),
        };
        require(!label.is_empty() && !secret.is_empty(), "[label=]secret, comma separated")?;
        require(secrets.iter().all(|other| other.label != label), "each label once")?;
        secrets.push(AppSecret { label, secret: SecretString::from(secret) });
    }
    Ok(secrets)
}

/// A secret's text, and everything in it that is a secret by itself.
pub(super) fn secret_parts(text: &str) -> Vec<String> {
    let mut parts = vec![text.to_owned()];
    let items = text.split(',').map(str::trim);
    // A part of an address is no secret.
    if text.contains("://") {
        let authority = text.split("://").nth(1).and_then(|rest| rest.rsplit_once('@')).map(|(user, _)| user);
        if let Some((_, password)) = authority.and_then(|user| user.split_once(':')) {
            parts.extend([password.to_owned(), percent_decoded(password)]);
        }
        return parts;
    }
    for item in items {
        parts.push(item.to_owned());
        parts.extend(item.split_once('=').map(|(_, secret)| secret.to_owned()));
    }
    // The padding of a key is no secret, nor is anything that short.
    parts.retain(|part| part.len() >= 4);
    parts
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = (byte == b'%').then(|| rest.clone().take(2).collect::<Vec<_>>());
        let decoded = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok());
        if decoded.is_some() {
            rest.nth(1);
        }
        bytes.push(decoded.unwrap_or(byte));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.trim().rsplit_once(':') else { return false };
    !host.is_empty() && port.parse::<u16>().is_ok()
}

fn check_url(text: &str) -> Result<(), String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    require(
        rest.is_some_and(|rest| !rest.is_empty() && !rest.ends_with('/')),
        "an http(s):// address without a trailing slash",
    )
}

fn check_database_url(text: &str) -> Result<(), String> {
    let valid = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme))
        && text.parse::<sqlx::postgres::PgConnectOptions>().is_ok();
    require(valid, "postgres://user:password@host:port/database")
}

fn check_keys(text: &str) -> Result<(), String> {
    let whole = |part: &str| STANDARD.decode(part.trim()).is_ok_and(|key| key.len() == 32);
    require(text.split(',').all(whole), "32 bytes in base64, comma separated (`cekbrand init` makes one)")
}

fn require(holds: bool, expected: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("expected {expected}")) }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(parse_duration("15 min"), Ok(Duration::from_mins(15)));
        assert_eq!(parse_duration("14d"), Ok(Duration::from_hours(14 * 24)));
        for wrong in
            ["", "5", "s", "-5s", "1.5h", "0s", "5 weeks", "99999999999999999999d", "9999999999999999d"]
        {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn app_secrets_have_labels_or_places() {
        let read = |text| -> Vec<(String, String)> {
            let secrets = parse_app_secrets(text).unwrap();
            secrets.into_iter().map(|each| (each.label, each.secret.expose_secret().to_owned())).collect()
        };
        assert_eq!(read("abc"), [("1".to_owned(), "abc".to_owned())]);
        let two = [("new".to_owned(), "a".to_owned()), ("2".to_owned(), "b".to_owned())];
        assert_eq!(read("new=a, b"), two);
        for wrong in ["", "a,", "=a", "x=", "x=1,x=2"] {
            assert!(parse_app_secrets(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_kind_refuses_what_it_is_not() {
        for (kind, right, wrong) in [
            (Kind::Address, "[::1]:80", "localhost:80"),
            (Kind::Brokers, "a:1,b:2", "a:1,b"),
            (Kind::Percent, "100", "101"),
            (Kind::Hours, "-7", "-7.5"),
            (Kind::Hours, "14", "15"),
            (Kind::Url, "https://example.org", "https://example.org/"),
            (Kind::DatabaseUrl, "postgres://u:p@h:5/d", "mysql://h/d"),
            (Kind::Keys, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAA"),
            (Kind::Choice(&["a", "b"]), "b", "c"),
            (Kind::Text, "x", ""),
        ] {
            assert_eq!(kind.check(right), Ok(()), "{kind:?}");
            assert!(kind.check(wrong).is_err(), "{kind:?}");
        }
    }
}
