//! `/accounts/{id}`: how a brand is doing. Head, six tiles, the chart, and the cards.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::account::Account;
use super::cards::{self, Cards};
use super::chart::{self, Chart, Happening};
use super::figures::{self, Figures, Metric};
use super::flags::{Flag, flags};
use super::respond::{Frame, SignedIn, html};
use super::tiles::{self, Tile, tile};
use super::words::Lang;
use super::{format, notes};
use crate::api::Api;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "brand.html")]
struct Brand<'a> {
    frame: &'a Frame,
    account: &'a Account,
    tiles: Vec<Tile>,
    metric: Metric,
    name: &'static str,
    about: &'static str,
    chart: Chart,
    flags: Vec<Flag>,
    notes: Vec<Happening>,
    /// When the link ends that shows the page; empty for whoever is signed in.
    shared_until: &'a str,
    fresh: String,
    cards: Cards,
}

/// The page.
pub(crate) async fn page(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let account = Account::find(&api, &frame, &id).await?;
    show(&api, &frame, &account, "").await
}

/// Shows an account: to whoever is signed in, or through a link.
///
/// # Errors
///
/// [`Problem::Database`], or what is wrong with the address.
pub(crate) async fn show(
    api: &Api,
    frame: &Frame,
    account: &Account,
    shared_until: &str,
) -> Result<Response, Problem> {
    let (figures, metric) = (figures_of(api, frame, account).await?, metric(frame));
    let lang = frame.view.lang;
    let cards = cards::read(api, frame, account).await?;
    let notes = notes::read(api, frame, account).await?;
    let page = Brand {
        tiles: Metric::ALL.into_iter().map(|metric| tile(lang, &figures, metric)).collect(),
        metric,
        name: tiles::name(lang, metric),
        about: about(lang, metric),
        chart: draw(frame, account, &figures, metric, &cards, &notes),
        notes,
        shared_until,
        flags: flags(lang, &account.row, frame.now),
        fresh: fresh(frame, account),
        cards,
        frame,
        account,
    };
    html(&page)
}

/// What the page shows, or one card of it, as CSV.
pub(crate) async fn csv(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path((id, part)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let account = Account::find(&api, &frame, &id).await?;
    let cards = cards::read(&api, &frame, &account).await?;
    let table = if part == "chart" {
        let (figures, metric) = (figures_of(&api, &frame, &account).await?, metric(&frame));
        draw(&frame, &account, &figures, metric, &cards, &[]).table
    } else {
        cards.into_table(&part).ok_or(Problem::NotFound)?
    };
    let content = table.csv().map_err(|_| Problem::Internal)?;
    let name = format!("attachment; filename=\"{part}-{}-{}.csv\"", account.period.from, account.period.to);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, content).into_response())
}

async fn figures_of(api: &Api, frame: &Frame, account: &Account) -> Result<Figures, Problem> {
    let ids = [account.row.id.clone()];
    let mut held = figures::read(&api.pool, &ids, account.period, frame.now).await?;
    held.remove(&account.row.id).ok_or(Problem::Internal)
}

fn metric(frame: &Frame) -> Metric {
    let asked = frame.view.value("metric");
    Metric::ALL.into_iter().find(|metric| Some(metric.code()) == asked).unwrap_or(Metric::Reach)
}

fn draw(
    frame: &Frame,
    account: &Account,
    figures: &Figures,
    metric: Metric,
    cards: &Cards,
    notes: &[Happening],
) -> Chart {
    let posts: Vec<Happening> = cards.happenings();
    chart::chart(&chart::Asked {
        view: &frame.view,
        metric,
        series: &figures.series(metric),
        period: account.period,
        posts: &posts,
        notes,
        chosen: account.day,
    })
}

fn about(lang: Lang, metric: Metric) -> &'static str {
    let words = &lang.words().brand;
    match metric {
        Metric::Followers => words.about_followers,
        Metric::Reach => words.about_reach,
        Metric::Views => words.about_views,
        Metric::Engagement => words.about_engagement,
        Metric::Sentiment => words.about_sentiment,
        Metric::Stories => words.about_stories,
    }
}

/// How fresh the figures are, in a sentence.
fn fresh(frame: &Frame, account: &Account) -> String {
    let lang = frame.view.lang;
    let Some(at) = account.row.observed_at.map(jiff_sqlx::Timestamp::to_jiff) else {
        return lang.words().brand.never_read.to_owned();
    };
    let ago = format::ago(lang, at, frame.now);
    let zone = &account.row.timezone;
    lang.pick(
        format!("Profil dibaca {ago}. Jangkauan dan tayangan datang dari Instagram dengan jeda sampai 48 jam. Zona waktu {zone}."),
        format!("Profile read {ago}. Instagram gives reach and views up to 48 hours late. Time zone {zone}."),
    )
}
