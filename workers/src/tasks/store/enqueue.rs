//! Asking for reads. Many askers want the same thing; it is one row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::reads::{self, Kind};
use crate::tasks::kind::{NewTask, TaskKey};

// A done task that is still fresh is parked until it is not; one that runs is marked, so that finishing re-arms it. The
// mark lies after the start whatever the clocks of two workers say. What an account's stop forbids is parked at once.
const ENQUEUE: &str = "
INSERT INTO pipeline.enrichment_task AS t
    (kind, target_id, account_id, variant, cursor, waits_for, lane, due_at, deadline, wanted_at, state, reason,
    parked_until, created_at)
SELECT n.kind, n.target_id, n.account_id, n.variant, n.cursor, n.waits_for, n.lane, COALESCE(stop.until, $9), n.deadline,
    $9, CASE WHEN stop.until IS NULL THEN 'waiting' ELSE 'parked' END, stop.reason, stop.until, $9
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::timestamptz[])
    AS n (kind, target_id, account_id, variant, cursor, waits_for, lane, deadline)
LEFT JOIN LATERAL (
    SELECT s.reason, s.until FROM pipeline.read_stop s
    WHERE s.account_id = n.account_id AND s.kind IN ('', n.kind) AND s.until > $9
    ORDER BY s.until DESC LIMIT 1
) AS stop ON TRUE
ON CONFLICT (kind, target_id, account_id, variant, cursor) DO UPDATE SET
    wanted_at = CASE t.state
        WHEN 'running' THEN GREATEST(EXCLUDED.wanted_at, t.started_at + INTERVAL '1 microsecond')
        ELSE GREATEST(t.wanted_at, EXCLUDED.wanted_at) END,
    waits_for = EXCLUDED.waits_for,
    lane = CASE t.state WHEN 'done' THEN EXCLUDED.lane ELSE LEAST(t.lane, EXCLUDED.lane) END,
    deadline = CASE t.state WHEN 'done' THEN EXCLUDED.deadline ELSE LEAST(t.deadline, EXCLUDED.deadline) END,
    state = CASE
        WHEN t.state <> 'done' THEN t.state
        WHEN EXCLUDED.state = 'parked' THEN 'parked'
        WHEN t.fresh_until > EXCLUDED.wanted_at THEN 'parked'
        ELSE 'waiting' END,
    reason = CASE
        WHEN t.state <> 'done' THEN t.reason
        WHEN EXCLUDED.state = 'parked' THEN EXCLUDED.reason
        WHEN t.fresh_until > EXCLUDED.wanted_at THEN 'fresh' END,
    parked_until = CASE
        WHEN t.state <> 'done' THEN t.parked_until
        WHEN EXCLUDED.state = 'parked' THEN EXCLUDED.parked_until
        WHEN t.fresh_until > EXCLUDED.wanted_at THEN t.fresh_until END,
    due_at = CASE t.state
        WHEN 'done' THEN CASE EXCLUDED.state
            WHEN 'parked' THEN EXCLUDED.due_at ELSE GREATEST(EXCLUDED.due_at, t.fresh_until) END
        WHEN 'waiting' THEN LEAST(t.due_at, $9)
        ELSE t.due_at END";

/// Asks for reads. What is waiting keeps its place, what runs is read again later, what was read a short while ago waits until it is no longer
/// fresh.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn enqueue(conn: &mut PgConnection, tasks: &[NewTask], now: Timestamp) -> Result<(), sqlx::Error> {
    if tasks.is_empty() {
        return Ok(());
    }
    let tasks = collapse(tasks);
    let keys = || tasks.iter().map(|task| &task.key);
    let waits_for = |key: &TaskKey| reads::of(key.kind).about().waits_for.map(Kind::as_str);
    sqlx::query(ENQUEUE)
        .bind(keys().map(|key| key.kind.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.target_id.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.account_id.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.variant.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.cursor.as_str()).collect::<Vec<_>>())
        .bind(keys().map(waits_for).collect::<Vec<_>>())
        .bind(tasks.iter().map(|task| task.lane.number()).collect::<Vec<_>>())
        .bind(tasks.iter().map(|task| task.deadline.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

/// One task per key, in the order of the key: a statement must not meet a row twice, and two of them must meet rows in the
/// same order.
fn collapse(tasks: &[NewTask]) -> Vec<NewTask> {
    let mut by_key: BTreeMap<&TaskKey, NewTask> = BTreeMap::new();
    for task in tasks {
        let kept = by_key.entry(&task.key).or_insert_with(|| task.clone());
        kept.lane = kept.lane.min(task.lane);
        kept.deadline = [kept.deadline, task.deadline].into_iter().flatten().min();
    }
    by_key.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::TaskLane;

    #[test]
    fn the_same_wish_twice_is_one_with_the_more_urgent_lane() {
        let wish = |target: &str, lane, deadline: Option<i64>| NewTask {
            key: TaskKey::new(reads::media::KIND, target, "1"),
            lane,
            deadline: deadline.map(|second| Timestamp::from_second(second).unwrap()),
        };
        let collapsed = collapse(&[
            wish("b", TaskLane::Daily, Some(9)),
            wish("a", TaskLane::Daily, None),
            wish("b", TaskLane::Live, None),
        ]);
        assert_eq!(collapsed, [wish("a", TaskLane::Daily, None), wish("b", TaskLane::Live, Some(9))]);
    }
}
