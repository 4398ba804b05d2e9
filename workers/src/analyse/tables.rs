//! The tables that analyse writes: one list, one SQL file each, all with the same parameters.
//!
//! A statement is set-based: it makes every row of its table that the work reaches, takes away those that no
//! longer hold, and writes only what differs.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::days::Reach;

/// A table, or some columns of one, and the statement that brings it up to date.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Schema and name.
    pub name: &'static str,
    /// The statement, whose parameters are those of [`Work`].
    pub sql: &'static str,
}

/// What is to be computed: the parameters of every statement.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// `$1`: the account.
    pub account_id: &'a str,
    /// `$2` the first day that may differ, `$3` the days that changed, `$4` those whose windows hold one of
    /// them.
    pub reach: &'a Reach,
    /// `$5`: the account's present day.
    pub today: Date,
    /// `$6`: now.
    pub now: Timestamp,
    /// `$7`: the zone in which Meta numbers the hours of online followers, in hours from UTC.
    pub online_hours_offset: i32,
}

/// Every table, in the order of writing: one that others are made from comes before them.
pub const TABLES: &[Table] = &[
    Table { name: "instagram.media_like_comment", sql: include_str!("tables/media_like_comment.sql") },
    Table { name: "instagram.user_data", sql: include_str!("tables/user_data.sql") },
    Table {
        name: "toba_cek_insta.user_insight_engagement",
        sql: include_str!("tables/user_insight_engagement.sql"),
    },
    Table {
        name: "toba_cek_insta.user_insight_engagement_growth",
        sql: include_str!("tables/user_insight_engagement_growth.sql"),
    },
    Table {
        name: "toba_cek_insta.user_insight_engagement_rate_growth",
        sql: include_str!("tables/user_insight_engagement_rate_growth.sql"),
    },
    Table {
        name: "toba_cek_insta.user_insight_follower_growth",
        sql: include_str!("tables/user_insight_follower_growth.sql"),
    },
    Table {
        name: "toba_cek_insta.user_insight_reach_growth",
        sql: include_str!("tables/user_insight_reach_growth.sql"),
    },
    Table {
        name: "toba_cek_insta.user_insight_impressions_growth",
        sql: include_str!("tables/user_insight_impressions_growth.sql"),
    },
    Table { name: "toba_cek_insta.sentiment_delta", sql: include_str!("tables/sentiment_delta.sql") },
    Table {
        name: "toba_cek_insta.user_insight_sentiment",
        sql: include_str!("tables/user_insight_sentiment.sql"),
    },
    Table {
        name: "toba_cek_insta.user_insight_sentiment_growth",
        sql: include_str!("tables/user_insight_sentiment_growth.sql"),
    },
    Table {
        name: "toba_cek_insta.user_media_largest_engagement",
        sql: include_str!("tables/user_media_largest_engagement.sql"),
    },
    Table {
        name: "toba_cek_insta.user_media_smallest_engagement",
        sql: include_str!("tables/user_media_smallest_engagement.sql"),
    },
    Table {
        name: "toba_cek_insta.user_media_largest_reach",
        sql: include_str!("tables/user_media_largest_reach.sql"),
    },
    Table {
        name: "toba_cek_insta.user_media_most_positive",
        sql: include_str!("tables/user_media_most_positive.sql"),
    },
    Table {
        name: "toba_cek_insta.user_media_most_negative",
        sql: include_str!("tables/user_media_most_negative.sql"),
    },
    Table {
        name: "toba_cek_insta.user_hastags_metrics",
        sql: concat!(
            include_str!("tables/hashtag_states.sql"),
            include_str!("tables/user_hastags_metrics.sql")
        ),
    },
    Table {
        name: "toba_cek_insta.user_hastags_metrics_distribution",
        sql: concat!(
            include_str!("tables/hashtag_states.sql"),
            include_str!("tables/user_hastags_metrics_distribution.sql")
        ),
    },
    Table {
        name: "toba_cek_insta.user_insight_follower_online",
        sql: concat!(
            include_str!("tables/online_hours.sql"),
            include_str!("tables/user_insight_follower_online.sql")
        ),
    },
    Table {
        name: "toba_cek_insta.user_insight_follower_online_wording",
        sql: include_str!("tables/user_insight_follower_online_wording.sql"),
    },
    Table {
        name: "toba_cek_insta.user_insight_most_active_time",
        sql: concat!(
            include_str!("tables/online_hours.sql"),
            include_str!("tables/user_insight_most_active_time.sql")
        ),
    },
];

impl Table {
    /// Brings the table up to date; returns how many rows its last step wrote.
    pub(super) async fn write(&self, conn: &mut PgConnection, work: Work<'_>) -> Result<u64, sqlx::Error> {
        let days = |days: &[Date]| days.iter().map(|day| day.to_sqlx()).collect::<Vec<_>>();
        let written = sqlx::query(self.sql)
            .bind(work.account_id)
            .bind(work.reach.first.to_sqlx())
            .bind(days(&work.reach.changed))
            .bind(days(&work.reach.days))
            .bind(work.today.to_sqlx())
            .bind(work.now.to_sqlx())
            .bind(work.online_hours_offset)
            .execute(conn)
            .await?;
        Ok(written.rows_affected())
    }
}
