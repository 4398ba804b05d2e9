//! What is told, in sentences, in the reader's language.

use super::store::{Digest, Firing, Week, WeekFigure};

/// A language in which people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Indonesian.
    Id,
    /// English.
    En,
}

impl Lang {
    /// The language of a code; Indonesian where nobody speaks it.
    pub fn of(code: &str) -> Self {
        if code == "en" { Self::En } else { Self::Id }
    }

    /// `id` or `en`.
    pub fn code(self) -> &'static str {
        self.pick("id", "en")
    }

    fn pick<T>(self, id: T, en: T) -> T {
        match self {
            Self::Id => id,
            Self::En => en,
        }
    }
}

/// What came to hold, in a sentence.
pub fn alert(lang: Lang, firing: &Firing) -> String {
    let who = name(firing.username.as_deref(), &firing.account_id);
    let said = match firing.metric.as_str() {
        "token_at_risk" if firing.value > 0.0 => lang.pick(
            "token tidak ada, mati, atau berakhir dalam 7 hari: hubungkan lagi akunnya".to_owned(),
            "the token is missing, dead, or ends within 7 days: connect the account again".to_owned(),
        ),
        "stories_at_risk" => {
            let count = number(lang, firing.value);
            lang.pick(
                format!("{count} story berakhir kurang dari 6 jam lagi dan angkanya belum tersimpan"),
                format!("{count} live stories end within 6 hours and have no figure yet"),
            )
        }
        _ => figure_said(lang, firing),
    };
    format!("{who}: {said} ({})", firing.rule_name)
}

fn figure_said(lang: Lang, firing: &Firing) -> String {
    let figure = metric(lang, &firing.metric);
    let days = firing.timeframe;
    let of_days = if firing.metric == "negative_comments_today" || firing.metric == "token_at_risk" {
        String::new()
    } else {
        lang.pick(format!(" ({days} hari)"), format!(" ({days} days)"))
    };
    let beyond = match firing.direction.as_str() {
        "above" => lang.pick("di atas", "above"),
        _ => lang.pick("di bawah", "below"),
    };
    if firing.measure == "value" {
        let (value, threshold) = (number(lang, firing.value), number(lang, firing.threshold));
        return lang.pick(
            format!("{figure}{of_days} {value}, {beyond} {threshold}"),
            format!("{figure}{of_days}: {value}, {beyond} {threshold}"),
        );
    }
    let against = match firing.measure.as_str() {
        "growth" => lang.pick("dibanding periode sebelumnya", "against the period before"),
        _ => lang.pick("dibanding biasanya", "against what is usual"),
    };
    let (value, threshold) = (change(lang, firing.value), change(lang, firing.threshold));
    lang.pick(
        format!("{figure}{of_days} {value} {against}, {beyond} {threshold}"),
        format!("{figure}{of_days}: {value} {against}, {beyond} {threshold}"),
    )
}

/// The head of a digest.
pub fn digest_subject(digest: &Digest) -> String {
    let who = name(digest.username.as_deref(), &digest.account_id);
    let (from, to) = week_of(digest);
    digest.channel.lang.pick(
        format!("{who}: ringkasan minggu {from} sampai {to}"),
        format!("{who}: the week from {from} to {to}"),
    )
}

/// First and last day of the week that a digest is about.
pub fn week_of(digest: &Digest) -> (jiff::civil::Date, jiff::civil::Date) {
    use jiff::ToSpan;
    (digest.monday.saturating_sub(7.days()), digest.monday.saturating_sub(1.day()))
}

/// A digest in lines. A figure that is not known says so; it is never 0.
pub fn digest(digest: &Digest, week: &Week) -> String {
    let lang = digest.channel.lang;
    let mut lines: Vec<String> = week.figures.iter().map(|figure| figure_line(lang, figure)).collect();
    let (saved, lost) = (week.stories_saved, week.stories_lost);
    lines.push(lang.pick(
        format!("Story: {saved} tersimpan, {lost} hilang"),
        format!("Stories: {saved} saved, {lost} lost"),
    ));
    lines.push(lang.pick(format!("Peringatan: {}", week.alerts), format!("Alerts: {}", week.alerts)));
    lines.join("\n")
}

/// The end of a message: who sends it, and where that is changed.
pub fn mail_footer(lang: Lang) -> &'static str {
    lang.pick(
        "-- \nDikirim oleh CekBrand. Penerima diatur di halaman peringatan akun ini.",
        "-- \nSent by CekBrand. Who is told is set on the account's page of alerts.",
    )
}

fn figure_line(lang: Lang, figure: &WeekFigure) -> String {
    let name = metric(lang, &figure.metric);
    let Some(value) = figure.value else {
        return format!("{name}: {}", lang.pick("belum diketahui", "not known"));
    };
    let value = number(lang, value);
    match figure.growth {
        Some(growth) => format!("{name}: {value} ({})", change(lang, growth)),
        None => format!("{name}: {value}"),
    }
}

fn metric(lang: Lang, metric: &str) -> &str {
    match metric {
        "followers" => lang.pick("Pengikut", "Followers"),
        "reach" => lang.pick("Jangkauan", "Reach"),
        "views" => lang.pick("Tayangan", "Views"),
        "engagement" => lang.pick("Interaksi", "Engagement"),
        "negative_comments" => lang.pick("Komentar negatif", "Negative comments"),
        "negative_comments_today" => lang.pick("Komentar negatif hari ini", "Negative comments today"),
        "token_at_risk" => lang.pick("Token berisiko", "Token at risk"),
        other => other,
    }
}

fn name(username: Option<&str>, account_id: &str) -> String {
    username.map_or_else(|| account_id.to_owned(), |username| format!("@{username}"))
}

/// `12.345` or `12,345`; decimals where there are.
fn number(lang: Lang, value: f64) -> String {
    let decimals = usize::from(value.fract() != 0.0);
    let text = format!("{:.decimals$}", value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let (thousands, point) = lang.pick((".", ","), (",", "."));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push_str(thousands);
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    if part.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}{point}{part}") }
}

/// `+5,0 %`.
fn change(lang: Lang, growth: f64) -> String {
    let text = format!("{:+.1} %", growth * 100.0);
    lang.pick(text.replace('.', ","), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_reader_does() {
        assert_eq!(number(Lang::Id, 1_234_567.0), "1.234.567");
        assert_eq!(number(Lang::En, 1_234.5), "1,234.5");
        assert_eq!(number(Lang::En, -999.0), "-999");
        assert_eq!(change(Lang::Id, -0.257), "-25,7 %");
        assert_eq!(change(Lang::En, 0.05), "+5.0 %");
    }

    #[test]
    fn an_unknown_figure_is_said_to_be_unknown() {
        let figure = WeekFigure {
            metric: "reach".to_owned(),
            day: None,
            value: None,
            growth: None,
            absence: Some("not_yet".to_owned()),
        };
        assert_eq!(figure_line(Lang::En, &figure), "Reach: not known");
    }
}
