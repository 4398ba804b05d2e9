//! Meta's ways of writing an instant: seconds or milliseconds, as a number or as text, or text of two kinds.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// Above this a number counts milliseconds: as seconds it would lie after the year 5000.
const SECONDS_END: i64 = 100_000_000_000;

/// Reads the Graph API's timestamps, `2021-08-19T09:14:16+0000`, and RFC 3339. `None` for anything else.
pub fn parse_graph_time(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    strtime::parse("%Y-%m-%dT%H:%M:%S%z", text).ok()?.to_timestamp().ok()
}

/// Reads a number that counts seconds or milliseconds since 1970, told apart by magnitude. `None` for what is
/// not after 1970 or lies beyond the calendar.
pub fn from_number(number: i64) -> Option<Timestamp> {
    match number {
        ..=0 => None,
        1..SECONDS_END => Timestamp::from_second(number).ok(),
        _ => Timestamp::from_millisecond(number).ok(),
    }
}

/// Reads `entry.time` as it stands in a delivery: a JSON number or a JSON string that holds a number or a
/// date. `None` where it says no instant, as in documentation placeholders.
pub fn from_json(raw: &str) -> Option<Timestamp> {
    let text = raw.trim().trim_matches('"');
    match text.parse() {
        Ok(number) => from_number(number),
        Err(_) => parse_graph_time(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_an_instant_is_read() {
        let second = "2023-09-18T18:28:25Z".parse().ok();
        for raw in [
            "1695061705",
            "1695061705000",
            "\"1695061705\"",
            "\"2023-09-18T18:28:25+0000\"",
            "\"2023-09-18T18:28:25Z\"",
        ] {
            assert_eq!(from_json(raw), second, "{raw}");
        }
    }

    #[test]
    fn what_says_no_instant_is_none() {
        for raw in [
            "null",
            "\"<TIME>\"",
            "0",
            "-5",
            "1e3",
            "{}",
            "\"\"",
            "99999999999999999",
            "99999999999999999999999",
        ] {
            assert_eq!(from_json(raw), None, "{raw}");
        }
    }
}
