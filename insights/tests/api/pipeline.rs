//! `GET /api/pipeline`.

use anyhow::Result;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};

use crate::server::TestApi;

const OFFSETS: &str = r#"
INSERT INTO pipeline.consumer_offset
    ("group", topic, partition, start, next, epoch, landed, duplicates, dead_lettered, expired, continued, updated_at)
VALUES
    ('cekbrand.comments', 'instagram.comments.v1', 0, 5, 15, 1, 7, 2, 1, 0, 0, $1),
    ('cekbrand.comments', 'instagram.comments.v1', 1, 0, 4, 1, 3, 0, 0, 1, 0, $1),
    ('cekbrand.dead-letter', 'instagram.dead-letter.v1', 0, 0, 3, 1, 0, 0, 1, 0, 2, $1)"#;

const OPEN_BOOKS: &str = r#"
UPDATE pipeline.consumer_offset
SET next = next + 1
WHERE "group" = 'cekbrand.comments' AND partition = 1"#;

const TASKS: &str = "
INSERT INTO pipeline.enrichment_task
    (kind, target_id, account_id, lane, due_at, wanted_at, created_at, state, reason, parked_until, finished_at)
VALUES
    ('media', '1', '1784', 1, $1, $1, $1, 'waiting', NULL, NULL, NULL),
    ('media', '2', '1784', 1, $1, $1, $1, 'waiting', NULL, NULL, NULL),
    ('media', '3', '1784', 1, $1, $1, $1, 'parked', 'throttled', $1, NULL),
    ('user', '1784', '1784', 2, $1, $1, $1, 'done', NULL, NULL, $1)";

const DIRTY_MARK: &str = "
INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
VALUES ('1784', DATE '2026-11-21', $1)";

const DEAD_LETTERS: &str = r#"
INSERT INTO pipeline.dead_letter (event_id, topic, partition, "offset", reason, error, payload, landed_at, resolution, resolved_at)
VALUES
    (DECODE(REPEAT('00', 32), 'hex'), 'instagram.dead-letter.v1', 0, 0, 'unparsable', 'no json', '', $1, NULL, NULL),
    (DECODE(REPEAT('01', 32), 'hex'), 'instagram.dead-letter.v1', 0, 1, 'unparsable', 'no json', '', $1, 'dropped', $1)"#;

const QUOTAS: &str = "
INSERT INTO pipeline.account_quota (app_id, account_id, usage_percent, blocked_until, block_reason, updated_at)
VALUES
    ('', '1784', 101, $1::timestamptz + INTERVAL '19 minutes', 'throttled', $1),
    ('', '1785', 100, $1, 'throttled', $1),
    ('', '1786', 20, NULL, NULL, $1)";

#[tokio::test]
async fn it_tells_the_books_the_work_and_what_is_stuck() -> Result<()> {
    let api = TestApi::start().await?;
    for statement in [OFFSETS, TASKS, DIRTY_MARK, DEAD_LETTERS, QUOTAS] {
        sqlx::query(statement).bind(api.now().to_sqlx()).execute(&api.pool).await?;
    }
    let now = "2026-11-21T12:00:00.250Z";
    assert_eq!(
        api.get("/api/pipeline").await?,
        json!({
            "success": true,
            "ledger": {
                "closed": true,
                "lanes": [
                    {
                        "group": "cekbrand.comments", "topic": "instagram.comments.v1", "partitions": 2, "closed": true,
                        "read": 14, "landed": 10, "duplicates": 2, "dead_lettered": 1, "expired": 1, "continued": 0,
                    },
                    {
                        "group": "cekbrand.dead-letter", "topic": "instagram.dead-letter.v1", "partitions": 1, "closed": true,
                        "read": 3, "landed": 0, "duplicates": 0, "dead_lettered": 1, "expired": 0, "continued": 2,
                    },
                ],
            },
            "tasks": [
                { "kind": "media", "state": "parked", "reason": "throttled", "count": 1, "first_due_at": now },
                { "kind": "media", "state": "waiting", "reason": null, "count": 2, "first_due_at": now },
            ],
            "dirty_marks": { "count": 1, "oldest_at": now },
            "dead_letters": [{ "reason": "unparsable", "count": 1 }],
            "blocked": [{
                "app_id": "", "account_id": "1784", "usage_percent": 101, "blocked_until": "2026-11-21T12:19:00.250Z",
                "reason": "throttled",
            }],
            "timestamp": now,
        })
    );

    sqlx::query(OPEN_BOOKS).execute(&api.pool).await?;
    let open = api.get("/api/pipeline").await?;
    assert_eq!(
        (&open["ledger"]["closed"], &open["ledger"]["lanes"][0]["closed"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(open["ledger"]["lanes"][1]["closed"], true);
    Ok(())
}

#[tokio::test]
async fn an_empty_pipeline_is_closed_and_has_nothing_to_do() -> Result<()> {
    let api = TestApi::start().await?;
    let body = api.get("/api/pipeline").await?;
    assert_eq!(body["ledger"], json!({ "closed": true, "lanes": [] }));
    assert_eq!(body["dirty_marks"], json!({ "count": 0, "oldest_at": Value::Null }));
    for list in ["tasks", "dead_letters", "blocked"] {
        assert_eq!(body[list], json!([]), "{list}");
    }
    Ok(())
}
