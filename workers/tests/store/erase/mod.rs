//! What Meta asks to forget leaves no trace, and does not come back.

mod duties;
mod records;
mod stage;

use std::collections::BTreeSet;

use cekbrand_graph::node::CommentNode;
use cekbrand_schema::Source;
use cekbrand_workers::rows::comment::Page;
use cekbrand_workers::rows::{self, Reading, Rows, Told};
use cekbrand_workers::suppress::{self, mention};

use self::stage::{A, B, MEDIUM_A, MEDIUM_B, P, Q, SCOPED_A, Stage};

/// What must not be found of the first brand: ids, names, and what was said about it and by it.
const OF_A: [&str; 10] = [
    A,
    SCOPED_A,
    "kopi.senja",
    MEDIUM_A,
    "sealed-token-of-a",
    "text-of-p-at-a",
    "text-of-q-at-a",
    "text-of-a-at-b",
    "message-of-p-to-a",
    "letter-of-a",
];

/// What must not be found of the person.
const OF_P: [&str; 6] =
    [P, "sari.w", "text-of-p-at-a", "text-of-p-at-b", "message-of-p-to-a", "comment-of-p-at-b"];

#[tokio::test(flavor = "multi_thread")]
async fn of_an_account_no_trace_is_left_and_none_comes_back_from_kafka() {
    let stage = Stage::set().await;
    stage
        .run(&format!(
            "INSERT INTO pipeline.alert_channel (account_id, kind, address, lang, alerts, digest, created_at, created_by)
             VALUES ('{A}', 'email', 'mailto:told-of-a@agency.example', 'id', TRUE, TRUE, '2026-05-01', 'k');
             INSERT INTO pipeline.alert_delivery (id, channel_id, account_id, kind, occasion, body, due_at, created_at)
             SELECT gen_random_uuid(), id, account_id, 'test', 'test', 'message-of-a', created_at, created_at
             FROM pipeline.alert_channel"
        ))
        .await;
    let told = ["told-of-a", "message-of-a"];
    for needle in OF_A.iter().chain(&told) {
        assert!(!stage.traces(&[needle]).await.is_empty(), "{needle} is there before");
    }
    stage.ask("data_deletion", SCOPED_A, "code-a").await;
    assert_eq!(stage.eraser().tick().await.unwrap(), 1);
    assert_eq!(stage.request("code-a").await, ("done".to_owned(), String::new()));
    assert_eq!(stage.traces(&OF_A).await, Vec::<String>::new());
    assert_eq!(stage.traces(&told).await, Vec::<String>::new(), "nor of those who were told");
    let told = "SELECT (erased ->> 'pipeline.event')::bigint FROM pipeline.deletion_request WHERE confirmation_code = 'code-a'";
    let told: Option<i64> = sqlx::query_scalar(told).fetch_one(&stage.pool).await.unwrap();
    assert!(told > Some(0), "the answer to the request says how much it was");
    assert!(!stage.traces(&["text-of-q-at-b", B, MEDIUM_B]).await.is_empty(), "others keep theirs");

    // Nothing but the suppression stands in the way.
    let before = stage.counts().await;
    let again = stage.land_everything_again().await;
    assert_eq!(again.landed, 2, "the two comments of others at the other brand's");
    assert_eq!(stage.traces(&OF_A).await, Vec::<String>::new());
    assert!(stage.books_close().await);
    let new = stage.counts().await;
    assert_eq!(new.comments, before.comments, "they were there already");

    let reading = Reading { account_id: A.to_owned(), observed_at: stage.now() };
    stage.apply(&Rows::of(Told::User(stage::user(A, "kopi.senja"), reading))).await;
    assert_eq!(stage.traces(&OF_A).await, Vec::<String>::new(), "nor with a read");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_person_no_trace_is_left_and_the_history_of_others_is_computed_again() {
    let stage = Stage::set().await;
    let sentiment = stage.sentiments(B).await;
    assert_eq!(sentiment, 3, "each comment at the other brand's has its sentiment");
    stage.ask("data_deletion", P, "code-p").await;
    stage.eraser().tick().await.unwrap();
    assert_eq!(stage.traces(&OF_P).await, Vec::<String>::new());
    stage.compute().await;
    assert_eq!(stage.sentiments(B).await, 2, "history without the person");
    assert!(!stage.traces(&["text-of-q-at-a"]).await.is_empty(), "others keep theirs");

    stage.land_everything_again().await;
    // Edges tell the author's name alone.
    let edge = CommentNode {
        id: "17900000000000999".to_owned(),
        text: Some("text-of-p-at-b".to_owned()),
        username: Some("sari.w".to_owned()),
        media_id: Some(MEDIUM_B.to_owned()),
        ..CommentNode::default()
    };
    let reading = Reading { account_id: B.to_owned(), observed_at: stage.now() };
    stage.apply(&Rows::of(Told::Comment(Box::new(edge), reading))).await;
    assert_eq!(stage.traces(&OF_P).await, Vec::<String>::new());
    assert!(stage.books_close().await);
}

/// A page of comments is read as one, and is written but for theirs.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_page_of_comments_only_those_of_whom_we_forgot_are_left_out() {
    let stage = Stage::set().await;
    stage.ask("data_deletion", P, "code-p").await;
    stage.eraser().tick().await.unwrap();
    let comment = |id: &str, from: &str, text: &str| CommentNode {
        id: id.to_owned(),
        from_id: Some(from.to_owned()),
        text: Some(text.to_owned()),
        media_id: Some(MEDIUM_B.to_owned()),
        ..CommentNode::default()
    };
    let comments = vec![
        comment("17900000000000901", Q, "first-of-q"),
        comment("17900000000000902", P, "again-of-p"),
        comment("17900000000000903", Q, "second-of-q"),
    ];
    let page = Page { comments, unfinished: Vec::new(), source: Source::Poll };
    let reading = Reading { account_id: B.to_owned(), observed_at: stage.now() };
    let mut rows = Rows::of(Told::Comments(Box::new(page), reading.clone()));
    rows.told.push(Told::User(stage::user(B, "after.the.page"), reading));
    stage.apply(&rows).await;
    assert_eq!(stage.traces(&["again-of-p", P]).await, Vec::<String>::new());
    for other in ["first-of-q", "second-of-q", "after.the.page"] {
        assert!(!stage.traces(&[other]).await.is_empty(), "{other} is written");
    }
}

