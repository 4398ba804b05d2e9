//! The statements about rules, and about what a digest tells.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::words::Lang;

// A rule whose figure is unknown stays as it was. SKIP LOCKED keeps workers from waiting for each other.
const JUDGE: &str = r#"
WITH due AS (
    SELECT rule.id, rule.account_id, rule.name, rule.metric, rule.measure, rule.direction, rule.threshold, rule.timeframe, rule.holds
    FROM pipeline.alert_rule AS rule
    INNER JOIN pipeline.account AS account ON account.account_id = rule.account_id AND account.removed_at IS NULL
    WHERE rule.checked_at IS NULL OR rule.checked_at <= $2
    ORDER BY rule.checked_at NULLS FIRST
    LIMIT $3
    FOR UPDATE OF rule SKIP LOCKED
),
found AS (
    SELECT due.*,
        CASE due.measure WHEN 'value' THEN figure.value WHEN 'growth' THEN figure.growth ELSE figure.usual END AS value
    FROM due
    LEFT JOIN LATERAL pipeline.account_figure(due.account_id, due.metric, due.timeframe, $1) AS figure ON TRUE
),
judged AS (
    SELECT found.*,
        CASE WHEN found.direction = 'above' THEN found.value > found.threshold ELSE found.value < found.threshold END AS holds_now
    FROM found
),
noted AS (
    UPDATE pipeline.alert_rule AS rule SET checked_at = $1, holds = coalesce(judged.holds_now, rule.holds)
    FROM judged
    WHERE rule.id = judged.id
),
fired AS (
    INSERT INTO pipeline.alert_firing
        (account_id, rule_id, period, rule_name, metric, measure, direction, threshold, timeframe, value, fired_at)
    SELECT judged.account_id, judged.id, ($1::timestamptz AT TIME ZONE coalesce(owner.timezone, 'UTC'))::date, judged.name,
        judged.metric, judged.measure, judged.direction, judged.threshold, judged.timeframe, judged.value, $1
    FROM judged
    LEFT JOIN instagram."user" AS owner ON owner.id = judged.account_id
    WHERE judged.holds_now AND judged.holds IS NOT TRUE
    ON CONFLICT (account_id, rule_id, period) DO NOTHING
    RETURNING id, account_id, rule_id, period, rule_name, metric, measure, direction, threshold, timeframe, value, fired_at
)
SELECT (SELECT count(*) FROM judged) AS checked, owner.username, fired.*
FROM (VALUES (1)) AS always (one)
LEFT JOIN fired ON TRUE
LEFT JOIN instagram."user" AS owner ON owner.id = fired.account_id
ORDER BY fired.id"#;

const CHANNELS: &str = "
SELECT id, lang
FROM pipeline.alert_channel
WHERE account_id = $1 AND alerts
ORDER BY id
FOR KEY SHARE";

// Monday, seven in the morning by the account's clock; who came later is told of the next week.
const DIGESTS_DUE: &str = r#"
SELECT channel.id, channel.lang, channel.account_id, owner.username, week.monday
FROM pipeline.alert_channel AS channel
INNER JOIN pipeline.account AS account ON account.account_id = channel.account_id AND account.removed_at IS NULL
LEFT JOIN instagram."user" AS owner ON owner.id = channel.account_id
CROSS JOIN LATERAL (SELECT coalesce(owner.timezone, 'UTC') AS name) AS zone
CROSS JOIN LATERAL (SELECT date_trunc('week', ($1::timestamptz AT TIME ZONE zone.name) - INTERVAL '7 hours')::date AS monday) AS week
WHERE
    channel.digest
    AND channel.created_at < (week.monday + TIME '07:00') AT TIME ZONE zone.name
    AND NOT EXISTS (
        SELECT FROM pipeline.alert_delivery AS told
        WHERE told.channel_id = channel.id AND told.occasion = 'digest:' || week.monday
    )
ORDER BY channel.id
LIMIT $2
FOR UPDATE OF channel SKIP LOCKED"#;

const FIGURES: &str = "
SELECT wanted.metric, figure.day, figure.value, figure.growth, figure.absence
FROM unnest(ARRAY['followers', 'reach', 'views', 'engagement', 'negative_comments']) WITH ORDINALITY AS wanted (metric, place)
LEFT JOIN LATERAL pipeline.account_figure($1, wanted.metric, 7, $2) AS figure ON TRUE
ORDER BY wanted.place";

const HAPPENED: &str = "
SELECT
    (
        SELECT count(*) FROM pipeline.story_vault
        WHERE account_id = $1 AND outcome <> 'lost' AND settled_at > $2::timestamptz - INTERVAL '7 days' AND settled_at <= $2
    ) AS stories_saved,
    (
        SELECT count(*) FROM pipeline.story_vault
        WHERE account_id = $1 AND outcome = 'lost' AND settled_at > $2::timestamptz - INTERVAL '7 days' AND settled_at <= $2
    ) AS stories_lost,
    (
        SELECT count(*) FROM pipeline.alert_firing
        WHERE account_id = $1 AND fired_at > $2::timestamptz - INTERVAL '7 days' AND fired_at <= $2
    ) AS alerts";

/// Which rules are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// When they are.
    pub now: Timestamp,
    /// Those that were not since.
    pub before: Timestamp,
    /// How many at most.
    pub limit: i64,
}

/// What a look found.
#[derive(Debug)]
pub struct Judged {
    /// Rules that were looked at.
    pub checked: i64,
    /// Those that came to hold.
    pub fired: Vec<Firing>,
}

