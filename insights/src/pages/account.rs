//! The account that a page is about, and its days.

use std::borrow::Borrow;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::days::Period;
use super::respond::Frame;
use super::{format, portfolio};
use crate::api::Api;
use crate::problem::Problem;
use crate::query::pages::LocalDays;
use crate::query::pages::glance::{self, AccountRow};

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

    /// Its alerts.
    pub(crate) fn alerts_path(&self) -> String {
        format!("{}/alerts", self.path())
    }

    /// Where rules are made.
    pub(crate) fn rules_path(&self) -> String {
        format!("{}/rules", self.alerts_path())
    }

    /// Where a rule is deleted.
    pub(crate) fn rule_path(&self, rule: impl Borrow<i64>) -> String {
        format!("{}/{}/delete", self.rules_path(), rule.borrow())
    }

    /// Where receivers are added.
    pub(crate) fn channels_path(&self) -> String {
        format!("{}/channels", self.alerts_path())
    }

    /// Where something is done with a receiver: test, delete.
    pub(crate) fn channel_path(&self, channel: impl Borrow<i64>, what: &str) -> String {
        format!("{}/{}/{what}", self.channels_path(), channel.borrow())
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
