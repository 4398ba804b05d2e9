//! Comments below media, page by page.

use std::time::Duration;

use cekbrand_devkit::simulator::CallKind;
use cekbrand_devkit::world::{Medium, Product, World};
use cekbrand_workers::reads::{comments::RECENT, kind};
use serde_json::{Value, json};

use super::canned::Canned;
use super::{Bench, done};

/// An older post with several pages of comments.
fn post(bench: &Bench) -> &Medium {
    let old = bench.simulator.now().checked_sub(jiff::SignedDuration::from_hours(24 * 10)).unwrap();
    bench.media(0, Product::Feed).find(|medium| medium.past_comments > 120 && medium.published < old).unwrap()
}

async fn want(bench: &Bench, medium: &str, variant: &str) {
    bench.stub(medium).await;
    bench.want(kind::MEDIA, medium, 0).await;
    bench.want_variant(kind::COMMENTS, medium, variant, 0).await;
    bench.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_comments_of_a_medium_are_read_fifty_a_page_with_their_replies() {
    let bench = Bench::new().await;
    let medium = post(&bench);
    want(&bench, medium.id.as_str(), "").await;
    let top = World::top_level(medium, None).count();
    assert_eq!(bench.calls(CallKind::MediaComments), top.div_ceil(50));
    let held = "SELECT count(*) FROM instagram.media_comment
        WHERE timestamp IS NOT NULL AND like_count IS NOT NULL AND hidden IS NOT NULL AND source = 'backfill'";
    assert_eq!(bench.number(held).await, i64::try_from(medium.comments()).unwrap());
    let reply = bench.simulator.world().comment_under(medium, 6);
    let parent = World::comment_id(medium, 2);
    let row: (Option<String>, Option<String>, Option<String>) =
        sqlx::query_as("SELECT parent_id, media_id, text FROM instagram.media_comment WHERE id = $1")
            .bind(reply.id.as_str())
            .fetch_one(&bench.pool())
            .await
            .unwrap();
    assert_eq!(row, (Some(parent.to_string()), Some(medium.id.to_string()), Some(reply.text)));
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state <> 'done'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_page_gives_times_and_likes_to_what_webhooks_told() {
    let bench = Bench::new().await;
    let medium = post(&bench);
    let newest =
        bench.simulator.world().comment_under(medium, World::top_level(medium, None).next().unwrap());
    let told = "
        INSERT INTO instagram.media_comment
            (id, media_id, text, text_at, first_seen_at, source, updated_timestamp)
        VALUES ($1, $2, 'as the webhook said', '2026-11-21', '2026-11-20', 'webhook', '2026-11-21')";
    sqlx::query(told).bind(newest.id.as_str()).bind(medium.id.as_str()).execute(&bench.pool()).await.unwrap();
    want(&bench, medium.id.as_str(), RECENT).await;
    assert_eq!(bench.calls(CallKind::MediaComments), 1, "the older ones are not asked for");
    let row: (String, Option<i64>, Option<bool>, String, bool) = sqlx::query_as(
        "SELECT text, like_count, hidden, source::text, timestamp = to_timestamp($2)
         FROM instagram.media_comment WHERE id = $1",
    )
    .bind(newest.id.as_str())
    .bind(newest.written.as_second() as f64)
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    let likes = Some(i64::try_from(newest.likes).unwrap());
    assert_eq!(row, ("as the webhook said".to_owned(), likes, Some(false), "webhook".to_owned(), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_lacks_is_not_thereby_gone() {
    let bench = Bench::new().await;
    let medium = post(&bench);
    want(&bench, medium.id.as_str(), RECENT).await;
    let before = bench.number("SELECT count(*) FROM instagram.media_comment").await;
    let newest = World::top_level(medium, None).next().unwrap();
    bench.simulator.delete(World::comment_id(medium, newest).as_str());
    bench.advance(Duration::from_hours(7));
    want(&bench, medium.id.as_str(), RECENT).await;
    assert_eq!(
        bench.number("SELECT count(*) FROM instagram.media_comment WHERE deleted_at IS NOT NULL").await,
        0
    );
    assert!(bench.number("SELECT count(*) FROM instagram.media_comment").await >= before);
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_of_somebody_elses_medium_and_of_a_story_are_not_asked_for() {
    let bench = Bench::new().await;
    let (theirs, story) = (bench.medium(1, Product::Feed), bench.medium(0, Product::Story));
    bench.stub(theirs.id.as_str()).await;
    bench.want(kind::MEDIA, theirs.id.as_str(), 1).await;
    bench.settle().await;
    for id in [&theirs.id, &story.id] {
        want(&bench, id.as_str(), "").await;
        assert_eq!(bench.state(kind::COMMENTS, id.as_str()).await, done());
    }
    assert_eq!(bench.calls(CallKind::MediaComments), 0);
}

/// A medium of the account, and a list that is answered page by page.
async fn list(pages: &[(&str, Value)]) -> (Bench, Canned) {
    let (bench, api) = Canned::bench().await;
    let owner = bench.account(0).id.to_string();
    let medium = json!({"id": "17900000000000001", "owner": {"id": owner}, "media_type": "IMAGE",
        "media_product_type": "FEED", "timestamp": "2026-11-19T05:00:00+0000"});
    api.reply(&["17900000000000001?"], &medium);
    for (part, page) in pages {
        api.reply(&["/comments", part], page);
    }
    want(&bench, "17900000000000001", "").await;
    (bench, api)
}

fn page(comments: &Value, after: &str) -> Value {
    json!({"data": comments, "paging": {"cursors": {"after": after}, "next": "https://graph.facebook.com/x?access_token=T"}})
}

fn asked(api: &Canned) -> Vec<String> {
    let of_list = api.asked().into_iter().filter(|asked| asked.contains("/comments"));
    of_list.map(|asked| asked.split_once("after=").map_or("", |(_, cursor)| cursor).to_owned()).collect()
}

/// `(id, parent, likes, hidden, whether its time is known)`.
type Row = (String, Option<String>, Option<i64>, Option<bool>, bool);

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_cannot_be_read_spoils_no_other() {
    let comments = json!([
        {"id": "1", "text": "halo", "timestamp": "2026-11-19T06:00:00+0000", "like_count": "3", "hidden": true,
         "replies": {"data": [{"id": "2", "text": "hai", "username": "ani"}, null, {"text": "no id"}]}},
        {"text": "no id"}, 7, null,
        {"id": "3", "timestamp": "yesterday", "like_count": {}, "replies": "none"},
        {"id": "1", "text": "again"}
    ]);
    let (bench, _) = list(&[("limit", json!({ "data": comments }))]).await;
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, parent_id, like_count, hidden, timestamp IS NOT NULL FROM instagram.media_comment ORDER BY id",
    )
    .fetch_all(&bench.pool())
    .await
    .unwrap();
    let expected = [
        ("1".to_owned(), None, Some(3), Some(true), true),
        ("2".to_owned(), Some("1".to_owned()), None, None, false),
        ("3".to_owned(), None, None, None, false),
    ];
    assert_eq!(rows, expected);
    assert_eq!(bench.state(kind::COMMENTS, "17900000000000001").await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_ends_whatever_its_cursors_say() {
    let comment = |id: &str| json!([{"id": id, "timestamp": "2026-11-19T06:00:00+0000"}]);
    let (_, api) = list(&[("limit", page(&comment("1"), "a")), ("after=a", page(&comment("2"), "a"))]).await;
    assert_eq!(asked(&api), ["", "a"], "a cursor that repeats");
    let (bench, api) = list(&[
        ("limit", page(&comment("1"), "a")),
        ("after=a", page(&json!([]), "b")),
        ("after=b", page(&comment("2"), "c")),
        ("after=c", json!({"data": comment("3")})),
    ])
    .await;
    assert_eq!(asked(&api), ["", "a", "b", "c"], "an empty page in between, and the last without paging");
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media_comment").await, 3);
    let (_, api) = list(&[
        ("limit", page(&comment("1"), "a")),
        ("after=a", page(&comment("2"), "b")),
        ("after=b", page(&comment("3"), "a")),
    ])
    .await;
    assert_eq!(asked(&api), ["", "a", "b"], "in a circle");
    let empty = |next: &str| page(&json!([]), next);
    let (_, api) = list(&[
        ("limit", empty("a")),
        ("after=a", empty("b")),
        ("after=b", empty("c")),
        ("after=c", empty("d")),
        ("after=d", empty("e")),
    ])
    .await;
    assert_eq!(asked(&api), ["", "a", "b", "c"], "nothing but empty pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_with_more_replies_than_its_page_shows_is_read_on() {
    let comments = json!([{"id": "1", "text": "halo", "replies": {
        "data": [{"id": "2"}], "paging": {"cursors": {"after": "r"}, "next": "https://graph.facebook.com/x"}}}]);
    let (bench, api) = Canned::bench().await;
    let owner = bench.account(0).id.to_string();
    api.reply(
        &["17900000000000001?"],
        &json!({"id": "17900000000000001", "owner": {"id": owner}, "media_type": "IMAGE"}),
    );
    api.reply(&["/comments"], &json!({ "data": comments }));
    api.reply(
        &["1/replies"],
        &page(&json!([{"id": "2"}, {"id": "4", "media": {"id": "17900000000000001"}}]), "s"),
    );
    api.reply(&["1/replies", "after=s"], &json!({"data": [{"id": "5"}]}));
    want(&bench, "17900000000000001", RECENT).await;
    let replies = "SELECT count(*) FROM instagram.media_comment WHERE parent_id = '1'";
    assert_eq!(bench.number(replies).await, 3);
    assert_eq!(bench.state(kind::COMMENTS, "17900000000000001").await, done());
}
