//! Rows of a medium's figures as read by us; the merging is that of [`crate::insight`].

use std::collections::BTreeMap;

use cekbrand_schema::{Absence, ProductType, Source, metric};
use jiff::Timestamp;
use sqlx::PgConnection;

use super::media;
use crate::enrich::effects::Reading;
use crate::insight::{self, InsightKey, InsightRow};

const KNOWN: &str = "
SELECT DISTINCT i.metric FROM instagram.media_insight i
WHERE i.media_id = $1 AND i.breakdown = '' AND i.value IS NOT NULL";

/// Writes figures of a medium. Says at which instants analytics of which account changed.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn write(
    conn: &mut PgConnection,
    media_id: &str,
    readings: &[Reading],
    api_version: &str,
    (observed_at, now): (Timestamp, Timestamp),
) -> Result<Vec<(String, Timestamp)>, sqlx::Error> {
    let mut rows: BTreeMap<InsightKey, InsightRow> = BTreeMap::new();
    for reading in readings {
        let key = InsightKey::part(media_id, &reading.metric, &reading.breakdown, observed_at);
        let row = InsightRow {
            figure: reading.figure,
            source: Source::Poll,
            observed_at,
            api_version: Some(api_version.to_owned()),
            api_id: reading.api_id.clone(),
        };
        rows.entry(key).and_modify(|held| held.merge(&row)).or_insert(row);
    }
    if insight::upsert(conn, rows.iter(), now).await? == 0 {
        return Ok(Vec::new());
    }
    let facts = media::facts(conn, media_id).await?;
    let owner = facts.filter(|facts| facts.is_ours).and_then(|facts| facts.owner);
    Ok(owner.map(|owner| (owner, observed_at)).into_iter().collect())
}

/// Writes `lost` for every metric of an expired story of which no value is known, from a webhook or an earlier reading.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn write_lost(
    conn: &mut PgConnection,
    media_id: &str,
    product: ProductType,
    api_version: &str,
    now: Timestamp,
) -> Result<Vec<(String, Timestamp)>, sqlx::Error> {
    let known: Vec<String> = sqlx::query_scalar(KNOWN).bind(media_id).fetch_all(&mut *conn).await?;
    let asked = metric::in_one_call(product).into_iter();
    let lost = asked.filter(|metric| !known.iter().any(|known| known == metric));
    let readings: Vec<_> = lost.map(|metric| Reading::absent(metric, Absence::Lost)).collect();
    write(conn, media_id, &readings, api_version, (now, now)).await
}
