//! `/media/{id}`: one post, reel or story: every figure with its history and source, and its comments.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use cekbrand_schema::Absence;
use cekbrand_schema::metric::{self, Unit};

use super::account::Account;
use super::cards::cells::kind;
use super::cards::comments::{self, CommentsCard};
use super::respond::{Frame, SignedIn, html};
use super::words::{CardWords, Lang, absences};
use super::{drawing, format, labels};
use crate::api::Api;
use crate::problem::Problem;
use crate::query::post::{self, FigureDay, PostDetail};

#[derive(Template)]
#[template(path = "medium.html")]
struct Medium<'a> {
    frame: &'a Frame,
    account: &'a Account,
    row: &'a PostDetail,
    kind: &'static str,
    symbol: &'static str,
    published: String,
    permalink: &'a str,
    is_gone: bool,
    figures: Vec<Figure>,
    card: CommentsCard,
    labels: Vec<labels::Choice>,
    add_label: String,
}

/// One figure of the medium, and how it came about.
struct Figure {
    name: String,
    meaning: &'static str,
    value: String,
    title: String,
    is_absent: bool,
    source: &'static str,
    observed: String,
    line: String,
    width: u32,
    history: String,
}

/// The page.
pub(crate) async fn page(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let medium = post::find(&api.pool, &id, frame.scope()).await?.ok_or(Problem::NotFound)?;
    let account = Account::find(&api, &frame, &medium.account_id).await?;
    let history = post::history(&api.pool, &id).await?;
    let words = &frame.view.words().cards;
    let at = medium.published_at.map(|at| at.0);
    // All comments of the medium, whenever they were made.
    let first = at.map_or(account.period.from, |at| account.local_day(at)).yesterday();
    let days = account.local(first.unwrap_or(account.period.from), account.today);
    let (kind, symbol) = kind(words, medium.media_product_type.as_deref(), medium.media_type.as_deref());
    let page = Medium {
        labels: labels::of_medium(&api, &account.row.id, &id).await?,
        add_label: format!("/media/{id}/labels"),
        card: comments::read(&api, &frame, days, &id).await?,
        kind,
        symbol,
        published: at.map_or_else(|| "—".to_owned(), |at| format::moment(frame.view.lang, at, &account.zone)),
        permalink: instagram_link(medium.permalink.as_deref()),
        is_gone: medium.deleted_at.is_some(),
        figures: figures(&frame, words, &history),
        frame: &frame,
        account: &account,
        row: &medium,
    };
    html(&page)
}

/// Nothing that strangers wrote becomes a link but Instagram's own address.
fn instagram_link(permalink: Option<&str>) -> &str {
    permalink.filter(|link| link.starts_with("https://www.instagram.com/")).unwrap_or("")
}

fn figures(frame: &Frame, words: &CardWords, history: &[FigureDay]) -> Vec<Figure> {
    let mut by_metric: BTreeMap<&str, Vec<&FigureDay>> = BTreeMap::new();
    // The parts of a figure have no line of their own.
    for row in history.iter().filter(|row| row.breakdown.is_empty()) {
        by_metric.entry(&row.metric).or_default().push(row);
    }
    by_metric.into_iter().filter_map(|(metric, rows)| figure(frame, words, metric, &rows)).collect()
}

fn figure(frame: &Frame, words: &CardWords, metric: &str, rows: &[&FigureDay]) -> Option<Figure> {
    let lang = frame.view.lang;
    // What was known once stays known.
    let newest = rows.iter().rev().find(|row| row.value.is_some()).or(rows.last())?;
    let values: Vec<Option<f64>> = rows.iter().map(|row| known(row)).collect();
    let title = known(newest).map_or_else(|| why(lang, newest), |value| format::whole(lang, value));
    let each = rows.iter().map(|row| {
        let shown = known(row).map_or_else(|| why(lang, row), |value| shown(lang, metric, value));
        format!("{}: {shown}", format::day(lang, row.day))
    });
    Some(Figure {
        name: name(lang, metric),
        meaning: metric::find(metric).map_or("", |found| found.description),
        value: known(newest).map_or_else(|| "—".to_owned(), |value| shown(lang, metric, value)),
        title,
        is_absent: newest.value.is_none(),
        source: match newest.source {
            Some("webhook") => words.saved_by_webhook,
            Some("backfill") => words.saved_later,
            _ => words.saved_by_poll,
        },
        observed: newest.observed_at.map_or_else(String::new, |at| format::ago(lang, at.0, frame.now)),
        line: drawing::sparkline(&values),
        width: u32::try_from(values.len()).unwrap_or(1).saturating_mul(10),
        history: each.collect::<Vec<_>>().join("\n"),
    })
}

fn known(row: &FigureDay) -> Option<f64> {
    row.value.and_then(|value| f64::try_from(value.0).ok())
}

fn why(lang: Lang, row: &FigureDay) -> String {
    let absence = row.absence.as_deref().and_then(|word| word.parse::<Absence>().ok());
    absence.map_or(absences::never_read(lang), |absence| absences::absence(lang, absence)).to_owned()
}

/// Times are told in seconds, shares in percent.
fn shown(lang: Lang, metric: &str, value: f64) -> String {
    match metric::find(metric).map(|known| known.unit) {
        Some(Unit::Milliseconds) => {
            let seconds = format::decimal(lang, value / 1000.0, 1);
            lang.pick(format!("{seconds} dtk"), format!("{seconds} s"))
        }
        // Instagram gives a fraction of one, or percent.
        Some(Unit::Share) => format::percent(lang, if value > 1.0 { value / 100.0 } else { value }),
        _ => format::short(lang, value),
    }
}

fn name(lang: Lang, metric: &str) -> String {
    let (id, en) = match metric {
        "views" => ("Tayangan", "Views"),
        "reach" => ("Jangkauan", "Reach"),
        "likes" => ("Suka", "Likes"),
        "comments" => ("Komentar", "Comments"),
        "shares" => ("Dibagikan", "Shares"),
        "saved" => ("Disimpan", "Saved"),
        "reposts" => ("Diposting ulang", "Reposts"),
        "total_interactions" => ("Semua interaksi", "All interactions"),
        "follows" => ("Pengikut baru", "Follows"),
        "profile_visits" => ("Kunjungan profil", "Profile visits"),
        "replies" => ("Balasan", "Replies"),
        "ig_reels_avg_watch_time" => ("Rata-rata waktu tonton", "Mean watch time"),
        "ig_reels_video_view_total_time" => ("Seluruh waktu tonton", "Total watch time"),
        "reels_skip_rate" => ("Dilewati", "Skipped"),
        "navigation" => ("Navigasi", "Navigation"),
        other => return other.replace('_', " "),
    };
    lang.pick(id, en).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_instagram_is_linked_to() {
        assert_eq!(instagram_link(Some("javascript:alert(1)")), "");
        assert_eq!(instagram_link(Some("https://www.instagram.com.evil.example/")), "");
        assert_eq!(instagram_link(Some("https://www.instagram.com/p/x/")), "https://www.instagram.com/p/x/");
    }
}
