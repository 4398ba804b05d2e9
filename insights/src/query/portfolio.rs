//! Accounts side by side: what stands out about each, as of its last figures.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;

use crate::accounts::summary::AccountSummary;
use crate::range::Timeframe;
use crate::scope::Scope;

/// Of each account the newest row of each table: an index each, whatever the number of days. Engagement has
/// no row where nothing was published, so an old one says nothing of today.
const PAGE: &str = r#"
SELECT account.account_id, owner.username, owner.name, COALESCE(owner.timezone, 'UTC') AS timezone,
    counts.datestamp AS followers_day, counts.followers_count AS followers,
    counts.absence ->> 'followers_count' AS followers_absence, NULL::text AS followers_source,
    counts.updated_timestamp AS followers_at,
    gained.growth AS followers_growth, gained.absence AS followers_growth_absence,
    reach.date_stamp AS reach_day, reach.value_now AS reach, reach.absence AS reach_absence,
    reach.growth AS reach_growth, reach.absence AS reach_growth_absence,
    seen.date_stamp AS views_day, seen.value_now AS views, seen.absence AS views_absence,
    seen.growth AS views_growth, seen.absence AS views_growth_absence,
    liked.datestamp AS engagement_day, liked.value_now AS engagement, liked.absence AS engagement_absence,
    liked.growth AS engagement_growth, liked.absence AS engagement_growth_absence,
    felt.date_stamp AS sentiment_day, felt.pos, felt.neu, felt.neg,
    token.state AS token_state, token.dead_reason, token.expired_at, token.checked_at,
    story.live AS stories_live, story.at_risk AS stories_at_risk,
    quota.usage_percent, quota.blocked_until, COALESCE(told.kinds, '{}') AS alerts
FROM pipeline.account AS account
LEFT JOIN instagram."user" AS owner ON owner.id = account.account_id
LEFT JOIN LATERAL (
    SELECT datestamp, followers_count, absence, updated_timestamp
    FROM instagram.user_data
    WHERE user_id = account.account_id
    ORDER BY datestamp DESC LIMIT 1
) AS counts ON TRUE
LEFT JOIN toba_cek_insta.user_insight_follower_growth AS gained
    ON gained.user_id = account.account_id AND gained.timeframe = $4 AND gained.date_stamp = counts.datestamp
LEFT JOIN LATERAL (
    SELECT date_stamp, value_now, growth, absence
    FROM toba_cek_insta.user_insight_reach_growth
    WHERE user_id = account.account_id AND timeframe = $4
    ORDER BY date_stamp DESC LIMIT 1
) AS reach ON TRUE
LEFT JOIN LATERAL (
    SELECT date_stamp, value_now, growth, absence
    FROM toba_cek_insta.user_insight_impressions_growth
    WHERE user_id = account.account_id AND timeframe = $4
    ORDER BY date_stamp DESC LIMIT 1
) AS seen ON TRUE
LEFT JOIN LATERAL (
    SELECT datestamp, value_now, growth, absence
    FROM toba_cek_insta.user_insight_engagement_growth
    WHERE
        user_id = account.account_id AND timeframe = $4
        AND datestamp >= ($5::timestamptz AT TIME ZONE COALESCE(owner.timezone, 'UTC'))::date - 1
    ORDER BY datestamp DESC LIMIT 1
) AS liked ON TRUE
LEFT JOIN LATERAL (
    SELECT date_stamp, pos, neu, neg
    FROM toba_cek_insta.user_insight_sentiment
    WHERE user_id = account.account_id
    ORDER BY date_stamp DESC LIMIT 1
) AS felt ON TRUE
LEFT JOIN instagram.instagram_tokens AS token ON token.user_id = account.account_id
LEFT JOIN LATERAL (
    SELECT COUNT(*)::int AS live,
        COUNT(*) FILTER (
            WHERE NOT EXISTS (
                SELECT FROM instagram.media_insight AS held WHERE held.media_id = medium.id AND held.value IS NOT NULL
            )
            AND medium."timestamp" <= $5::timestamptz - INTERVAL '18 hours'
        )::int AS at_risk
    FROM instagram.media AS medium
    WHERE
        medium.user_id = account.account_id AND medium.media_product_type = 'STORY' AND medium.deleted_at IS NULL
        AND medium."timestamp" > $5::timestamptz - INTERVAL '24 hours' AND medium."timestamp" <= $5
) AS story ON TRUE
LEFT JOIN LATERAL (
    SELECT MAX(usage_percent) AS usage_percent, MAX(blocked_until) AS blocked_until
    FROM pipeline.account_quota
    WHERE account_id = account.account_id
) AS quota ON TRUE
LEFT JOIN LATERAL (
    SELECT array_agg(alert.kind) AS kinds
    FROM pipeline.operator_alert AS alert
    WHERE alert.account_id = account.account_id AND alert.resolved_at IS NULL
) AS told ON TRUE
WHERE
    account.removed_at IS NULL
    AND ($1::text[] IS NULL OR account.account_id = ANY ($1))
    AND ($2::text IS NULL OR account.account_id > $2)
ORDER BY account.account_id
LIMIT $3"#;

/// Accounts of a key by id, after `after`.
pub(crate) async fn page(
    pool: &PgPool,
    scope: &Scope,
    after: Option<&str>,
    limit: i64,
    timeframe: Timeframe,
    now: Timestamp,
) -> Result<Vec<AccountSummary>, sqlx::Error> {
    let rows = sqlx::query(PAGE)
        .bind(scope.accounts())
        .bind(after)
        .bind(limit)
        .bind(timeframe.days())
        .bind(now.to_sqlx())
        .fetch_all(pool)
        .await?;
    rows.iter().map(|row| AccountSummary::read(row, now)).collect()
}

/// The same of one account.
pub(crate) async fn one(
    pool: &PgPool,
    id: &str,
    timeframe: Timeframe,
    now: Timestamp,
) -> Result<Option<AccountSummary>, sqlx::Error> {
    let scope = Scope::Accounts(vec![id.to_owned()]);
    Ok(page(pool, &scope, None, 1, timeframe, now).await?.pop())
}
