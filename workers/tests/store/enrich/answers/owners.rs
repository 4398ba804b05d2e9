//! Whose a medium is, and under which id.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn other_peoples_media_are_read_for_mentions_and_stay_outside_analytics() {
    let bench = Bench::new().await;
    let world = Arc::clone(bench.simulator.world());
    let outsider = world.accounts().iter().find(|account| !account.watched).unwrap();
    let theirs = world.media_of(outsider, |medium| medium.product == Product::Feed).next().unwrap();
    bench.want(reads::kind::MENTIONED_MEDIA, theirs.id.as_str(), 0).await;
    bench.settle().await;
    assert_eq!(bench.state(reads::kind::MENTIONED_MEDIA, theirs.id.as_str()).await, done());
    let read = "SELECT count(*) FROM instagram.media WHERE media_type IS NOT NULL AND user_id IS NULL";
    assert_eq!(bench.number(read).await, 1);
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.dirty_mark").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_medium_of_another_account_of_ours_is_left_to_its_owner() {
    let bench = Bench::new().await;
    let medium = bench.medium(1, Product::Feed);
    bench.want_medium(medium, 1).await;
    bench.settle().await;
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 3);
    let notes = "
        SELECT count(*) FROM pipeline.enrichment_task
        WHERE state = 'done' AND last_error = 'the medium belongs to somebody else'";
    assert_eq!(bench.number(notes).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_instagram_login_the_account_keeps_the_id_that_webhooks_carry() {
    let bench = Bench::new().await;
    let account = bench.account(0).id.as_str().to_owned();
    sqlx::query("UPDATE pipeline.account SET login = 'instagram' WHERE account_id = $1")
        .bind(&account)
        .execute(&bench.pool())
        .await
        .unwrap();
    let mut conn = bench.pool().acquire().await.unwrap();
    let now = bench.clock.now();
    let reading = Reading { account_id: account.clone(), observed_at: now };
    let medium = MediaNode {
        id: "179".to_owned(),
        owner_id: Some("2897".to_owned()),
        media_type: Some("IMAGE".to_owned()),
        ..MediaNode::default()
    };
    let told = Told::Media(Box::new(medium), reading.clone());
    rows::apply(&mut conn, &Rows::of(told), now).await.unwrap();
    let node =
        serde_json::json!({"id": "2897", "user_id": account, "username": "toko", "followers_count": 120});
    let user = UserNode::read_own(&node, &account).unwrap();
    rows::apply(&mut conn, &Rows::of(Told::User(user, reading)), now).await.unwrap();
    let users: Vec<(String, Option<String>)> =
        sqlx::query_as(r#"SELECT id, app_scoped_id FROM instagram."user""#)
            .fetch_all(&bench.pool())
            .await
            .unwrap();
    assert_eq!(users, [(account.clone(), Some("2897".to_owned()))]);
    let owner: String =
        sqlx::query_scalar("SELECT user_id FROM instagram.media").fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(owner, account);
    let followers: (String, i64) = sqlx::query_as("SELECT user_id, followers_count FROM instagram.user_data")
        .fetch_one(&bench.pool())
        .await
        .unwrap();
    assert_eq!(followers, (account, 120));
}
