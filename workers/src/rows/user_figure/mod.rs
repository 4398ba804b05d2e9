//! Rows of the figures of accounts: nine tables with one shape, merged so that the order of arrival does not
//! matter.
//!
//! All statements take the same parameters: `$1` accounts, `$2` to `$4` what else is in the key, as text,
//! `$5` end_time, `$6` values, `$7` absences, `$8` sources, `$9` observed_at, `$10` API versions, `$11` now,
//! `$12` absences and `$13` sources in the order of their rank, `$14` whether the very same observation is
//! corrected.

use std::collections::BTreeMap;

use cekbrand_schema::{Absence, Figure, Observation, Source};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::Mark;

/// The key of a figure of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserFigureKey {
    /// The account.
    pub user_id: String,
    /// Which figure: the table and what else is in its key.
    pub of: Of,
    /// When its period ended.
    pub end_time: Timestamp,
}

/// Which figure of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// People reached within a period.
    Reach {
        /// `day`, `week`, `days_28`.
        period: String,
    },
    /// Times seen within a period.
    Impressions {
        /// `views` or `impressions`.
        metric: String,
        /// `day`, `week`, `days_28`.
        period: String,
    },
    /// Views of the profile on a day.
    Visitors,
    /// Any other figure.
    Metric {
        /// Its name.
        metric: String,
        /// Which part of it; empty: the whole.
        breakdown: String,
        /// `day`, `week`, `days_28`.
        period: String,
    },
    /// Followers online in an hour of Meta's day.
    OnlineFollowers {
        /// 0 to 23.
        hour: u8,
    },
    /// Followers in a city; an empty one stands for the list.
    City {
        /// What stands before the last comma.
        city: String,
        /// What stands after it.
        province: String,
        /// As asked for.
        timeframe: String,
    },
    /// Followers in a country; an empty one stands for the list.
    Country {
        /// ISO 3166 alpha-2.
        code: String,
        /// As asked for.
        timeframe: String,
    },
    /// Followers of a gender and age; an empty age stands for the list.
    GenderAge {
        /// `M`, `F`, `U`.
        gender: String,
        /// As `25-34`.
        age: String,
        /// As asked for.
        timeframe: String,
    },
    /// Followers with a language; retired.
    Locale {
        /// As `id_ID`.
        code: String,
    },
}

/// A figure of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFigure {
    /// The number, or why there is none.
    pub figure: Figure,
    /// How it was observed.
    pub source: Source,
    /// When.
    pub observed_at: Timestamp,
    /// The API's version.
    pub api_version: Option<String>,
}

impl UserFigure {
    /// Keeps the better of two observations of one key.
    pub fn merge(&mut self, other: &Self) {
        let (mine, theirs) = (self.observation(), other.observation());
        if mine != theirs && mine.merge(theirs) == theirs {
            self.clone_from(other);
        }
    }

    fn observation(&self) -> Observation {
        // As exact as the database keeps it.
        let kept = Timestamp::from_microsecond(self.observed_at.as_microsecond());
        let observed_at = kept.unwrap_or(self.observed_at);
        Observation { figure: self.figure, observed_at, source: self.source }
    }
}

/// A table, and the statement that merges rows into it.
struct Table {
    holds: fn(&Of) -> bool,
    sql: &'static str,
}

static TABLES: [Table; 9] = [
    Table { holds: |of| matches!(of, Of::Reach { .. }), sql: include_str!("reach.sql") },
    Table { holds: |of| matches!(of, Of::Impressions { .. }), sql: include_str!("impressions.sql") },
    Table { holds: |of| matches!(of, Of::Visitors), sql: include_str!("visitor.sql") },
    Table { holds: |of| matches!(of, Of::Metric { .. }), sql: include_str!("metric.sql") },
    Table { holds: |of| matches!(of, Of::OnlineFollowers { .. }), sql: include_str!("online_follower.sql") },
    Table { holds: |of| matches!(of, Of::City { .. }), sql: include_str!("audience_city.sql") },
    Table { holds: |of| matches!(of, Of::Country { .. }), sql: include_str!("audience_country.sql") },
    Table { holds: |of| matches!(of, Of::GenderAge { .. }), sql: include_str!("audience_gender_age.sql") },
    Table { holds: |of| matches!(of, Of::Locale { .. }), sql: include_str!("audience_locale.sql") },
];

