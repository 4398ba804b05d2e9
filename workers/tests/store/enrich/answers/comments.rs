//! Comments, and the media that they stand under.

use super::*;

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
