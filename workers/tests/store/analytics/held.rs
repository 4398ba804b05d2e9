//! What analyse holds: each of its tables, and the columns that say something.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, PgPool};

use super::reference::Tables;

/// A table that analyse writes, or the columns of one that it does.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) schema: &'static str,
    pub(crate) table: &'static str,
    /// All but the account, surrogate keys and times of writing, in the order of the reference's lines.
    pub(crate) columns: &'static [&'static str],
}

const fn analytics(table: &'static str, columns: &'static [&'static str]) -> Held {
    Held { schema: "toba_cek_insta", table, columns }
}

const GROWTH: &[&str] = &["timeframe", "datestamp", "growth", "absence", "value_now", "value_then"];
const GROWTH_OF_FIGURE: &[&str] =
    &["timeframe", "date_stamp", "growth", "absence", "value_now", "value_then"];
const LEADER: &[&str] =
    &["timeframe", "datestamp", "media_id", "engagement_count", "media_count", "skipped_media"];

/// Every table that analyse writes.
pub(crate) const HELD: &[Held] = &[
    Held {
        schema: "instagram",
        table: "media_like_comment",
        columns: &["media_id", "datestamp", "like_count_growth", "comments_count_growth"],
    },
    Held {
        schema: "instagram",
        table: "user_data",
        columns: &["datestamp", "followers_count_growth", "media_count_growth"],
    },
    analytics(
        "user_insight_engagement",
        &[
            "timeframe",
            "datestamp",
            "engagement",
            "likes_count",
            "comments_count",
            "media_count",
            "skipped_media",
            "skipped_likes",
            "skipped_comments",
            "absence",
        ],
    ),
    analytics("user_insight_engagement_growth", GROWTH),
    analytics("user_insight_engagement_rate_growth", GROWTH),
    analytics("user_insight_follower_growth", GROWTH_OF_FIGURE),
    analytics("user_insight_reach_growth", GROWTH_OF_FIGURE),
    analytics(
        "user_insight_impressions_growth",
        &[
            "timeframe",
            "date_stamp",
            "growth",
            "absence",
            "value_now",
            "value_then",
            "skipped_days",
            "skipped_days_then",
        ],
    ),
    analytics("sentiment_delta", &["day", "pos", "neu", "neg"]),
    analytics("user_insight_sentiment", &["date_stamp", "pos", "neu", "neg"]),
    analytics("user_insight_sentiment_growth", &["timeframe", "date_stamp", "pos", "neu", "neg", "absence"]),
    analytics("user_media_largest_engagement", LEADER),
    analytics("user_media_smallest_engagement", LEADER),
    analytics(
        "user_media_largest_reach",
        &["timeframe", "datestamp", "media_id", "reach_count", "media_count", "skipped_media"],
    ),
    analytics("user_media_most_positive", &["timeframe", "datestamp", "media_id", "positive_count"]),
    analytics("user_media_most_negative", &["timeframe", "datestamp", "media_id", "negative_count"]),
    analytics(
        "user_hastags_metrics",
        &[
            "hastag",
            "datestamp",
            "post_count",
            "total_engagement",
            "engagement_per_post",
            "skipped_engagement",
            "total_reach",
            "reach_per_post",
            "skipped_reach",
            "total_saved",
            "saved_per_post",
            "skipped_saved",
            "absence",
        ],
    ),
    analytics(
        "user_hastags_metrics_distribution",
        &[
            "media_id",
            "hastag",
            "media_timestamp",
            "datestamp",
            "engagement",
            "like_count",
            "comments_count",
            "reach",
            "impressions",
            "absence",
        ],
    ),
    analytics("user_insight_follower_online", &["hours", "date_range", "val", "day_count"]),
    analytics(
        "user_insight_follower_online_wording",
        &["highlight_type", "lang", "date_range", "highlight_wording"],
    ),
    analytics("user_insight_most_active_time", &["waktu_paling_aktif", "value_paling_aktif"]),
];

impl Held {
    /// The rows of an account `$1` as lines, in order: days and instants as numbers, `-` for what is absent.
    fn lines(&self) -> String {
        let cells: Vec<String> = self
            .columns
            .iter()
            .map(|column| format!("coalesce(({})::text, '-')", self.cell(column)))
            .collect();
        format!(
            r#"SELECT line FROM (SELECT concat_ws('|', {}) AS line FROM {}.{} WHERE {}) AS held
            ORDER BY line COLLATE "C""#,
            cells.join(", "),
            self.schema,
            self.table,
            self.of_account("= $1"),
        )
    }

    fn cell(&self, column: &str) -> String {
        match (self.table, column) {
            (_, "datestamp" | "date_stamp" | "day")
            | ("user_insight_follower_online_wording", "date_range") => {
                format!("{column} - DATE '1970-01-01'")
            }
            (_, "media_timestamp" | "waktu_paling_aktif") => format!("extract(epoch FROM {column})::bigint"),
            _ => column.to_owned(),
        }
    }

    /// The condition of rows whose account is one `such`.
    pub(crate) fn of_account(&self, such: &str) -> String {
        match self.table {
            "media_like_comment" => {
                format!("media_id IN (SELECT id FROM instagram.media WHERE user_id {such})")
            }
            _ => format!("user_id {such}"),
        }
    }
}

/// The rows of every table of an account.
pub(crate) async fn rows(pool: &PgPool, account: &str) -> Tables {
    let mut tables = Tables::new();
    for held in HELD {
        let lines = sqlx::query_scalar(AssertSqlSafe(held.lines()));
        let lines: Vec<String> = lines.bind(account).fetch_all(pool).await.unwrap();
        if !lines.is_empty() {
            tables.insert(held.table, lines);
        }
    }
    tables
}

/// Which transaction wrote which row of the accounts, summed up: table, rows, digest.
pub(crate) async fn versions(pool: &PgPool, accounts: &[String]) -> Vec<(String, i64, i64)> {
    let statements: Vec<String> = HELD
        .iter()
        .map(|held| {
            format!(
                "SELECT '{table}', count(*), coalesce(bit_xor(hashtextextended(concat(t.xmin, ' ', t), 0)), 0)
                FROM {schema}.{table} AS t WHERE {of_account}",
                table = held.table,
                schema = held.schema,
                of_account = held.of_account("= ANY ($1)"),
            )
        })
        .collect();
    // PostgreSQL may look at the tables in parallel, and then in any order.
    let statement = AssertSqlSafe(statements.join("\nUNION ALL\n") + "\nORDER BY 1");
    sqlx::query_as(statement).bind(accounts).fetch_all(pool).await.unwrap()
}

/// A table with a new column has it compared, or says here why not.
#[tokio::test]
async fn every_column_that_says_something_is_compared() {
    let database = cekbrand_devkit::servers::TestServers::shared().unwrap().database().await.unwrap();
    let columns = "
        SELECT attname::text FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";
    for held in HELD.iter().filter(|held| held.schema == "toba_cek_insta") {
        let columns: Vec<String> = sqlx::query_scalar(columns)
            .bind(format!("{}.{}", held.schema, held.table))
            .fetch_all(&database.pool())
            .await
            .unwrap();
        let mut said: BTreeSet<&str> = columns.iter().map(String::as_str).collect();
        for beside in ["id", "user_id", "updated_timestamp", "updated_date"] {
            said.remove(beside);
        }
        assert_eq!(said, held.columns.iter().copied().collect(), "{}", held.table);
    }
}
