//! `GET /api/instagram/insights/test?media_id=`.

use anyhow::Result;
use cekbrand_schema::{Absence, Figure};
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};

use crate::rows::{self, Row};
use crate::server::TestApi;

const TOKEN: &str = "
INSERT INTO instagram.instagram_tokens (user_id, token, flavour, state, dead_reason, checked_at, updated_timestamp)
VALUES ('1784', 'v1.0a0b0c0d.c2VhbGVk', 'facebook', 'dead', '190/463', $1, $1)";

const TASKS: &str = "
INSERT INTO pipeline.enrichment_task
    (kind, target_id, account_id, lane, due_at, wanted_at, created_at, attempts, state, reason, parked_until, finished_at)
VALUES
    ('media', $2, '1784', 1, $1, $1, $1, 1, 'done', NULL, NULL, $1),
    ('media_insights', $2, '1784', 1, $1, $1, $1, 0, 'parked', 'token_dead', $1, NULL),
    ('user', '1784', '1784', 2, $1, $1, $1, 0, 'waiting', NULL, NULL, NULL)";

#[tokio::test]
async fn it_tells_what_is_known_of_a_medium_and_of_its_reads() -> Result<()> {
    let api = TestApi::start().await?;
    rows::medium(&api.pool, "7", Some("STORY"), api.now()).await?;
    let figures = [
        Row::pushed("reach", Figure::count(5), "2026-11-21T09:00:00Z"),
        Row::pushed("exits", Figure::Absent(Absence::Suppressed), "2026-11-21T10:00:00Z"),
    ];
    rows::figures(&api.pool, "7", &figures).await?;
    let now = api.now().to_sqlx();
    sqlx::query(TOKEN).bind(now).execute(&api.pool).await?;
    sqlx::query(TASKS).bind(now).bind("7").execute(&api.pool).await?;

    let now = "2026-11-21T12:00:00.250Z";
    let body = api.get("/api/instagram/insights/test?media_id=7").await?;
    assert_eq!(
        body,
        json!({
            "success": true,
            "media_id": "7",
            "media_type": "STORY",
            "account_id": "1784",
            "token": {
                "state": "dead", "dead_reason": "190/463", "flavour": "facebook", "expires_at": null, "checked_at": now,
            },
            "reads": [
                {
                    "kind": "media", "state": "done", "reason": null, "parked_until": null, "attempts": 1,
                    "wanted_at": now, "finished_at": now,
                },
                {
                    "kind": "media_insights", "state": "parked", "reason": "token_dead", "parked_until": now, "attempts": 0,
                    "wanted_at": now, "finished_at": null,
                },
            ],
            "last_read_at": now,
            "last_figure_at": "2026-11-21T10:00:00.000Z",
            "figures": 2,
            "absences": { "exits": "suppressed" },
            "first_seen_at": now,
            "deleted_at": null,
            "lost_at": null,
            "timestamp": now,
        })
    );
    assert!(!body.to_string().contains("v1."));
    Ok(())
}

#[tokio::test]
async fn a_medium_that_only_a_task_knows_has_the_tasks_account() -> Result<()> {
    let api = TestApi::start().await?;
    sqlx::query(TASKS).bind(api.now().to_sqlx()).bind("8").execute(&api.pool).await?;
    let body = api.get("/api/instagram/insights/test?media_id=8").await?;
    assert_eq!((&body["account_id"], &body["token"]), (&json!("1784"), &Value::Null));
    assert_eq!(body["figures"], 0);
    Ok(())
}

#[tokio::test]
async fn an_unknown_medium_is_not_collected_and_none_at_all_is_a_bad_request() -> Result<()> {
    let api = TestApi::start().await?;
    let (status, body) = api.problem("/api/instagram/insights/test?media_id=9").await?;
    assert_eq!((status, &body["type"]), (404, &json!("not_collected")));
    for query in ["", "?media_id=", "?media_id=%00", "?media_id=1&media_id=2"] {
        let (status, body) = api.problem(&format!("/api/instagram/insights/test{query}")).await?;
        assert_eq!((status, &body["type"]), (400, &json!("invalid_parameter")), "{query}");
    }
    Ok(())
}
