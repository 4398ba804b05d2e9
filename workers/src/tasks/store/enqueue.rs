//! Asking for reads. Many askers want the same thing; it is one row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::reads::{self, Kind};
use crate::tasks::kind::{NewTask, TaskKey};

// A done task that is still fresh is parked until it is not; one that runs is marked, so that finishing
// re-arms it. The mark lies after the start whatever the clocks of two workers say. What an account's stop
// forbids is parked at once. What seemed gone and is heard of again is there. What waits for its next time by
// the clock comes forward.
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
    (state, reason, parked_until, due_at) = (
        SELECT next.state, next.reason, next.parked_until, next.due_at
        FROM (VALUES
            ('stopped', 'parked', EXCLUDED.reason, EXCLUDED.parked_until, EXCLUDED.parked_until),
            ('fresh', 'parked', 'fresh', t.fresh_until, t.fresh_until),
            ('due', 'waiting', NULL, NULL, $9),
            ('sooner', 'waiting', NULL, NULL, LEAST(t.due_at, $9)),
            ('as it is', t.state, t.reason, t.parked_until, t.due_at)
        ) AS next (step, state, reason, parked_until, due_at)
        WHERE next.step = CASE
            WHEN t.state = 'done' AND EXCLUDED.state = 'parked' THEN 'stopped'
            WHEN t.state = 'done' AND t.fresh_until > EXCLUDED.wanted_at THEN 'fresh'
            WHEN t.state = 'done' THEN 'due'
            WHEN t.state = 'waiting' THEN 'sooner'
            WHEN t.state = 'parked' AND t.reason = 'fresh' AND t.fresh_until < t.due_at
                THEN CASE WHEN t.fresh_until > EXCLUDED.wanted_at THEN 'fresh' ELSE 'due' END
            WHEN t.state = 'parked' AND t.last_answer = 'gone' AND t.reason = 'backoff'
                AND t.started_at < EXCLUDED.wanted_at - INTERVAL '10 minutes' THEN 'due'
            ELSE 'as it is' END)";

/// Asks for reads. What is waiting keeps its place, what runs is read again later, what was read a short
/// while ago waits until it is no longer fresh.
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

// A read that ended and is no longer fresh, or that nobody has asked for yet.
const IDLE: &str = "
SELECT n.place
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
    AS n (kind, target_id, account_id, variant, cursor, place)
LEFT JOIN pipeline.enrichment_task t ON t.kind = n.kind AND t.target_id = n.target_id AND t.account_id = n.account_id
    AND t.variant = n.variant AND t.cursor = n.cursor
WHERE t.id IS NULL OR (t.state = 'done' AND COALESCE(t.fresh_until <= $6, TRUE))
ORDER BY n.place";

/// Asks for those of the reads that are neither open nor fresh.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn enqueue_idle(
    conn: &mut PgConnection,
    tasks: &[NewTask],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if tasks.is_empty() {
        return Ok(());
    }
    let keys = || tasks.iter().map(|task| &task.key);
    let places: Vec<i64> = sqlx::query_scalar(IDLE)
        .bind(keys().map(|key| key.kind.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.target_id.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.account_id.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.variant.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.cursor.as_str()).collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .fetch_all(&mut *conn)
        .await?;
    let of = |place: i64| usize::try_from(place - 1).ok().and_then(|place| tasks.get(place)).cloned();
    let idle: Vec<NewTask> = places.into_iter().filter_map(of).collect();
    enqueue(conn, &idle, now).await
}

/// One task per key, in the order of the key: a statement must not meet a row twice, and two of them must
/// meet rows in the same order.
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
            key: TaskKey::new(reads::kind::MEDIA, target, "1"),
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