/// A rule that came to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// Its number.
    pub id: i64,
    /// The account.
    pub account_id: String,
    /// Its name, where it is known.
    pub username: Option<String>,
    /// The rule.
    pub rule_id: i64,
    /// What people call it.
    pub rule_name: String,
    /// The local day on which it came to hold.
    pub period: Date,
    /// The figure.
    pub metric: String,
    /// `value`, `growth` or `usual`.
    pub measure: String,
    /// `above` or `below`.
    pub direction: String,
    /// What the figure is beyond.
    pub threshold: f64,
    /// Days that it is of.
    pub timeframe: i32,
    /// The figure, or its change.
    pub value: f64,
    /// When it was noticed.
    pub fired_at: Timestamp,
}

/// Who is told, in which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel {
    /// Its number.
    pub id: i64,
    /// The language.
    pub lang: Lang,
}

/// A digest that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// Who is told.
    pub channel: Channel,
    /// Of which account.
    pub account_id: String,
    /// Its name, where it is known.
    pub username: Option<String>,
    /// The Monday after the week.
    pub monday: Date,
}

/// What a digest tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Week {
    /// The figures, in the order in which they are told.
    pub figures: Vec<WeekFigure>,
    /// Stories whose figures were kept.
    pub stories_saved: i64,
    /// Stories whose figures are gone.
    pub stories_lost: i64,
    /// Times that a rule came to hold.
    pub alerts: i64,
}

/// A figure of the last seven days.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekFigure {
    /// Which.
    pub metric: String,
    /// The last day that it is of.
    pub day: Option<Date>,
    /// What it is, where it is known.
    pub value: Option<f64>,
    /// Its growth against the seven days before, where both are known.
    pub growth: Option<f64>,
    /// Why it is not known.
    pub absence: Option<String>,
}

/// Looks at the rules that are due, and notes which came to hold.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn judge(conn: &mut PgConnection, due: Due) -> Result<Judged, sqlx::Error> {
    let rows = sqlx::query(JUDGE)
        .bind(due.now.to_sqlx())
        .bind(due.before.to_sqlx())
        .bind(due.limit)
        .fetch_all(conn)
        .await?;
    let checked = rows.first().map_or(Ok(0), |row| row.try_get("checked"))?;
    let fired: Result<Vec<Option<Firing>>, _> = rows.iter().map(firing).collect();
    Ok(Judged { checked, fired: fired?.into_iter().flatten().collect() })
}

fn firing(row: &PgRow) -> Result<Option<Firing>, sqlx::Error> {
    let Some(id) = row.try_get("id")? else { return Ok(None) };
    Ok(Some(Firing {
        id,
        account_id: row.try_get("account_id")?,
        username: row.try_get("username")?,
        rule_id: row.try_get("rule_id")?,
        rule_name: row.try_get("rule_name")?,
        period: row.try_get::<jiff_sqlx::Date, _>("period")?.to_jiff(),
        metric: row.try_get("metric")?,
        measure: row.try_get("measure")?,
        direction: row.try_get("direction")?,
        threshold: row.try_get("threshold")?,
        timeframe: row.try_get("timeframe")?,
        value: row.try_get("value")?,
        fired_at: row.try_get::<jiff_sqlx::Timestamp, _>("fired_at")?.to_jiff(),
    }))
}

fn channel(row: &PgRow) -> Result<Channel, sqlx::Error> {
    let lang: String = row.try_get("lang")?;
    Ok(Channel { id: row.try_get("id")?, lang: Lang::of(&lang) })
}

/// Who is told what fires of an account. They stay until the transaction ends.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn channels_for_alerts(
    conn: &mut PgConnection,
    account_id: &str,
) -> Result<Vec<Channel>, sqlx::Error> {
    let rows = sqlx::query(CHANNELS).bind(account_id).fetch_all(conn).await?;
    rows.iter().map(channel).collect()
}

/// The digests that are due. Whoever is told stays until the transaction ends.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn digests_due(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Digest>, sqlx::Error> {
    let rows = sqlx::query(DIGESTS_DUE).bind(now.to_sqlx()).bind(limit).fetch_all(conn).await?;
    let digest = |row: &PgRow| {
        Ok(Digest {
            channel: channel(row)?,
            account_id: row.try_get("account_id")?,
            username: row.try_get("username")?,
            monday: row.try_get::<jiff_sqlx::Date, _>("monday")?.to_jiff(),
        })
    };
    rows.iter().map(digest).collect()
}

/// What a digest tells.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn week(conn: &mut PgConnection, digest: &Digest, now: Timestamp) -> Result<Week, sqlx::Error> {
    let account_id = digest.account_id.as_str();
    let rows = sqlx::query(FIGURES).bind(account_id).bind(now.to_sqlx()).fetch_all(&mut *conn).await?;
    let figure = |row: &PgRow| {
        Ok::<_, sqlx::Error>(WeekFigure {
            metric: row.try_get("metric")?,
            day: row.try_get::<Option<jiff_sqlx::Date>, _>("day")?.map(jiff_sqlx::Date::to_jiff),
            value: row.try_get("value")?,
            growth: row.try_get("growth")?,
            absence: row.try_get("absence")?,
        })
    };
    let figures = rows.iter().map(figure).collect::<Result<_, _>>()?;
    let row = sqlx::query(HAPPENED).bind(account_id).bind(now.to_sqlx()).fetch_one(conn).await?;
    Ok(Week {
        figures,
        stories_saved: row.try_get("stories_saved")?,
        stories_lost: row.try_get("stories_lost")?,
        alerts: row.try_get("alerts")?,
    })
}
