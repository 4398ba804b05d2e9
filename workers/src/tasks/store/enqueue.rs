//! Asking for reads. Many askers want the same thing; it is one row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::tasks::kind::{NewTask, TaskKind};

// A done task that is still fresh is parked until it is not; one that runs is marked, so that finishing re-arms it. The mark lies after the start
// whatever the clocks of two workers say.
const ENQUEUE: &str = "
INSERT INTO pipeline.enrichment_task AS t
    (kind, target_id, account_id, lane, due_at, deadline, wanted_at, state, created_at)
SELECT n.kind, n.target_id, n.account_id, n.lane, $6, n.deadline, $6, 'waiting', $6
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::smallint[], $5::timestamptz[])
    AS n (kind, target_id, account_id, lane, deadline)
ON CONFLICT (kind, target_id, account_id) DO UPDATE SET
    wanted_at = CASE t.state
        WHEN 'running' THEN GREATEST(EXCLUDED.wanted_at, t.started_at + INTERVAL '1 microsecond')
        ELSE GREATEST(t.wanted_at, EXCLUDED.wanted_at) END,
    lane = CASE t.state WHEN 'done' THEN EXCLUDED.lane ELSE LEAST(t.lane, EXCLUDED.lane) END,
    deadline = CASE t.state WHEN 'done' THEN EXCLUDED.deadline ELSE LEAST(t.deadline, EXCLUDED.deadline) END,
    state = CASE
        WHEN t.state <> 'done' THEN t.state
        WHEN t.finished_at + make_interval(secs => CASE WHEN t.kind = ANY($7) THEN $8 ELSE $9 END) > EXCLUDED.wanted_at
            THEN 'parked'
        ELSE 'waiting' END,
    reason = CASE
        WHEN t.state <> 'done' THEN t.reason
        WHEN t.finished_at + make_interval(secs => CASE WHEN t.kind = ANY($7) THEN $8 ELSE $9 END) > EXCLUDED.wanted_at
            THEN 'fresh' END,
    parked_until = CASE
        WHEN t.state <> 'done' THEN t.parked_until
        WHEN t.finished_at + make_interval(secs => CASE WHEN t.kind = ANY($7) THEN $8 ELSE $9 END) > EXCLUDED.wanted_at
            THEN t.finished_at + make_interval(secs => CASE WHEN t.kind = ANY($7) THEN $8 ELSE $9 END) END,
    due_at = CASE t.state
        WHEN 'done' THEN GREATEST(EXCLUDED.due_at,
            t.finished_at + make_interval(secs => CASE WHEN t.kind = ANY($7) THEN $8 ELSE $9 END))
        WHEN 'waiting' THEN LEAST(t.due_at, EXCLUDED.due_at)
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
    let kinds: Vec<_> = tasks.iter().map(|task| task.kind.as_str()).collect();
    let targets: Vec<_> = tasks.iter().map(|task| task.target_id.as_str()).collect();
    let accounts: Vec<_> = tasks.iter().map(|task| task.account_id.as_str()).collect();
    let lanes: Vec<_> = tasks.iter().map(|task| task.lane.number()).collect();
    let deadlines: Vec<_> = tasks.iter().map(|task| task.deadline.map(ToSqlx::to_sqlx)).collect();
    let (daily, day, hour) = freshness();
    sqlx::query(ENQUEUE)
        .bind(kinds)
        .bind(targets)
        .bind(accounts)
        .bind(lanes)
        .bind(deadlines)
        .bind(now.to_sqlx())
        .bind(daily)
        .bind(day)
        .bind(hour)
        .execute(conn)
        .await?;
    Ok(())
}

/// The kinds that are fresh for the longer time, that time, and the shorter time, in seconds.
pub(super) fn freshness() -> (Vec<&'static str>, f64, f64) {
    let long = TaskKind::User.freshness();
    let daily =
        TaskKind::ALL.into_iter().filter(|kind| kind.freshness() == long).map(TaskKind::as_str).collect();
    (daily, long.as_secs_f64(), TaskKind::Media.freshness().as_secs_f64())
}

/// One task per key, in the order of the key: a statement must not meet a row twice, and two of them must meet rows in the same order.
fn collapse(tasks: &[NewTask]) -> Vec<NewTask> {
    let mut by_key: BTreeMap<(TaskKind, &str, &str), NewTask> = BTreeMap::new();
    for task in tasks {
        let key = (task.kind, task.target_id.as_str(), task.account_id.as_str());
        let kept = by_key.entry(key).or_insert_with(|| task.clone());
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
            kind: TaskKind::Media,
            target_id: target.to_owned(),
            account_id: "1".to_owned(),
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

    #[test]
    fn there_are_two_times_of_freshness() {
        let (daily, day, hour) = freshness();
        assert_eq!(daily, ["user", "comment", "mentioned_media", "mentioned_comment"]);
        assert_eq!((day, hour), (86_400.0, 3_600.0));
        let hourly = TaskKind::ALL.into_iter().filter(|kind| !daily.contains(&kind.as_str()));
        assert!(hourly.into_iter().all(|kind| kind.freshness() == TaskKind::Media.freshness()));
    }
}
