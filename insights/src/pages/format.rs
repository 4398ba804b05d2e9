//! Numbers and dates as a reader of a language writes them.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::words::Lang;

const MONTHS_ID: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
const MONTHS_EN: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS_ID: [&str; 7] = ["Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min"];
const DAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// From here on numbers are shortened: `12,3 rb`.
const SHORTENED_FROM: f64 = 10_000.0;

/// A whole number with the language's separators: `12.345`.
pub(crate) fn whole(lang: Lang, value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let separator = lang.pick('.', ',');
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    if value < 0.0 && digits != "0" { format!("−{text}") } else { text }
}

/// A number that fits a tile: `9.876`, `12,3 rb`, `1,2 jt`.
pub(crate) fn short(lang: Lang, value: f64) -> String {
    let units = [(1e9, lang.pick(" M", "B")), (1e6, lang.pick(" jt", "M")), (1e3, lang.pick(" rb", "K"))];
    let size = value.abs();
    if size < SHORTENED_FROM {
        return whole(lang, value);
    }
    // What rounds up to a thousand of a unit is one of the next.
    let (unit, name) = units.into_iter().find(|(unit, _)| size >= unit * 0.999_95).unwrap_or(units[2]);
    let scaled = value / unit;
    let figure = if scaled.abs() >= 999.5 { whole(lang, scaled) } else { decimal(lang, scaled, 1) };
    format!("{figure}{name}")
}

/// With so many decimals: `0,4`.
pub(crate) fn decimal(lang: Lang, value: f64, places: usize) -> String {
    let text = format!("{:.places$}", value.abs());
    let (before, after) = text.split_once('.').unwrap_or((&text, ""));
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    let before = whole(lang, before.parse().unwrap_or(0.0));
    if after.is_empty() {
        return format!("{sign}{before}");
    }
    format!("{sign}{before}{}{after}", lang.pick(',', '.'))
}

/// A share of one as percent with one decimal: `4,3%`.
pub(crate) fn percent(lang: Lang, share: f64) -> String {
    format!("{}%", decimal(lang, share * 100.0, 1))
}

/// With its sign, also where it grew: `+4,3%`.
pub(crate) fn signed(text: &str, value: f64) -> String {
    if value > 0.0 { format!("+{text}") } else { text.to_owned() }
}

/// `20 Nov`.
pub(crate) fn day(lang: Lang, date: Date) -> String {
    let month = usize::try_from(date.month() - 1).unwrap_or(0);
    let name = lang.pick(&MONTHS_ID, &MONTHS_EN).get(month).copied().unwrap_or("");
    format!("{} {name}", date.day())
}

/// `20 Nov 2026`.
pub(crate) fn full_day(lang: Lang, date: Date) -> String {
    format!("{} {}", day(lang, date), date.year())
}

/// `Kam 20 Nov`.
pub(crate) fn week_day(lang: Lang, date: Date) -> String {
    format!("{} {}", weekday(lang, date.weekday()), day(lang, date))
}

/// `Kam`.
pub(crate) fn weekday(lang: Lang, weekday: Weekday) -> &'static str {
    let at = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0);
    lang.pick(&DAYS_ID, &DAYS_EN).get(at).copied().unwrap_or("")
}

/// `20 Nov 14.05` in a zone.
pub(crate) fn moment(lang: Lang, at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    let colon = lang.pick('.', ':');
    format!("{} {:02}{colon}{:02}", day(lang, local.date()), local.hour(), local.minute())
}

/// How long ago: `3 jam lalu`.
pub(crate) fn ago(lang: Lang, at: Timestamp, now: Timestamp) -> String {
    let past = now.duration_since(at);
    if past < SignedDuration::from_mins(1) {
        return lang.pick("baru saja", "just now").to_owned();
    }
    let span = span(lang, past);
    lang.pick(format!("{span} lalu"), format!("{span} ago"))
}

/// A length in its largest unit: `3 jam`, `3 hours`.
pub(crate) fn span(lang: Lang, span: SignedDuration) -> String {
    let minutes = span.as_secs() / 60;
    let (count, id, en) = match minutes {
        ..60 => (minutes.max(0), "menit", "minute"),
        60..2880 => (minutes / 60, "jam", "hour"),
        _ => (minutes / 1440, "hari", "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    lang.pick(format!("{count} {id}"), format!("{count} {en}{plural}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_each_language_writes_them() {
        for (value, id, en) in [
            (0.0, "0", "0"),
            (987.0, "987", "987"),
            (-1234.0, "−1.234", "−1,234"),
            (9999.0, "9.999", "9,999"),
            (12_345.0, "12,3 rb", "12.3K"),
            (999_960.0, "1,0 jt", "1.0M"),
            (1_260_000.0, "1,3 jt", "1.3M"),
            (2_500_000_000.0, "2,5 M", "2.5B"),
        ] {
            assert_eq!((short(Lang::Id, value).as_str(), short(Lang::En, value).as_str()), (id, en));
        }
        assert_eq!(whole(Lang::Id, 1_234_567.0), "1.234.567");
        assert_eq!(percent(Lang::Id, -0.0004), "0,0%");
        assert_eq!(percent(Lang::En, 12.3456), "1,234.6%");
    }

    #[test]
    fn a_loss_has_its_sign_and_a_gain_too() {
        assert_eq!(signed(&percent(Lang::En, 0.05), 0.05), "+5.0%");
        assert_eq!(signed(&percent(Lang::En, -0.05), -0.05), "−5.0%");
        assert_eq!(signed(&percent(Lang::En, 0.0), 0.0), "0.0%");
    }

    #[test]
    fn dates_are_written_as_each_language_writes_them() {
        let date = jiff::civil::date(2026, 5, 20);
        assert_eq!(full_day(Lang::Id, date), "20 Mei 2026");
        assert_eq!(week_day(Lang::En, date), "Wed 20 May");
        let at: Timestamp = "2026-05-20T07:05:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(7));
        assert_eq!(moment(Lang::Id, at, &zone), "20 Mei 14.05");
        let past = |hours| span(Lang::En, SignedDuration::from_hours(hours));
        assert_eq!((past(1), past(47), past(72)), ("1 hour".into(), "47 hours".into(), "3 days".into()));
    }
}
