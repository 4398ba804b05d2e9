//! What becomes of requests: fulfilled, or kept because nobody is known by that id.

use super::stage::{A, B, SCOPED_A, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_takes_the_rights_away_is_read_no_more_and_keeps_its_rows() {
    let stage = Stage::set().await;
    let before = stage.counts().await;
    stage.ask("deauthorize", SCOPED_A, "code-d").await;
    stage.eraser().tick().await.unwrap();
    assert_eq!(stage.request("code-d").await.0, "done");
    let token = "SELECT state || ' ' || dead_reason FROM instagram.instagram_tokens WHERE user_id = $1";
    assert_eq!(stage.text(token, A).await, "dead deauthorized");
    let due = "SELECT string_agg(DISTINCT state || ' ' || coalesce(reason, ''), ',')
        FROM pipeline.enrichment_task WHERE account_id = $1";
    assert_eq!(stage.text(due, A).await, "parked token_dead");
    assert!(stage.text(due, B).await.starts_with("waiting"), "nobody else's reads wait");
    assert_eq!(stage.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_matches_nothing_is_kept_and_changes_nothing() {
    let stage = Stage::set().await;
    let before = stage.counts().await;
    for (field, code) in [("data_deletion", "code-x"), ("deauthorize", "code-y")] {
        stage.ask(field, "99887766554433", code).await;
        assert_eq!(stage.eraser().tick().await.unwrap(), 1);
        assert_eq!(stage.request(code).await, ("nothing_held".to_owned(), "99887766554433".to_owned()));
    }
    assert_eq!(stage.counts().await, before);
    assert_eq!(stage.eraser().tick().await.unwrap(), 0, "it is not asked again and again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_is_one() {
    let stage = Stage::set().await;
    stage.ask("data_deletion", A, "code-a").await;
    stage.ask("data_deletion", A, "code-a").await;
    assert_eq!(stage.eraser().tick().await.unwrap(), 1);
    let count = "SELECT count(*)::text FROM pipeline.deletion_request WHERE confirmation_code = $1";
    assert_eq!(stage.text(count, "code-a").await, "1");
}