/// Meta may name the person who gave the token, and not the account.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_found_by_the_person_who_gave_its_token() {
    let stage = Stage::set().await;
    stage
        .run(&format!(
            "INSERT INTO pipeline.token_upkeep (account_id, next_at, meta_user_id) VALUES ('{A}', 'epoch', '1022334455')"
        ))
        .await;
    stage.ask("data_deletion", "1022334455", "code-giver").await;
    stage.eraser().tick().await.unwrap();
    assert_eq!(stage.traces(&OF_A).await, Vec::<String>::new());
    assert!(!stage.traces(&["text-of-q-at-b", B]).await.is_empty(), "others keep theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_names_whom_we_forgot_is_not_recorded() {
    let stage = Stage::set().await;
    let page = r#"{"data":[{"id":"17900000000000998","username":"sari.w"}]}"#;
    let of_others = r#"{"data":[{"id":"17900000000000997","username":"budi"}]}"#;
    let mut conn = stage.pool.acquire().await.unwrap();
    assert!(!suppress::mentions_erased(&mut conn, page, stage.now()).await.unwrap());
    stage.ask("data_deletion", P, "code-p").await;
    stage.eraser().tick().await.unwrap();
    assert!(suppress::mentions_erased(&mut conn, page, stage.now()).await.unwrap());
    assert!(!suppress::mentions_erased(&mut conn, of_others, stage.now()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_breaks_off_is_begun_again_and_ends_the_same() {
    let stage = Stage::set().await;
    stage.ask("data_deletion", SCOPED_A, "code-a").await;
    stage.run("ALTER FUNCTION pipeline.erase_rows(text[], text[], text[]) RENAME TO broken").await;
    stage.eraser().tick().await.unwrap_err();
    assert_eq!(stage.request("code-a").await.0, "running");
    stage.run("ALTER FUNCTION pipeline.broken(text[], text[], text[]) RENAME TO erase_rows").await;
    assert_eq!(stage.eraser().tick().await.unwrap(), 1);
    assert_eq!(stage.request("code-a").await.0, "done");
    assert_eq!(stage.traces(&OF_A).await, Vec::<String>::new());
}

/// A transaction that looked before the request came is waited for, so that what it writes is erased as well.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_written_meanwhile_is_erased_with_the_rest() {
    let stage = Stage::set().await;
    stage.ask("data_deletion", SCOPED_A, "code-a").await;
    let mut writer = stage.pool.begin().await.unwrap();
    let reading = Reading { account_id: A.to_owned(), observed_at: stage.now() };
    let late = Rows::of(Told::User(stage::user(A, "kopi.senja.late"), reading));
    rows::apply(&mut writer, &late, stage.now()).await.unwrap();

    let eraser = stage.eraser();
    let erasing = tokio::spawn(async move { eraser.tick().await });
    stage.until_somebody_waits_for_a_lock().await;
    assert!(!erasing.is_finished());
    writer.commit().await.unwrap();
    assert_eq!(erasing.await.unwrap().unwrap(), 1);
    assert_eq!(stage.traces(&[A, "kopi.senja"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lifted_lands_from_then_on_and_not_from_before() {
    let stage = Stage::set().await;
    stage.ask("data_deletion", SCOPED_A, "code-a").await;
    stage.eraser().tick().await.unwrap();
    stage.run("UPDATE pipeline.suppression SET lifted_at = '2026-11-21T09:00:00Z'").await;
    assert_eq!(stage.land_everything_again().await.landed, 2, "from before");
    assert_eq!(stage.land_one_at(A, "2026-11-21T09:00:01Z").await.landed, 1);
}

/// Columns that may name a subject, and are erased by statements of their own or hold nobody's id.
const ELSEWHERE: [&str; 13] = [
    "instagram.fetch_catalogue.fetch_id",
    "instagram.media.original_media_id",
    "instagram.media.owner_id",
    "instagram.media.parent_id",
    "instagram.media_comment.from_id",
    "instagram.media_comment.parent_id",
    "instagram.media_insight.api_id",
    "instagram.user.app_scoped_id",
    "instagram.user.social_account_id",
    "pipeline.consumer_offset.topic_id",
    "pipeline.event.subject_id",
    "pipeline.graph_response.fetch_id",
    "pipeline.token_upkeep.meta_user_id",
];

/// A new table with an id in a column of an unusual name must be thought of here.
#[tokio::test]
async fn every_column_that_may_name_a_subject_is_known_to_erasing() {
    let stage = Stage::empty().await;
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT nspname || '.' || relname || '.' || attname
        FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname IN ('instagram', 'toba_cek_insta', 'pipeline') AND relkind IN ('r', 'p')
            AND NOT relispartition AND NOT attisdropped AND atttypid = 'text'::regtype AND attname LIKE '%\\_id'",
    )
    .fetch_all(&stage.pool)
    .await
    .unwrap();
    let usual = ["user_id", "account_id", "competitor_id", "media_id", "comment_id", "target_id"];
    // Of our own making, or of Meta's apps.
    let nobodys = ["app_id", "ad_id", "key_id", "api_key_id"];
    let unknown: Vec<_> = columns
        .iter()
        .filter(|column| {
            let name = column.rsplit('.').next().unwrap();
            let is_duty = column.contains("deletion_request") || column.contains("suppression");
            !usual.contains(&name)
                && !nobodys.contains(&name)
                && !is_duty
                && !ELSEWHERE.contains(&column.as_str())
        })
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(columns.len() > 50);
}

#[test]
fn long_numbers_are_taken_for_ids_where_nothing_can_be_read() {
    let bytes = b"\xff17841400000000001\xfe1763700000 \"7412345678901\"";
    let expected = BTreeSet::from(["17841400000000001".to_owned(), "7412345678901".to_owned()]);
    assert_eq!(mention::long_numbers(bytes), expected);
}
