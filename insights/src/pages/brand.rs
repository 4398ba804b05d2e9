//! `/accounts/{id}`: how a brand is doing. Head, six tiles, the chart, and the cards.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::cards::{self, Cards};
use super::chart::{self, Chart, Happening};
use super::figures::{self, Figures, Metric};
use super::flags::{Flag, flags};
use super::respond::{Frame, SignedIn, html};
use super::tiles::{self, Tile, tile};
use super::view::Period;
use super::words::Lang;
use super::{format, notes, portfolio};
use crate::api::Api;
use crate::problem::Problem;
use crate::query::pages::LocalDays;
use crate::query::pages::glance::{self, AccountRow};

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

/// The account of a page, and the days that it is about.
pub(crate) struct Account {
    pub(crate) row: AccountRow,
    pub(crate) title: String,
    pub(crate) zone: TimeZone,
    pub(crate) today: Date,
    pub(crate) period: Period,
    /// Only one day of it, where one was chosen.
    pub(crate) day: Option<Date>,
}

impl Account {
    /// Finds a watched account.
    ///
    /// # Errors
    ///
    /// [`Problem::NotFound`], or what is wrong with the address.
    pub(crate) async fn find(api: &Api, frame: &Frame, id: &str) -> Result<Self, Problem> {
        let found = glance::account(&api.pool, id, frame.scope(), frame.now).await?;
        Self::of(found.ok_or(Problem::NotFound)?, frame)
    }

    /// The account of a row, on the days of the address.
    ///
    /// # Errors
    ///
    /// What is wrong with the address.
    pub(crate) fn of(row: AccountRow, frame: &Frame) -> Result<Self, Problem> {
        let zone = TimeZone::get(&row.timezone).unwrap_or(TimeZone::UTC);
        let today = frame.now.to_zoned(zone.clone()).date();
        let day = frame.view.value("day").map(str::parse::<Date>).transpose();
        let day = day.map_err(|_| Problem::invalid("`day` is not of the form 2026-11-25."))?;
        let period = frame.view.period(today);
        Ok(Self { title: portfolio::title(&row), row, zone, today, period, day })
    }

    /// Some of its days, as queries take them.
    pub(crate) fn local(&self, from: Date, to: Date) -> LocalDays<'_> {
        LocalDays { account: &self.row.id, timezone: &self.row.timezone, from, to }
    }

    /// The day of an instant by its clock.
    pub(crate) fn local_day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// Its page.
    pub(crate) fn path(&self) -> String {
        format!("/accounts/{}", self.row.id)
    }

    /// Where a link to it is made.
    pub(crate) fn share_path(&self) -> String {
        format!("{}/share", self.path())
    }

    /// Where notes are added.
    pub(crate) fn notes_path(&self) -> String {
        format!("{}/notes", self.path())
    }

    /// A card, or the chart, as CSV; nothing for whoever came by a link.
    pub(crate) fn csv(&self, frame: &Frame, part: &str) -> String {
        if frame.reader.is_none() {
            return String::new();
        }
        frame.view.elsewhere(&format!("{}/csv/{part}", self.path()))
    }

    /// First and last day of what lists show.
    pub(crate) fn listed(&self) -> (Date, Date) {
        self.day.map_or((self.period.from, self.period.to), |day| (day, day))
    }

    /// The day that lists show, where they show one: `Kam 19 Nov`.
    pub(crate) fn day_name(&self, frame: &Frame) -> String {
        format::week_day(frame.view.lang, self.listed().0)
    }

    /// The same page a period earlier.
    pub(crate) fn earlier(&self, frame: &Frame) -> Option<String> {
        frame.view.moved(self.today, false)
    }

    /// The same page a period later, unless that is to come.
    pub(crate) fn later(&self, frame: &Frame) -> Option<String> {
        frame.view.moved(self.today, true)
    }

    /// `19 Nov – 25 Nov 2026`.
    pub(crate) fn days(&self, frame: &Frame) -> String {
        let lang = frame.view.lang;
        format!("{} – {}", format::day(lang, self.period.from), format::full_day(lang, self.period.to))
    }

    /// The days that these are compared with.
    pub(crate) fn days_before(&self, frame: &Frame) -> String {
        let lang = frame.view.lang;
        let last = self.period.from.yesterday().unwrap_or(self.period.from);
        format!("{} – {}", format::day(lang, self.period.from_before), format::full_day(lang, last))
    }
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
