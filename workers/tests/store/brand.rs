//! A brand to compute analytics of: an account in Jakarta whose raw rows the tests write as landing and
//! enriching do.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_schema::{Clock, ManualClock};
use cekbrand_workers::analyse::marks::{self, Mark};
use cekbrand_workers::analyse::sentiment::Scorer;
use cekbrand_workers::analyse::{AnalyseSettings, Analyser};
use cekbrand_workers::rows::hashtag;
use cekbrand_workers::schedule::Scheduler;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::PgPool;

/// The brand's account.
pub(crate) const ACCOUNT: &str = "17841400000000001";
const ZONE: &str = "Asia/Jakarta";

/// A database with one watched account, and a clock.
pub(crate) struct Brand {
    _database: TestDatabase,
    pub(crate) pool: PgPool,
    pub(crate) clock: ManualClock,
}

/// An instant, by the clock on the wall in Jakarta.
pub(crate) fn at(local: &str) -> Timestamp {
    let local: DateTime = local.parse().unwrap();
    local.to_zoned(TimeZone::get(ZONE).unwrap()).unwrap().timestamp()
}

impl Brand {
    /// A new one, at an instant in Jakarta.
    pub(crate) async fn at(now: &str) -> Self {
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let brand = Self { pool: database.pool(), _database: database, clock: ManualClock::new(at(now)) };
        sqlx::query(r#"INSERT INTO instagram."user" (id, username, timezone) VALUES ($1, 'kopi', $2)"#)
            .bind(ACCOUNT)
            .bind(ZONE)
            .execute(&brand.pool)
            .await
            .unwrap();
        sqlx::query("INSERT INTO pipeline.account (account_id, login, added_at) VALUES ($1, 'facebook', $2)")
            .bind(ACCOUNT)
            .bind(brand.clock.now().to_sqlx())
            .execute(&brand.pool)
            .await
            .unwrap();
        brand
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn analyser(&self) -> Analyser {
        Analyser::new(self.pool.clone(), Arc::new(self.clock.clone()), AnalyseSettings::default())
    }

    pub(crate) fn scorer(&self) -> Scorer {
        Scorer::new(self.pool.clone(), Arc::new(self.clock.clone()), Duration::from_secs(1))
    }

    pub(crate) fn scheduler(&self) -> Scheduler {
        Scheduler::new(self.pool.clone(), Arc::new(self.clock.clone()))
    }

    /// Computes until nothing is marked.
    pub(crate) async fn settle(&self) {
        while self.analyser().tick().await.unwrap() > 0 {}
        assert_eq!(self.marks().await, 0);
    }

    pub(crate) async fn marks(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM pipeline.dirty_mark").fetch_one(&self.pool).await.unwrap()
    }

    pub(crate) async fn mark(&self, instant: Timestamp) {
        let mut conn = self.pool.acquire().await.unwrap();
        let mark = Mark { account_id: ACCOUNT.to_owned(), instant };
        marks::mark(&mut conn, &[mark].into(), self.clock.now()).await.unwrap();
    }

    /// As enriching does: only an owned medium leads to an account to mark.
    pub(crate) async fn mark_owner(&self, media: &str, instant: Timestamp) {
        let owner: Option<Option<String>> =
            sqlx::query_scalar("SELECT user_id FROM instagram.media WHERE id = $1")
                .bind(media)
                .fetch_optional(&self.pool)
                .await
                .unwrap();
        if owner.flatten().is_some() {
            self.mark(instant).await;
        }
    }

    /// A medium is read, owner, time and caption included.
    pub(crate) async fn medium(&self, media: &str, published: Timestamp, caption: &str, seen: Timestamp) {
        sqlx::query(
            "INSERT INTO instagram.media AS m
                (id, user_id, timestamp, caption, media_hastag, first_seen_at, media_hastag_shown)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE SET
                user_id = excluded.user_id, timestamp = excluded.timestamp, caption = excluded.caption,
                media_hastag = excluded.media_hastag, media_hastag_shown = excluded.media_hastag_shown",
        )
        .bind(media)
        .bind(ACCOUNT)
        .bind(published.to_sqlx())
        .bind(caption)
        .bind(hashtag::of(caption).join(" "))
        .bind(seen.to_sqlx())
        .bind(hashtag::found(caption).into_iter().map(|found| found.shown).collect::<Vec<_>>().join(" "))
        .execute(&self.pool)
        .await
        .unwrap();
        self.mark(seen).await;
    }

    /// A medium is found to be gone.
    pub(crate) async fn deleted(&self, media: &str, instant: Timestamp) {
        sqlx::query(
            "INSERT INTO instagram.media (id, deleted_at, first_seen_at) VALUES ($1, $2, $2)
             ON CONFLICT (id) DO UPDATE SET deleted_at = excluded.deleted_at",
        )
        .bind(media)
        .bind(instant.to_sqlx())
        .execute(&self.pool)
        .await
        .unwrap();
        self.mark_owner(media, instant).await;
    }

    /// A medium's counts are read.
    pub(crate) async fn counts(&self, media: &str, likes: Option<i64>, comments: i64, instant: Timestamp) {
        sqlx::query(
            "INSERT INTO instagram.media_like_comment
                (media_id, datestamp, like_count, comments_count, absence, updated_timestamp)
             VALUES ($1, ($2 AT TIME ZONE $3)::date, $4, $5, $6, $2)
             ON CONFLICT (media_id, datestamp) DO UPDATE SET
                like_count = excluded.like_count, comments_count = excluded.comments_count, absence = excluded.absence,
                updated_timestamp = excluded.updated_timestamp",
        )
        .bind(media)
        .bind(instant.to_sqlx())
        .bind(ZONE)
        .bind(likes)
        .bind(comments)
        .bind(likes.is_none().then(|| json!({"like_count": "hidden"})))
        .execute(&self.pool)
        .await
        .unwrap();
        self.mark_owner(media, instant).await;
    }

    /// A figure of a medium is read; `None`: too few viewers. It is filed under the UTC day.
    pub(crate) async fn figure(&self, media: &str, metric: &str, value: Option<i64>, instant: Timestamp) {
        let day = instant.to_zoned(TimeZone::UTC).date();
        sqlx::query(
            "INSERT INTO instagram.media_insight
                (id, media_id, metric, datestamp, value, absence, source, observed_at, updated_timestamp)
             VALUES ($1, $2, $3, $4, $5, $6, 'poll', $7, $7)
             ON CONFLICT (id) DO UPDATE SET value = excluded.value, absence = excluded.absence",
        )
        .bind(format!("{media}/{metric}//{day}"))
        .bind(media)
        .bind(metric)
        .bind(day.to_sqlx())
        .bind(value)
        .bind(value.is_none().then_some("not_enough_viewers"))
        .bind(instant.to_sqlx())
        .execute(&self.pool)
        .await
        .unwrap();
        self.mark_owner(media, instant).await;
    }

    /// The account's followers are read.
    pub(crate) async fn followers(&self, followers: i64, instant: Timestamp) {
        sqlx::query(
            "INSERT INTO instagram.user_data (user_id, datestamp, followers_count, media_count, updated_timestamp)
             VALUES ($1, ($2 AT TIME ZONE $3)::date, $4, 1, $2)
             ON CONFLICT (user_id, datestamp) DO UPDATE SET followers_count = excluded.followers_count",
        )
        .bind(ACCOUNT)
        .bind(instant.to_sqlx())
        .bind(ZONE)
        .bind(followers)
        .execute(&self.pool)
        .await
        .unwrap();
        self.mark(instant).await;
    }

    /// Every row of analytics, without what says when it was written.
    pub(crate) async fn rows(&self) -> Value {
        let rows: Value = sqlx::query_scalar(ROWS).fetch_one(&self.pool).await.unwrap();
        rows
    }

    /// Every row with the transaction that wrote it.
    pub(crate) async fn versions(&self) -> Value {
        let rows: Value = sqlx::query_scalar(VERSIONS).fetch_one(&self.pool).await.unwrap();
        rows
    }

    /// Rows of one table, in the order of the given columns.
    pub(crate) async fn table(&self, statement: &'static str) -> Vec<Value> {
        sqlx::query_scalar(statement).fetch_all(&self.pool).await.unwrap()
    }
}

const ROWS: &str = "
    SELECT jsonb_object_agg(name, rows) FROM (
        SELECT 'engagement' AS name, (SELECT jsonb_agg(to_jsonb(t) - 'id' - 'updated_timestamp' ORDER BY timeframe, datestamp)
            FROM toba_cek_insta.user_insight_engagement t) AS rows
        UNION ALL SELECT 'largest', (SELECT jsonb_agg(to_jsonb(t) - 'id' - 'updated_timestamp' ORDER BY timeframe)
            FROM toba_cek_insta.user_media_largest_engagement t)
        UNION ALL SELECT 'smallest', (SELECT jsonb_agg(to_jsonb(t) - 'id' - 'updated_timestamp' ORDER BY timeframe)
            FROM toba_cek_insta.user_media_smallest_engagement t)
        UNION ALL SELECT 'hashtags', (SELECT jsonb_agg(to_jsonb(t) - 'id' - 'updated_timestamp' ORDER BY hastag, datestamp)
            FROM toba_cek_insta.user_hastags_metrics t)
        UNION ALL SELECT 'distribution', (SELECT jsonb_agg(to_jsonb(t) - 'id' - 'updated_timestamp' ORDER BY media_id, hastag, datestamp)
            FROM toba_cek_insta.user_hastags_metrics_distribution t)
        UNION ALL SELECT 'counts', (SELECT jsonb_agg(to_jsonb(t) - 'id' - 'updated_timestamp' ORDER BY media_id, datestamp)
            FROM instagram.media_like_comment t)
        UNION ALL SELECT 'followers', (SELECT jsonb_agg(to_jsonb(t) - 'id' - 'updated_timestamp' ORDER BY datestamp)
            FROM instagram.user_data t)
    ) AS tables";

const VERSIONS: &str = "
    SELECT jsonb_agg(jsonb_build_array(name, xmin, id) ORDER BY name, id) FROM (
        SELECT 'engagement' AS name, xmin::text, id FROM toba_cek_insta.user_insight_engagement
        UNION ALL SELECT 'largest', xmin::text, id FROM toba_cek_insta.user_media_largest_engagement
        UNION ALL SELECT 'smallest', xmin::text, id FROM toba_cek_insta.user_media_smallest_engagement
        UNION ALL SELECT 'hashtags', xmin::text, id FROM toba_cek_insta.user_hastags_metrics
        UNION ALL SELECT 'distribution', xmin::text, id FROM toba_cek_insta.user_hastags_metrics_distribution
        UNION ALL SELECT 'counts', xmin::text, id FROM instagram.media_like_comment
        UNION ALL SELECT 'followers', xmin::text, id FROM instagram.user_data
    ) AS t";
