//! An account's figures by day, and what the tiles say of them: a value, and how it changed.

use std::collections::BTreeMap;

use cekbrand_schema::Absence;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use sqlx::PgPool;

use super::days::Period;
use crate::query::pages::series::{self, Asked, DayRow};

/// What a tile and the chart can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    Followers,
    Reach,
    Views,
    Engagement,
    /// (positive - negative) / all comments.
    Sentiment,
    /// Stories whose figures were read before they were gone.
    Stories,
}

impl Metric {
    pub(crate) const ALL: [Self; 6] =
        [Self::Followers, Self::Reach, Self::Views, Self::Engagement, Self::Sentiment, Self::Stories];

    /// In the address.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Followers => "followers",
            Self::Reach => "reach",
            Self::Views => "views",
            Self::Engagement => "engagement",
            Self::Sentiment => "sentiment",
            Self::Stories => "stories",
        }
    }

    /// Values are shares of one.
    pub(crate) fn is_share(self) -> bool {
        self == Self::Sentiment
    }
}

/// A day's figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Point {
    Known(f64),
    /// Read, and absent for a reason.
    Absent(Absence),
    /// Nothing happened on that day that could have been counted.
    Nothing,
    /// Nothing is stored of the day.
    Unread,
}

impl Point {
    pub(crate) fn value(self) -> Option<f64> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }
}

/// A value for each day of a period and of the one before.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) before: Vec<Point>,
    pub(crate) now: Vec<Point>,
}

impl Series {
    /// Known values of the period.
    pub(crate) fn known(points: &[Point]) -> Vec<f64> {
        points.iter().filter_map(|point| point.value()).collect()
    }

    /// The last known value.
    pub(crate) fn last(points: &[Point]) -> Option<f64> {
        points.iter().rev().find_map(|point| point.value())
    }

    /// The reason of the last day that has one.
    pub(crate) fn absence(points: &[Point]) -> Option<Absence> {
        points.iter().rev().find_map(|point| match point {
            Point::Absent(absence) => Some(*absence),
            _ => None,
        })
    }

    /// Sums over the days that are known in both periods, so that like is compared with like.
    pub(crate) fn paired(&self) -> Option<Pair> {
        let pairs: Vec<(f64, f64)> = self
            .now
            .iter()
            .zip(&self.before)
            .filter_map(|(now, before)| now.value().zip(before.value()))
            .collect();
        if pairs.is_empty() {
            return None;
        }
        let (now, before) = pairs.iter().fold((0.0, 0.0), |(a, b), (now, before)| (a + now, b + before));
        Some(Pair { now, before })
    }
}

/// A value and the one it is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pair {
    pub(crate) now: f64,
    pub(crate) before: f64,
}

/// Comments of a period by what they felt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Feelings {
    pub(crate) pos: i64,
    pub(crate) neu: i64,
    pub(crate) neg: i64,
}

impl Feelings {
    pub(crate) fn total(self) -> i64 {
        self.pos + self.neu + self.neg
    }

    /// What is positive beyond what is negative; none where there is no comment.
    pub(crate) fn net(self) -> Option<f64> {
        (self.total() > 0).then(|| (self.pos - self.neg) as f64 / self.total() as f64)
    }
}

/// Stories of a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stories {
    pub(crate) published: i64,
    pub(crate) saved: i64,
    pub(crate) lost: i64,
}

/// All figures of one account in a period and the one before.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    pub(crate) period: Period,
    pub(crate) followers: Series,
    pub(crate) reach: Series,
    /// Unique people of the whole window up to each day: days do not add up.
    pub(crate) reach_of_window: Series,
    pub(crate) views: Series,
    pub(crate) engagement: Series,
    feelings: BTreeMap<Date, Feelings>,
    stories: BTreeMap<Date, Stories>,
}

impl Figures {
    /// The daily figures of a metric.
    pub(crate) fn series(&self, metric: Metric) -> Series {
        match metric {
            Metric::Followers => self.followers.clone(),
            Metric::Reach => self.reach.clone(),
            Metric::Views => self.views.clone(),
            Metric::Engagement => self.engagement.clone(),
            Metric::Sentiment => self.daily(|day| {
                self.feelings.get(&day).and_then(|felt| felt.net()).map_or(Point::Nothing, Point::Known)
            }),
            Metric::Stories => self.daily(|day| {
                self.stories.get(&day).map_or(Point::Nothing, |of| Point::Known(of.saved as f64))
            }),
        }
    }

    /// Comments between two days.
    pub(crate) fn feelings(&self, from: Date, to: Date) -> Feelings {
        self.feelings.range(from..=to).fold(Feelings::default(), |sum, (_, day)| Feelings {
            pos: sum.pos + day.pos,
            neu: sum.neu + day.neu,
            neg: sum.neg + day.neg,
        })
    }