/// Writes figures; whether they `mend` is told by [`super::Rows`]. Says what analytics must look at again.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn upsert(
    conn: &mut PgConnection,
    figures: &BTreeMap<UserFigureKey, UserFigure>,
    mends: bool,
    now: Timestamp,
) -> Result<Vec<Mark>, sqlx::Error> {
    let mut marks = Vec::new();
    for table in &TABLES {
        let rows: Vec<_> = figures.iter().filter(|(key, _)| (table.holds)(&key.of)).collect();
        if !rows.is_empty() {
            marks.extend(write(conn, (table.sql, mends), &rows, now).await?);
        }
    }
    Ok(marks)
}

async fn write(
    conn: &mut PgConnection,
    (sql, mends): (&'static str, bool),
    rows: &[(&UserFigureKey, &UserFigure)],
    now: Timestamp,
) -> Result<Vec<Mark>, sqlx::Error> {
    let keys = || rows.iter().map(|(key, _)| *key);
    let held = || rows.iter().map(|(_, row)| *row);
    let parts: Vec<[String; 3]> = keys().map(|key| parts(&key.of)).collect();
    let part = |place: usize| parts.iter().map(|parts| parts[place].as_str()).collect::<Vec<_>>();
    let sources = [Source::Backfill, Source::Poll, Source::Webhook].map(Source::as_str);
    let changed: Vec<(String, jiff_sqlx::Timestamp)> = sqlx::query_as(sql)
        .bind(keys().map(|key| key.user_id.as_str()).collect::<Vec<_>>())
        .bind(part(0))
        .bind(part(1))
        .bind(part(2))
        .bind(keys().map(|key| key.end_time.to_sqlx()).collect::<Vec<_>>())
        .bind(held().map(|row| row.figure.value()).collect::<Vec<_>>())
        .bind(held().map(|row| row.figure.absence().map(Absence::as_str)).collect::<Vec<_>>())
        .bind(held().map(|row| row.source.as_str()).collect::<Vec<_>>())
        .bind(held().map(|row| row.observed_at.to_sqlx()).collect::<Vec<_>>())
        .bind(held().map(|row| row.api_version.as_deref()).collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .bind(Absence::ALL.map(Absence::as_str).as_slice())
        .bind(sources.as_slice())
        .bind(mends)
        .fetch_all(conn)
        .await?;
    let mark =
        |(account_id, end): (String, jiff_sqlx::Timestamp)| Mark { account_id, instant: end.to_jiff() };
    Ok(changed.into_iter().map(mark).collect())
}

/// What else is in the key, in the order in which the statements name it.
fn parts(of: &Of) -> [String; 3] {
    let none = String::new;
    match of {
        Of::Reach { period } => [period.clone(), none(), none()],
        Of::Impressions { metric, period } => [metric.clone(), period.clone(), none()],
        Of::Visitors => [none(), none(), none()],
        Of::Metric { metric, breakdown, period } => [metric.clone(), breakdown.clone(), period.clone()],
        Of::OnlineFollowers { hour } => [hour.to_string(), none(), none()],
        Of::City { city, province, timeframe } => [city.clone(), province.clone(), timeframe.clone()],
        Of::Country { code, timeframe } => [code.clone(), timeframe.clone(), none()],
        Of::GenderAge { gender, age, timeframe } => [gender.clone(), age.clone(), timeframe.clone()],
        Of::Locale { code } => [code.clone(), none(), none()],
    }
}

#[cfg(test)]
mod tests;
