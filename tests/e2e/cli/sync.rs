//! `sync`: reads all of an account.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_asks_for_everything_and_goes_on_after_an_interrupt() {
    let (cekbrand, database) = on_database().await;
    let unknown = cekbrand.run(&["sync", ACCOUNT]);
    assert_eq!(unknown.status.code(), Some(2));
    let said = stderr(&unknown);
    assert!(said.contains("is not watched") && said.trim().lines().count() == 1, "{said}");

    cekbrand.ok(&["account", "add", ACCOUNT]);
    let spent = "
        INSERT INTO pipeline.account_quota (app_id, account_id, call_count, updated_at)
        VALUES ('app', $1, 7, to_timestamp(0))";
    sqlx::query(spent).bind(ACCOUNT).execute(&database.pool()).await.unwrap();
    let mut sync = cekbrand.start_with(&["sync", ACCOUNT, "--json"]);
    let started = "SELECT started_at::text FROM pipeline.sync_run WHERE finished_at IS NULL";
    let deadline = Instant::now() + Duration::from_secs(30);
    let first = loop {
        let run: Option<String> = sqlx::query_scalar(started).fetch_optional(&database.pool()).await.unwrap();
        if let Some(run) = run {
            break run;
        }
        assert!(sync.is_running() && Instant::now() < deadline, "{}", sync.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(sync.interrupt(), Some(1));
    assert!(sync.log().contains("the reads go on"), "{}", sync.log());
    let open = "SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'waiting'";
    let wanted: i64 = sqlx::query_scalar(open).fetch_one(&database.pool()).await.unwrap();
    assert!(wanted >= 5, "profile, stories, media, live videos and tags at least: {wanted}");

    // A worker does all of it while nobody looks; one read may not be done.
    let work = "
        UPDATE pipeline.enrichment_task SET state = 'done', finished_at = clock_timestamp()
        WHERE kind <> 'user_tags'";
    sqlx::query(work).execute(&database.pool()).await.unwrap();
    let refuse = "
        UPDATE pipeline.enrichment_task
        SET state = 'parked', reason = 'permission', parked_until = due_at + interval '1 day'
        WHERE kind = 'user_tags'";
    sqlx::query(refuse).execute(&database.pool()).await.unwrap();
    let spent = "
        UPDATE pipeline.account_quota SET call_count = 49, usage_percent = 83, blocked_until = '2100-01-01Z'";
    sqlx::query(spent).execute(&database.pool()).await.unwrap();
    let again = sqlx::query_scalar::<_, String>(started).fetch_one(&database.pool()).await.unwrap();
    assert_eq!(again, first, "it goes on with what was begun");
    let said = cekbrand.ok(&["sync", ACCOUNT, "--json"]);
    let result: Value = serde_json::from_str(said.trim().lines().last().unwrap()).unwrap();
    assert_eq!(result["is_finished"], true);
    assert_eq!(
        (result["done"].as_i64(), result["of"].as_i64()),
        (Some(wanted - 1), Some(wanted - 1)),
        "{result}"
    );
    assert_eq!(result["aside"]["permission"], 1, "{result}");
    assert_eq!(result["calls"], 42, "what was spent since it began, the interrupt included: {result}");
    assert_eq!(
        (&result["usage_percent"], &result["quota_frees_at"]),
        (&83.into(), &"2100-01-01T00:00:00Z".into())
    );
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pipeline.sync_run WHERE finished_at IS NULL")
        .fetch_one(&database.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}