    /// Stories between two days.
    pub(crate) fn stories(&self, from: Date, to: Date) -> Stories {
        self.stories.range(from..=to).fold(Stories::default(), |sum, (_, day)| Stories {
            published: sum.published + day.published,
            saved: sum.saved + day.saved,
            lost: sum.lost + day.lost,
        })
    }

    fn daily(&self, point: impl Fn(Date) -> Point) -> Series {
        let days = |from| days(from, self.period.days).map(&point).collect();
        Series { before: days(self.period.from_before), now: days(self.period.from) }
    }
}

/// So many days from one on.
pub(crate) fn days(from: Date, count: i32) -> impl Iterator<Item = Date> {
    (0..count).map(move |at| from.saturating_add(at.days()))
}

/// Reads the figures of these accounts; by account.
///
/// # Errors
///
/// Where the database does not answer, or holds a word that the program does not know.
pub(crate) async fn read(
    pool: &PgPool,
    accounts: &[String],
    period: Period,
    now: Timestamp,
) -> Result<BTreeMap<String, Figures>, sqlx::Error> {
    let asked = Asked { accounts, from: period.from_before, to: period.to };
    let timeframe = if period.days == 28 { 28 } else { 7 };
    let window = if timeframe == 28 { "days_28" } else { "week" };
    let followers = by_account(series::followers(pool, asked).await?)?;
    let reach = by_account(series::reach(pool, asked, "day").await?)?;
    let reach_of_window = by_account(series::reach(pool, asked, window).await?)?;
    let views = by_account(series::views(pool, asked).await?)?;
    let engagement = by_account(series::engagement(pool, asked, timeframe).await?)?;
    let mut feelings: BTreeMap<String, BTreeMap<Date, Feelings>> = BTreeMap::new();
    for row in series::feelings(pool, asked).await? {
        let felt = Feelings { pos: row.pos, neu: row.neu, neg: row.neg };
        feelings.entry(row.user_id.clone()).or_default().insert(row.day(), felt);
    }
    let mut stories: BTreeMap<String, BTreeMap<Date, Stories>> = BTreeMap::new();
    for row in series::stories(pool, asked, now).await? {
        let day = Stories { published: row.published, saved: row.saved, lost: row.lost };
        stories.entry(row.user_id.clone()).or_default().insert(row.day(), day);
    }
    let figures = accounts.iter().map(|account| {
        let of = |rows: &ByAccount, unread| of_days(rows.get(account), period, unread);
        let figures = Figures {
            period,
            followers: of(&followers, Point::Unread),
            reach: of(&reach, Point::Unread),
            reach_of_window: of(&reach_of_window, Point::Unread),
            views: of(&views, Point::Unread),
            engagement: of(&engagement, Point::Nothing),
            feelings: feelings.remove(account).unwrap_or_default(),
            stories: stories.remove(account).unwrap_or_default(),
        };
        (account.clone(), figures)
    });
    Ok(figures.collect())
}

type ByAccount = BTreeMap<String, BTreeMap<Date, Point>>;

fn by_account(rows: Vec<DayRow>) -> Result<ByAccount, sqlx::Error> {
    let mut accounts = ByAccount::new();
    for row in rows {
        let day = row.day();
        let point = match (row.value, row.absence) {
            (Some(value), _) => Point::Known(value),
            (None, Some(word)) => {
                Point::Absent(word.parse().map_err(|_| crate::query::unknown_word("absence", &word))?)
            }
            (None, None) => Point::Unread,
        };
        accounts.entry(row.user_id).or_default().insert(day, point);
    }
    Ok(accounts)
}

fn of_days(rows: Option<&BTreeMap<Date, Point>>, period: Period, missing: Point) -> Series {
    let point = |day| rows.and_then(|rows| rows.get(&day)).copied().unwrap_or(missing);
    let points = |from| days(from, period.days).map(point).collect();
    Series { before: points(period.from_before), now: points(period.from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_are_known_in_both_periods_are_compared() {
        let series = Series {
            before: vec![Point::Known(10.0), Point::Absent(Absence::NotYet), Point::Known(30.0)],
            now: vec![Point::Known(12.0), Point::Known(99.0), Point::Known(33.0)],
        };
        assert_eq!(series.paired(), Some(Pair { now: 45.0, before: 40.0 }));
        let unread = Series { before: vec![Point::Unread], now: vec![Point::Known(1.0)] };
        assert_eq!(unread.paired(), None);
    }

    #[test]
    fn no_comment_has_no_balance() {
        assert_eq!(Feelings::default().net(), None);
        assert_eq!(Feelings { pos: 6, neu: 2, neg: 2 }.net(), Some(0.4));
    }
}
