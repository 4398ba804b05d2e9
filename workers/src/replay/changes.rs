//! How many rows of each table a transaction has changed so far, as PostgreSQL counts them.

use std::collections::BTreeMap;

use sqlx::PgConnection;

/// What earlier transactions of the session did may still be in it, so that only differences say something.
const CHANGES: &str = "
    SELECT schemaname || '.' || relname, n_tup_ins + n_tup_upd + n_tup_del
    FROM pg_stat_xact_user_tables
    WHERE schemaname IN ('instagram', 'toba_cek_insta') AND n_tup_ins + n_tup_upd + n_tup_del > 0";

/// Rows changed, by table.
pub(super) type Changes = BTreeMap<String, u64>;

/// The counts at this moment.
pub(super) async fn counts(conn: &mut PgConnection) -> Result<Changes, sqlx::Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as(CHANGES).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(table, rows)| (table, rows.unsigned_abs())).collect())
}

/// What came on top of earlier counts.
pub(super) fn since(before: &Changes, after: Changes) -> Changes {
    let more = |(table, rows): (String, u64)| {
        let rows = rows.saturating_sub(before.get(&table).copied().unwrap_or(0));
        (rows > 0).then_some((table, rows))
    };
    after.into_iter().filter_map(more).collect()
}

/// Adds counts to others.
pub(super) fn add(to: &mut Changes, more: &Changes) {
    for (table, rows) in more {
        *to.entry(table.clone()).or_default() += rows;
    }
}
