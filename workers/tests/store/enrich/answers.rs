//! What answers leave in the tables, and what is not asked twice.

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

#[tokio::test(flavor = "multi_thread")]
async fn what_people_did_after_a_story_is_read_part_by_part() {
    let bench = Bench::new().await;
    let story = bench.medium(0, Product::Story);
    bench.want_medium(story, 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaBreakdown), 2, "a breakdown is a call of its own");
    let parts: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT metric, breakdown, value::bigint FROM instagram.media_insight
         WHERE media_id = $1 AND metric IN ('navigation', 'profile_activity') AND value IS NOT NULL ORDER BY 1, 2",
    )
    .bind(story.id.as_str())
    .fetch_all(&bench.pool())
    .await
    .unwrap();
    let figures = bench.simulator.world().figures(story, bench.simulator.now());
    let mut expected = Vec::new();
    for (metric, parts) in
        [("navigation", &figures.navigation[..]), ("profile_activity", &figures.profile_activity[..])]
    {
        let sum: u64 = parts.iter().map(|(_, count)| count).sum();
        expected.push((metric.to_owned(), String::new(), i64::try_from(sum).unwrap()));
        let told = parts.iter().filter(|(_, count)| *count > 0);
        expected.extend(
            told.map(|(name, count)| {
                (metric.to_owned(), name.to_lowercase(), i64::try_from(*count).unwrap())
            }),
        );
    }
    expected.sort();
    assert_eq!(parts, expected);
    assert!(parts.iter().any(|(_, part, _)| part == "tap_forward"), "{parts:?}");
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
    assert_eq!(super::rebuild(&bench).await, 8);
    let after: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_read_while_it_lives_and_never_asked_after() {
    let bench = Bench::new().await;
    let story = bench.medium(0, Product::Story);
    bench.want_medium(story, 0).await;
    bench.settle().await;
    assert_eq!(bench.figures(story).await.len(), 8);
    let calls = bench.calls(CallKind::MediaInsights);
    bench.advance(Duration::from_hours(25));
    bench.want(reads::kind::MEDIA_INSIGHTS, story.id.as_str(), 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaInsights), calls);
    assert!(!bench.absences(story).await.contains(&"lost".to_owned()), "values are known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_expired_before_it_was_read_says_so_where_no_webhook_told() {
    let bench = Bench::new().await;
    let story = bench.medium(0, Product::Story);
    bench.stub(story.id.as_str()).await;
    bench.want(reads::kind::MEDIA, story.id.as_str(), 0).await;
    bench.settle().await;
    let webhook = "
        INSERT INTO instagram.media_insight
            (id, media_id, metric, value, updated_timestamp, datestamp, source, observed_at)
        SELECT 'x', id, 'reach', 55, to_timestamp(1), '2026-11-20', 'webhook', to_timestamp(1) FROM instagram.media";
    sqlx::query(webhook).execute(&bench.pool()).await.unwrap();
    bench.advance(Duration::from_hours(25));
    bench.want(reads::kind::MEDIA_INSIGHTS, story.id.as_str(), 0).await;
    bench.settle().await;
    let figures = bench.figures(story).await;
    assert_eq!(figures.len(), 8);
    for (metric, value, reason) in figures {
        let expected = if metric == "reach" { (Some(55), None) } else { (None, Some("lost".to_owned())) };
        assert_eq!((value, reason), expected, "{metric}");
    }
    assert_eq!(bench.calls(CallKind::MediaInsights), 0);
}

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
async fn a_comment_gets_what_its_webhook_did_not_tell_and_keeps_the_latest_text() {
    let bench = Bench::new().await;
    let medium = bench.media(0, Product::Feed).find(|medium| medium.past_comments > 2).unwrap();
    let mut comments = (0..medium.past_comments).map(|at| World::comment_id(medium, at));
    let [known, deleted, outdated] = [(); 3].map(|()| comments.next().unwrap());
    // What a webhook told after the read stays; what one told before gives way to it.
    let sql = "
        INSERT INTO instagram.media_comment (id, text, text_at, first_seen_at, updated_timestamp, source)
        VALUES ($1, 'as told', to_timestamp(4102444800), to_timestamp(1), to_timestamp(1), 'webhook'),
               ($2, 'gone', to_timestamp(1), to_timestamp(1), to_timestamp(1), 'webhook'),
               ($3, 'outdated', to_timestamp(1), to_timestamp(1), to_timestamp(1), 'webhook')";
    sqlx::query(sql)
        .bind(known.as_str())
        .bind(deleted.as_str())
        .bind(outdated.as_str())
        .execute(&bench.pool())
        .await
        .unwrap();
    bench.want(reads::kind::COMMENT, outdated.as_str(), 0).await;
    bench.simulator.delete(deleted.as_str());
    bench.want(reads::kind::COMMENT, known.as_str(), 0).await;
    bench.want(reads::kind::COMMENT, deleted.as_str(), 0).await;
    for _ in 0..3 {
        bench.settle().await;
        bench.advance(Duration::from_mins(30));
    }
    let row: (Option<String>, Option<String>, Option<String>, bool, String) = sqlx::query_as(
        r#"SELECT text, username, media_id, "timestamp" IS NOT NULL AND like_count IS NOT NULL, source::text
           FROM instagram.media_comment WHERE id = $1"#,
    )
    .bind(known.as_str())
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert_eq!((row.0.as_deref(), row.2.as_deref()), (Some("as told"), Some(medium.id.as_str())));
    assert!(row.1.is_some() && row.3 && row.4 == "webhook");
    let gone = "SELECT count(*) FROM instagram.media_comment WHERE deleted_at IS NOT NULL AND text = 'gone'";
    assert_eq!(bench.number(gone).await, 1);
    let outdated = "SELECT count(*) FROM instagram.media_comment WHERE text = 'outdated'";
    assert_eq!(bench.number(outdated).await, 0);
    assert_eq!(bench.calls(CallKind::Comment), 5, "two that answer, and three tries of the third");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_without_a_medium_leads_to_its_medium() {
    let bench = Bench::new().await;
    let medium = bench.media(0, Product::Feed).find(|medium| medium.past_comments > 0).unwrap();
    let comment = World::comment_id(medium, 0);
    bench.want(reads::kind::COMMENT, comment.as_str(), 0).await;
    bench.settle().await;
    assert_eq!(bench.state(reads::kind::MEDIA, medium.id.as_str()).await, done());
    assert_eq!(bench.figures(medium).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_on_a_child_of_an_album_are_the_albums_whenever_they_come() {
    let bench = Bench::new().await;
    let mut conn = bench.pool().acquire().await.unwrap();
    let said = |id: &str| {
        let raw = format!(r#"{{"id":"{id}","text":"ya","from":{{"id":"7"}},"media":{{"id":"903"}}}}"#);
        let comment = match Payload::read("comments", &raw) {
            Payload::Comment(comment) => comment,
            other => panic!("{other:?}"),
        };
        let received_at = bench.clock.now();
        let account_id = bench.account(0).id.clone();
        let row =
            CommentRow { comment, account_id, received_at, first_seen_at: received_at, event_id: vec![0] };
        let mut rows = Rows::default();
        rows.comments.insert(id.to_owned(), row);
        rows.media.insert("903".to_owned(), MediaStub { first_seen_at: received_at, ..MediaStub::default() });
        rows
    };
    let now = bench.clock.now();
    rows::apply(&mut conn, &said("1"), now).await.unwrap();
    rows::apply(&mut conn, &said("2"), now).await.unwrap();
    let reading = Reading { account_id: bench.account(0).id.as_str().to_owned(), observed_at: now };
    let node = CommentNode { id: "1".to_owned(), media_id: Some("901".to_owned()), ..CommentNode::default() };
    rows::apply(&mut conn, &Rows::of(Told::Comment(Box::new(node), reading)), now).await.unwrap();
    rows::apply(&mut conn, &said("1"), now).await.unwrap();
    rows::apply(&mut conn, &said("3"), now).await.unwrap();
    let media: Vec<String> = sqlx::query_scalar("SELECT media_id FROM instagram.media_comment ORDER BY id")
        .fetch_all(&bench.pool())
        .await
        .unwrap();
    assert_eq!(media, ["901", "901", "901"]);
    let parent: Vec<Option<String>> = sqlx::query_scalar("SELECT parent_id FROM instagram.media ORDER BY id")
        .fetch_all(&bench.pool())
        .await
        .unwrap();
    assert_eq!(parent, [None, Some("901".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_its_webhook_calls_a_post_is_found_out() {
    let (bench, canned) = Canned::bench().await;
    let owner = bench.account(0).id.as_str().to_owned();
    let raw =
        r#"{"id":"18902","text":"ya","from":{"id":"7"},"media":{"id":"17903","media_product_type":"FEED"}}"#;
    let Payload::Comment(comment) = Payload::read("comments", raw) else { panic!() };
    let now = bench.clock.now();
    let account_id = bench.account(0).id.clone();
    let mut rows = Rows::default();
    let stub =
        MediaStub { media_product_type: Some("FEED".to_owned()), first_seen_at: now, ..MediaStub::default() };
    rows.media.insert("17903".to_owned(), stub);
    let row = CommentRow { comment, account_id, received_at: now, first_seen_at: now, event_id: vec![0] };
    rows.comments.insert("18902".to_owned(), row);
    rows::apply(&mut bench.pool().acquire().await.unwrap(), &rows, now).await.unwrap();

    let node = |id: &str, more: serde_json::Value| {
        let mut node = serde_json::json!({ "id": id, "owner": { "id": owner }, "timestamp": "2026-11-20T03:00:00+0000" });
        node.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        node
    };
    canned.reply(&["17903"], &node("17903", serde_json::json!({ "media_type": "IMAGE" })));
    let album = serde_json::json!({ "media_type": "CAROUSEL_ALBUM", "media_product_type": "FEED" });
    canned.reply(&["17901"], &node("17901", album));
    canned.reply(&["18902"], &serde_json::json!({ "id": "18902", "text": "ya", "media": { "id": "17901" } }));
    bench.want(reads::kind::MEDIA, "17903", 0).await;
    bench.settle().await;
    let sql = "SELECT c.media_id, m.parent_id FROM instagram.media_comment c, instagram.media m WHERE m.id = '17903'";
    let (under, parent): (String, Option<String>) =
        sqlx::query_as(sql).fetch_one(&bench.pool()).await.unwrap();
    assert_eq!((under.as_str(), parent.as_deref()), ("17901", Some("17901")));
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
    assert_eq!(rows::media::write(&mut conn, &node, &read_at(late)).await.unwrap().len(), 2);
    assert_eq!(rows::user::write(&mut conn, &user, &read_at(late), Seen::ByItself).await.unwrap().len(), 1);
    let picture = "
        SELECT md5(string_agg(x, ',')) FROM (
            SELECT m.xmin::text || m::text FROM instagram.media m UNION ALL
            SELECT c.xmin::text || c::text FROM instagram.media_like_comment c UNION ALL
            SELECT d.xmin::text || d::text FROM instagram.user_data d UNION ALL
            SELECT u.xmin::text || u::text FROM instagram.\"user\" u ORDER BY 1) AS rows (x)";
    let before: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    assert!(rows::media::write(&mut conn, &node, &read_at(late)).await.unwrap().is_empty());
    let stale = medium(Some(3), early);
    assert!(rows::media::write(&mut conn, &stale, &read_at(early)).await.unwrap().is_empty());
    assert!(rows::user::write(&mut conn, &user, &read_at(late), Seen::ByItself).await.unwrap().is_empty());
    let after: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(before, after);
    let hidden = medium(None, early);
    let newer = late.checked_add(Duration::from_secs(1)).unwrap();
    assert_eq!(rows::media::write(&mut conn, &hidden, &read_at(newer)).await.unwrap().len(), 1);
    let absence: serde_json::Value =
        sqlx::query_scalar("SELECT absence FROM instagram.media").fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(absence, serde_json::json!({"like_count": "hidden"}));
}

fn token(bench: &Bench) -> String {
    bench.simulator.token(bench.account(0)).unwrap().expose_secret().to_owned()
}
