//! Sentiment of an account by day: the comments that count on it, what the day added, and the change.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::{day, some_instant};
use crate::figure::{Count, NO_DATA, Ratio};
use crate::iso::Iso;
use crate::range::{Days, Timeframe};
use crate::table::{Cells, CsvRow};

const DAYS: &str = "
SELECT day.d::date AS day, held.pos, held.neu, held.neg, held.updated_timestamp AS computed_at,
    CASE WHEN held.user_id IS NOT NULL THEN COALESCE(added.pos, 0) END AS pos_added,
    CASE WHEN held.user_id IS NOT NULL THEN COALESCE(added.neu, 0) END AS neu_added,
    CASE WHEN held.user_id IS NOT NULL THEN COALESCE(added.neg, 0) END AS neg_added,
    growth.pos AS pos_change, growth.neu AS neu_change, growth.neg AS neg_change, growth.absence AS pos_change_absence
FROM GENERATE_SERIES($2::date, $3::date, INTERVAL '1 day') AS day (d)
LEFT JOIN toba_cek_insta.user_insight_sentiment AS held
    ON held.user_id = $1 AND held.date_stamp = day.d::date
LEFT JOIN toba_cek_insta.sentiment_delta AS added ON added.user_id = $1 AND added.day = day.d::date
LEFT JOIN toba_cek_insta.user_insight_sentiment_growth AS growth
    ON growth.user_id = $1 AND growth.timeframe = $4 AND growth.date_stamp = day.d::date
ORDER BY day.d";

/// Three counts of comments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Feelings {
    pub(crate) pos: Count,
    pub(crate) neu: Count,
    pub(crate) neg: Count,
}

impl Feelings {
    pub(crate) fn of(counts: [Option<i64>; 3], absence: &'static str) -> Self {
        let [pos, neu, neg] = counts.map(|count| Count::computed(count, absence));
        Self { pos, neu, neg }
    }

    /// (positive - negative) / all: from -1 to 1.
    pub(crate) fn balance(&self) -> Ratio {
        let (Some(pos), Some(neu), Some(neg)) = (self.pos.value, self.neu.value, self.neg.value) else {
            return Ratio::computed(None, self.pos.absence.unwrap_or(NO_DATA));
        };
        Ratio::share(
            Count::computed(Some(pos - neg), NO_DATA),
            Count::computed(Some(pos + neu + neg), NO_DATA),
        )
    }

    fn cells(&self, cells: &mut Cells, suffix: &str) {
        for (name, count) in [("pos", &self.pos), ("neu", &self.neu), ("neg", &self.neg)] {
            cells.plain(&format!("{name}{suffix}"), count.value);
        }
        cells.plain(&format!("absence{suffix}"), self.pos.absence);
    }
}

/// What people felt in their comments, as of a day.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct SentimentDay {
    /// Local day of the account.
    pub(crate) day: Date,
    /// All comments made up to the day and not deleted.
    pub(crate) total: Feelings,
    /// (positive - negative) / all of `total`, from -1 to 1.
    pub(crate) balance: Ratio,
    /// What the day added: comments made on it less those deleted on it.
    pub(crate) added: Feelings,
    /// `total` less that of the day a timeframe before.
    pub(crate) change: Feelings,
    /// When the sums last changed.
    #[schema(required = true)]
    pub(crate) computed_at: Option<Iso>,
}

impl FromRow<'_, PgRow> for SentimentDay {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let counts = |suffix: &str| -> Result<[Option<i64>; 3], sqlx::Error> {
            let get = |name: &str| row.try_get(format!("{name}{suffix}").as_str());
            Ok([get("pos")?, get("neu")?, get("neg")?])
        };
        let total = Feelings::of(counts("")?, NO_DATA);
        let change = Count::of(row, "pos_change", NO_DATA)?;
        let absence = change.absence.unwrap_or(NO_DATA);
        Ok(Self {
            day: day(row, "day")?,
            total,
            balance: total.balance(),
            added: Feelings::of(counts("_added")?, NO_DATA),
            change: Feelings::of(counts("_change")?, absence),
            computed_at: some_instant(row, "computed_at")?,
        })
    }
}

impl CsvRow for SentimentDay {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("day", Some(self.day));
        self.total.cells(cells, "");
        cells.ratio("balance", &self.balance);
        self.added.cells(cells, "_added");
        self.change.cells(cells, "_change");
        cells.plain("computed_at", self.computed_at);
    }
}

/// A row for every day of the range.
pub(crate) async fn days(
    pool: &PgPool,
    account: &str,
    days: Days,
    timeframe: Timeframe,
) -> Result<Vec<SentimentDay>, sqlx::Error> {
    let query = sqlx::query_as(DAYS).bind(account).bind(days.from.to_sqlx()).bind(days.to.to_sqlx());
    query.bind(timeframe.days()).fetch_all(pool).await
}
