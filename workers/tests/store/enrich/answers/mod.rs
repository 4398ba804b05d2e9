//! What answers leave in the tables, and what is not asked twice.

mod comments;
mod kept;
mod owners;
mod stories;

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::simulator::{CallKind, Effect, Fault};
use cekbrand_devkit::world::{Product, World};
use cekbrand_graph::node::{CommentNode, MediaNode, UserNode};
use cekbrand_schema::Clock;
use cekbrand_schema::event::Payload;
use cekbrand_workers::reads;
use cekbrand_workers::rows::stub::MediaStub;
use cekbrand_workers::rows::user::Seen;
use cekbrand_workers::rows::webhook_comment::CommentRow;
use cekbrand_workers::rows::{self, Reading, Rows, Told};
use cekbrand_workers::tasks::TaskLane;
use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::canned::Canned;
use super::{Bench, done, parked};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_read_is_in_the_catalogue() {
    let bench = Bench::new().await;
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT fetch_id, fetch_name FROM instagram.fetch_catalogue")
            .fetch_all(&bench.pool())
            .await
            .unwrap();
    for about in reads::ALL.iter().map(|read| read.about()) {
        let row = (about.fetch_id.to_owned(), about.fetch_name.to_owned());
        assert!(rows.contains(&row), "{row:?}");
    }
    // By the names that Meta's own documents give these calls and grants.
    for id in ["debug_token", "fb_exchange_token", "ig_refresh_token"] {
        assert!(rows.iter().any(|(known, _)| known == id), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_and_its_medium_cost_four_calls_and_fill_their_rows() {
    let bench = Bench::new().await;
    let account = bench.account(0);
    let medium = bench.media(0, Product::Feed).find(|m| m.caption.is_some() && !m.likes_hidden).unwrap();
    bench.want_in(reads::kind::USER, account.id.as_str(), 0, TaskLane::Daily).await;
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 4);

    let profile: (Option<String>, bool, bool) = sqlx::query_as(
        r#"SELECT username, has_problems, is_userid_valid FROM instagram."user" WHERE id = $1"#,
    )
    .bind(account.id.as_str())
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert_eq!(profile, (Some(account.username.clone()), false, true));
    let snapshot: (String, i64, bool) = sqlx::query_as(
        "SELECT datestamp::text, followers_count, absence IS NULL FROM instagram.user_data WHERE user_id = $1",
    )
    .bind(account.id.as_str())
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert_eq!(snapshot, ("2026-11-20".to_owned(), i64::try_from(account.followers).unwrap(), true));
    let row: (Option<String>, Option<String>, Option<String>, Option<String>) = sqlx::query_as(
        "SELECT user_id, media_product_type, caption, media_hastag FROM instagram.media WHERE id = $1",
    )
    .bind(medium.id.as_str())
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert_eq!(row.0.as_deref(), Some(account.id.as_str()));
    assert_eq!((row.1.as_deref(), row.2.as_ref()), (Some("FEED"), medium.caption.as_ref()));
    let first = row.3.unwrap().split(' ').next().unwrap().to_owned();
    assert!(medium.caption.as_ref().unwrap().to_lowercase().contains(&format!("#{first}")));

    let figures = bench.figures(medium).await;
    assert_eq!(figures.len(), 10);
    assert!(figures.iter().all(|(_, value, _)| value.is_some()), "{figures:?}");
    assert_eq!(
        bench.number("SELECT count(*) FROM instagram.media_like_comment WHERE like_count >= 0").await,
        1
    );
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.graph_response").await, 4);
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'done'").await, 4);
    assert!(bench.number("SELECT count(*) FROM pipeline.dirty_mark").await > 0);
    assert_eq!(
        bench.number("SELECT sum(granted)::bigint FROM pipeline.account_quota WHERE account_id <> ''").await,
        10
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_a_short_while_ago_is_not_read_again() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 3);
    assert_eq!(bench.state(reads::kind::MEDIA, medium.id.as_str()).await, parked("fresh"));
    bench.advance(Duration::from_mins(61));
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 5, "the breakdown is fresh for longer");
}
