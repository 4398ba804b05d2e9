//! Whose a medium is decides what is concluded of it, and under which day it is filed.

use cekbrand_graph::node::{MediaNode, UserNode};
use cekbrand_schema::Clock;
use cekbrand_workers::rows::media::Gone;
use cekbrand_workers::rows::{self, Reading, Rows, Told};

use super::Bench;

async fn own(bench: &Bench, medium: &str, owner: Option<&str>) {
    let sql = "INSERT INTO instagram.media (id, user_id, first_seen_at) VALUES ($1, $2, to_timestamp(0))";
    sqlx::query(sql).bind(medium).bind(owner).execute(&bench.pool()).await.unwrap();
}

/// It may merely have become invisible to whoever asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_medium_of_somebody_else_that_is_out_of_sight_is_not_deleted() {
    let bench = Bench::new().await;
    let reader = bench.account(0).id.to_string();
    let mut conn = bench.pool().acquire().await.unwrap();
    for (medium, owner) in [("own", Some(reader.as_str())), ("nobodys", None), ("other", Some("178"))] {
        own(&bench, medium, owner).await;
        let now = bench.clock.now();
        let reading = Reading { account_id: reader.clone(), observed_at: now };
        rows::media::note_gone(&mut conn, &Gone::of(medium, now), &reading).await.unwrap();
    }
    let deleted: Vec<String> =
        sqlx::query_scalar("SELECT id FROM instagram.media WHERE deleted_at IS NOT NULL ORDER BY id")
            .fetch_all(&bench.pool())
            .await
            .unwrap();
    assert_eq!(deleted, ["nobodys", "own"]);
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE lost_at IS NOT NULL").await, 0);
}

/// Nine in the evening in California is five in the morning of the next day in UTC.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_filed_under_the_accounts_own_day() {
    let bench = Bench::new().await;
    let account = bench.account(0).id.to_string();
    let zone = r#"INSERT INTO instagram."user" (id, timezone) VALUES ($1, 'America/Los_Angeles')"#;
    sqlx::query(zone).bind(&account).execute(&bench.pool()).await.unwrap();
    let now = bench.clock.now();
    let reading = Reading { account_id: account.clone(), observed_at: now };
    let node = MediaNode {
        id: "m".to_owned(),
        owner_id: Some(account.clone()),
        media_type: Some("IMAGE".to_owned()),
        timestamp: Some(now),
        like_count: Some(5),
        comments_count: Some(1),
        ..MediaNode::default()
    };
    let user = UserNode { id: account, followers_count: Some(9), ..UserNode::default() };
    let mut conn = bench.pool().acquire().await.unwrap();
    let told = vec![Told::User(user, reading.clone()), Told::Media(Box::new(node), reading)];
    rows::apply(&mut conn, &Rows { told, ..Rows::default() }, now).await.unwrap();
    let days: Vec<(String, String)> = sqlx::query_as(
        "SELECT 'medium', datestamp::text FROM instagram.media WHERE id = 'm'
         UNION ALL SELECT 'counts', datestamp::text FROM instagram.media_like_comment
         UNION ALL SELECT 'snapshot', datestamp::text FROM instagram.user_data
         UNION ALL SELECT DISTINCT 'mark', day::text FROM pipeline.dirty_mark",
    )
    .fetch_all(&bench.pool())
    .await
    .unwrap();
    let expected =
        ["medium", "counts", "snapshot", "mark"].map(|what| (what.to_owned(), "2026-11-19".to_owned()));
    assert_eq!(days, expected);
}
