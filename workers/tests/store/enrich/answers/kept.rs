//! What is kept of an answer, and what is not.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn no_token_and_no_secret_is_kept() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    bench.simulator.add_fault(
        Fault::new(Effect::Error {
            code: 190,
            subcode: None,
            message: Some(format!("Malformed access token {}", token(&bench))),
            status: None,
            is_transient: None,
        })
        .times(1),
    );
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    let dump: String = sqlx::query_scalar(
        "SELECT (SELECT string_agg(r::text, ' ') FROM pipeline.graph_response r)
            || (SELECT string_agg(t::text, ' ') FROM pipeline.enrichment_task t)
            || (SELECT string_agg(t::text, ' ') FROM instagram.instagram_tokens t)",
    )
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert!(dump.contains("Malformed access token"));
    for secret in bench.simulator.secrets() {
        assert!(!dump.contains(&secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_makes_the_same_rows_again_from_its_record() {
    let bench = Bench::new().await;
    let (story, medium) = (bench.medium(0, Product::Story), bench.medium(0, Product::Feed));
    bench.want_in(reads::kind::USER, bench.account(0).id.as_str(), 0, TaskLane::Daily).await;
    bench.want_medium(story, 0).await;
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    let picture = "
        SELECT md5(string_agg(x, ',' ORDER BY x)) FROM (
            SELECT m::text FROM instagram.media m UNION ALL
            SELECT (i.id, i.value, i.absence, i.observed_at, i.api_id)::text FROM instagram.media_insight i UNION ALL
            SELECT (c.media_id, c.like_count, c.comments_count)::text FROM instagram.media_like_comment c UNION ALL
            SELECT (d.user_id, d.followers_count)::text FROM instagram.user_data d UNION ALL
            SELECT u::text FROM instagram.\"user\" u) AS rows (x)";
    let before: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    let wipe = "TRUNCATE instagram.media, instagram.media_insight, instagram.media_like_comment, instagram.user_data";
    sqlx::query(wipe).execute(&bench.pool()).await.unwrap();
    assert_eq!(crate::enrich::rebuild(&bench).await, 8);
    let after: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_says_nothing_new_or_comes_late_writes_nothing() {
    let bench = Bench::new().await;
    let account = bench.account(0).id.as_str();
    let mut conn = bench.pool().acquire().await.unwrap();
    let (early, late) = (bench.clock.now(), bench.clock.now().checked_add(Duration::from_mins(1)).unwrap());
    let medium = |likes, published: Timestamp| MediaNode {
        id: "m".to_owned(),
        owner_id: Some(account.to_owned()),
        media_type: Some("IMAGE".to_owned()),
        caption: Some("#a".to_owned()),
        timestamp: Some(published),
        like_count: likes,
        comments_count: Some(0),
        ..MediaNode::default()
    };
    let node = medium(Some(5), early);
    let read_at = |observed_at| Reading { account_id: account.to_owned(), observed_at };
    let user = UserNode { id: account.to_owned(), followers_count: Some(9), ..UserNode::default() };
    assert_eq!(rows::media::write(&mut conn, &[(&node, &read_at(late))]).await.unwrap().len(), 2);
    assert_eq!(rows::user::write(&mut conn, &user, &read_at(late), Seen::ByItself).await.unwrap().len(), 1);
    let picture = "
        SELECT md5(string_agg(x, ',')) FROM (
            SELECT m.xmin::text || m::text FROM instagram.media m UNION ALL
            SELECT c.xmin::text || c::text FROM instagram.media_like_comment c UNION ALL
            SELECT d.xmin::text || d::text FROM instagram.user_data d UNION ALL
            SELECT u.xmin::text || u::text FROM instagram.\"user\" u ORDER BY 1) AS rows (x)";
    let before: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    assert!(rows::media::write(&mut conn, &[(&node, &read_at(late))]).await.unwrap().is_empty());
    let stale = medium(Some(3), early);
    assert!(rows::media::write(&mut conn, &[(&stale, &read_at(early))]).await.unwrap().is_empty());
    assert!(rows::user::write(&mut conn, &user, &read_at(late), Seen::ByItself).await.unwrap().is_empty());
    let after: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(before, after);
    let hidden = medium(None, early);
    let newer = late.checked_add(Duration::from_secs(1)).unwrap();
    assert_eq!(rows::media::write(&mut conn, &[(&hidden, &read_at(newer))]).await.unwrap().len(), 1);
    let absence: serde_json::Value =
        sqlx::query_scalar("SELECT absence FROM instagram.media").fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(absence, serde_json::json!({"like_count": "hidden"}));
}

fn token(bench: &Bench) -> String {
    bench.simulator.token(bench.account(0)).unwrap().expose_secret().to_owned()
}
