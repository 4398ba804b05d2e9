//! The raw rows of some accounts, as plain structs: all that the reference computes from.
//!
//! A day is a number, so that the reference can count with it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool};

/// Days since 1 January 1970.
pub(crate) type Day = i32;

/// The day of an instant in a zone.
pub(crate) fn local(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

/// The same as a number.
pub(crate) fn day(at: Timestamp, zone: &TimeZone) -> Day {
    let seconds = at.as_second() + i64::from(zone.to_offset(at).seconds());
    Day::try_from(seconds.div_euclid(86_400)).unwrap()
}

#[derive(Debug, FromRow)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) username: Option<String>,
    pub(crate) app_scoped_id: Option<String>,
    pub(crate) timezone: String,
}

/// Followers and media of an account on a day.
#[derive(Debug, FromRow)]
pub(crate) struct Snapshot {
    pub(crate) user_id: String,
    pub(crate) day: Day,
    pub(crate) followers_count: Option<i64>,
    pub(crate) media_count: Option<i64>,
    pub(crate) no_followers: Option<String>,
}

#[derive(Debug, FromRow)]
pub(crate) struct Medium {
    pub(crate) id: String,
    pub(crate) user_id: Option<String>,
    pub(crate) at: Option<jiff_sqlx::Timestamp>,
    pub(crate) deleted_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) original_media_id: Option<String>,
    pub(crate) parent_id: Option<String>,
    pub(crate) media_hastag: Option<String>,
}

impl Medium {
    /// The organic medium of an ad's copy, or the album of a child.
    pub(crate) fn whole(&self) -> Option<&str> {
        self.original_media_id.as_deref().or(self.parent_id.as_deref())
    }
}

/// Likes and comments of a medium on a day.
#[derive(Debug, FromRow)]
#[expect(clippy::struct_field_names, reason = "they are named as the columns are")]
pub(crate) struct Count {
    pub(crate) media_id: String,
    pub(crate) day: Day,
    pub(crate) like_count: Option<i64>,
    pub(crate) comments_count: Option<i64>,
    pub(crate) no_likes: Option<String>,
    pub(crate) no_comments: Option<String>,
}

/// A figure of a medium on a day.
#[derive(Debug, FromRow)]
pub(crate) struct MediaFigure {
    pub(crate) media_id: String,
    pub(crate) metric: String,
    pub(crate) day: Day,
    pub(crate) value: Option<i64>,
    pub(crate) absence: Option<String>,
}

#[derive(Debug, FromRow)]
pub(crate) struct Comment {
    pub(crate) media_id: Option<String>,
    pub(crate) from_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) at: Option<jiff_sqlx::Timestamp>,
    pub(crate) first_seen_at: jiff_sqlx::Timestamp,
    pub(crate) deleted_at: Option<jiff_sqlx::Timestamp>,
}

/// A figure of an account.
#[derive(Debug, FromRow)]
pub(crate) struct UserFigure {
    pub(crate) user_id: String,
    /// Its metric, its period or its hour: what the table has besides the end.
    pub(crate) series: String,
    pub(crate) end_time: jiff_sqlx::Timestamp,
    pub(crate) value: Option<i64>,
    pub(crate) absence: Option<String>,
}

impl UserFigure {
    /// Meta's day: that of `end_time` in Los Angeles, less one.
    pub(crate) fn meta_day(&self, los_angeles: &TimeZone) -> Day {
        day(self.end_time.to_jiff(), los_angeles) - 1
    }
}

/// Everything raw of some accounts.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) users: Vec<User>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) media: Vec<Medium>,
    pub(crate) counts: Vec<Count>,
    pub(crate) figures: Vec<MediaFigure>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) reach: Vec<UserFigure>,
    pub(crate) impressions: Vec<UserFigure>,
    pub(crate) online: Vec<UserFigure>,
}

const USERS: &str = r#"
    SELECT id, username, app_scoped_id, coalesce(timezone, 'UTC') AS timezone
    FROM instagram."user" WHERE id = ANY ($1)"#;

const SNAPSHOTS: &str = "
    SELECT
        user_id, datestamp - DATE '1970-01-01' AS day, followers_count, media_count,
        absence ->> 'followers_count' AS no_followers
    FROM instagram.user_data WHERE user_id = ANY ($1)";

// The media of a world begin with the id of the account that they are made for, whoever owns them.
const MEDIA: &str = r#"
    SELECT id, user_id, "timestamp" AS at, deleted_at, original_media_id, parent_id, media_hastag
    FROM instagram.media WHERE left(id, length(($1::text[])[1])) = ANY ($1)"#;

const COUNTS: &str = "
    SELECT
        media_id, datestamp - DATE '1970-01-01' AS day, like_count, comments_count,
        absence ->> 'like_count' AS no_likes, absence ->> 'comments_count' AS no_comments
    FROM instagram.media_like_comment WHERE media_id = ANY ($1)";

const MEDIA_FIGURES: &str = "
    SELECT media_id, metric, datestamp - DATE '1970-01-01' AS day, value::bigint AS value, absence::text AS absence
    FROM instagram.media_insight WHERE media_id = ANY ($1)";

const COMMENTS: &str = r#"
    SELECT media_id, from_id, username, text, "timestamp" AS at, first_seen_at, deleted_at
    FROM instagram.media_comment WHERE media_id = ANY ($1)"#;

const REACH: &str = "
    SELECT user_id, period AS series, end_time, value, absence::text AS absence
    FROM instagram.user_insight_reach WHERE user_id = ANY ($1)";

const IMPRESSIONS: &str = "
    SELECT user_id, metric AS series, end_time, value, absence::text AS absence
    FROM instagram.user_insight_impressions WHERE user_id = ANY ($1) AND period = 'day'";

const ONLINE: &str = "
    SELECT user_id, hour::text AS series, end_time, value, absence::text AS absence
    FROM instagram.user_insight_online_follower WHERE user_id = ANY ($1)";

impl Raw {
    pub(crate) async fn read(pool: &PgPool, accounts: &[String]) -> Self {
        let media: Vec<Medium> = rows(pool, MEDIA, accounts).await;
        let ids: Vec<String> = media.iter().map(|medium| medium.id.clone()).collect();
        Self {
            users: rows(pool, USERS, accounts).await,
            snapshots: rows(pool, SNAPSHOTS, accounts).await,
            media,
            counts: rows(pool, COUNTS, &ids).await,
            figures: rows(pool, MEDIA_FIGURES, &ids).await,
            comments: rows(pool, COMMENTS, &ids).await,
            reach: rows(pool, REACH, accounts).await,
            impressions: rows(pool, IMPRESSIONS, accounts).await,
            online: rows(pool, ONLINE, accounts).await,
        }
    }
}

async fn rows<R>(pool: &PgPool, statement: &'static str, ids: &[String]) -> Vec<R>
where
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    sqlx::query_as(statement).bind(ids).fetch_all(pool).await.unwrap()
}
