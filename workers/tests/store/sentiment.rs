//! Comments are scored once for each text and model, and again when either changes.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::TestServers;
use cekbrand_schema::SystemClock;
use cekbrand_sentiment::MODEL_VERSION;
use cekbrand_workers::analyse::sentiment::Scorer;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::brand::{ACCOUNT, Brand, at};

type Row = (String, String, bool, String);

async fn rows(pool: &PgPool) -> Vec<Row> {
    let sql = "SELECT comment_id, sentiment, score BETWEEN 0.33 AND 1, model
               FROM toba_cek_insta.user_media_comment_sentiment ORDER BY comment_id";
    sqlx::query_as(sql).fetch_all(pool).await.unwrap()
}

fn row(comment: &str, sentiment: &str) -> Row {
    (comment.to_owned(), sentiment.to_owned(), true, MODEL_VERSION.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_are_scored_once_and_again_when_text_or_model_changes() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let pool = database.pool();
    let mut scorer = Scorer::new(pool.clone(), Arc::new(SystemClock), Duration::from_secs(1));
    let insert = "INSERT INTO instagram.media_comment (id, media_id, text, text_at, first_seen_at, updated_timestamp, source) VALUES
        ('a', 'm', 'bagus banget, suka!', to_timestamp(1), to_timestamp(1), to_timestamp(1), 'webhook'),
        ('b', 'm', 'kecewa berat, barang rusak', to_timestamp(1), to_timestamp(1), to_timestamp(1), 'webhook'),
        ('c', 'm', NULL, NULL, to_timestamp(1), to_timestamp(1), 'webhook')";
    sqlx::raw_sql(insert).execute(&pool).await.unwrap();
    assert_eq!(scorer.tick().await.unwrap(), 2, "one without a text is not scored");
    assert_eq!(rows(&pool).await, [row("a", "pos"), row("b", "neg")]);
    assert_eq!(scorer.tick().await.unwrap(), 0);

    // A later text, and a row of an older model: what changed comes first.
    let change = "
        UPDATE instagram.media_comment SET text = 'jelek banget, nyesel beli', text_at = now(), updated_timestamp = now() WHERE id = 'a';
        UPDATE toba_cek_insta.user_media_comment_sentiment SET model = 'older', sentiment = 'neu' WHERE comment_id = 'b'";
    sqlx::raw_sql(change).execute(&pool).await.unwrap();
    assert_eq!(scorer.tick().await.unwrap(), 1);
    assert_eq!(rows(&pool).await[0], row("a", "neg"));
    let mut other = Scorer::new(pool.clone(), Arc::new(SystemClock), Duration::from_secs(1));
    assert_eq!(other.tick().await.unwrap(), 1);
    assert_eq!(rows(&pool).await, [row("a", "neg"), row("b", "neg")]);
}

/// Whatever the names of models are, before this one's in the alphabet or behind it.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_any_other_model_and_of_another_medium_are_written_anew() {
    let brand = Brand::at("2026-06-20T12:00").await;
    comment(&brand, "a", "1", "bagus banget, suka!", "2026-06-05T12:00").await;
    marked(&brand).await;
    assert!(("!".."~").contains(&MODEL_VERSION));
    for other in ["!", "~"] {
        let change = "UPDATE toba_cek_insta.user_media_comment_sentiment SET sentiment = 'neu', model = $1";
        sqlx::query(change).bind(other).execute(&brand.pool).await.unwrap();
        marked(&brand).await;
        assert_eq!(rows(&brand.pool).await, [row("a", "pos")], "{other}");
    }
    run(&brand, "UPDATE instagram.media_comment SET media_id = '2'").await;
    marked(&brand).await;
    let medium = "SELECT media_id FROM toba_cek_insta.user_media_comment_sentiment";
    assert_eq!(sqlx::query_scalar::<_, String>(medium).fetch_one(&brand.pool).await.unwrap(), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_said_is_kept_over_every_scoring() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-06-01T09:00"), "", at("2026-06-01T10:00")).await;
    comment(&brand, "a", "1", "bagus banget, suka!", "2026-06-05T12:00").await;
    run(
        &brand,
        "INSERT INTO pipeline.sentiment_correction (comment_id, sentiment, corrected_at, corrected_by)
         VALUES ('a', 'neg', '2026-06-05T12:00Z', 'key')",
    )
    .await;
    assert_eq!(marked(&brand).await, [json!([ACCOUNT, "2026-06-05"])]);
    assert_eq!(rows(&brand.pool).await, [row("a", "neg")]);

    // Another model, a later text, and a score that was written over it.
    run(&brand, "UPDATE toba_cek_insta.user_media_comment_sentiment SET model = 'older', sentiment = 'pos'")
        .await;
    marked(&brand).await;
    assert_eq!(rows(&brand.pool).await, [row("a", "neg")]);
    comment(&brand, "a", "1", "suka sekali", "2026-06-06T12:00").await;
    marked(&brand).await;
    assert_eq!(rows(&brand.pool).await, [row("a", "neg")]);
    let look_again = "INSERT INTO pipeline.changed_comment (comment_id, media_id, at) VALUES ('a', '1', '2026-06-05T12:00Z')";
    run(&brand, "UPDATE toba_cek_insta.user_media_comment_sentiment SET sentiment = 'pos'").await;
    run(&brand, look_again).await;
    marked(&brand).await;
    assert_eq!(rows(&brand.pool).await, [row("a", "neg")]);

    // Taken back, the model's word counts again.
    run(&brand, "DELETE FROM pipeline.sentiment_correction").await;
    run(&brand, look_again).await;
    marked(&brand).await;
    assert_eq!(rows(&brand.pool).await, [row("a", "pos")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_comments_than_one_batch_holds_are_all_scored() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let pool = database.pool();
    let mut scorer = Scorer::new(pool.clone(), Arc::new(SystemClock), Duration::from_secs(1));
    let insert =
        "INSERT INTO instagram.media_comment (id, text, text_at, first_seen_at, updated_timestamp, source)
        SELECT n::text, 'mantap kak', to_timestamp(n / 700), to_timestamp(1), to_timestamp(n / 700), 'webhook'
        FROM generate_series(1, 2500) AS n";
    sqlx::raw_sql(insert).execute(&pool).await.unwrap();
    let mut scored = 0;
    loop {
        match scorer.tick().await.unwrap() {
            0 => break,
            number => scored += number,
        }
    }
    assert_eq!((scored, rows(&pool).await.len()), (2500, 2500));
}

/// A comment as landing and enriching write it.
async fn comment(brand: &Brand, id: &str, media: &str, text: &str, seen: &str) {
    sqlx::query(
        "INSERT INTO instagram.media_comment (id, media_id, text, text_at, first_seen_at, updated_timestamp, source)
         VALUES ($1, $2, $3, $4, $4, $4, 'webhook')
         ON CONFLICT (id) DO UPDATE SET text = excluded.text, text_at = excluded.text_at",
    )
    .bind(id)
    .bind(media)
    .bind(text)
    .bind(jiff_sqlx::ToSqlx::to_sqlx(at(seen)))
    .execute(&brand.pool)
    .await
    .unwrap();
}

async fn run(brand: &Brand, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&brand.pool).await.unwrap();
}

/// Scores what there is; returns the days that are marked by it.
async fn marked(brand: &Brand) -> Vec<Value> {
    run(brand, "DELETE FROM pipeline.dirty_mark").await;
    while brand.scorer().tick().await.unwrap() > 0 {}
    brand
        .table("SELECT DISTINCT jsonb_build_array(account_id, day) FROM pipeline.dirty_mark ORDER BY 1")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn scoring_marks_the_owners_days_on_which_a_comment_came_or_went() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-06-01T09:00"), "", at("2026-06-01T10:00")).await;
    run(
        &brand,
        "INSERT INTO instagram.media (id, original_media_id, parent_id, first_seen_at) VALUES
            ('copy', '1', NULL, 'epoch'), ('child', NULL, '1', 'epoch'), ('stranger', NULL, NULL, 'epoch')",
    )
    .await;
    let day = |day: &str| json!([ACCOUNT, day]);

    // Half past midnight in Jakarta is still the day before in UTC.
    comment(&brand, "a", "1", "bagus", "2026-06-05T00:30").await;
    comment(&brand, "b", "copy", "bagus", "2026-06-06T12:00").await;
    comment(&brand, "c", "child", "bagus", "2026-06-07T12:00").await;
    comment(&brand, "d", "stranger", "bagus", "2026-06-08T12:00").await;
    assert_eq!(marked(&brand).await, [day("2026-06-05"), day("2026-06-06"), day("2026-06-07")]);
    assert_eq!(marked(&brand).await, [json!(null); 0], "nothing has changed since");

    // A deletion, a later text, and a time that becomes known: both days, where there are two.
    run(&brand, "UPDATE instagram.media_comment SET deleted_at = '2026-06-10T20:00Z' WHERE id = 'a'").await;
    assert_eq!(marked(&brand).await, [day("2026-06-05"), day("2026-06-11")]);
    run(&brand, "UPDATE instagram.media_comment SET deleted_at = NULL WHERE id = 'a'").await;
    assert_eq!(marked(&brand).await, [day("2026-06-05"), day("2026-06-11")]);
    comment(&brand, "b", "copy", "jelek", "2026-06-12T12:00").await;
    assert_eq!(marked(&brand).await, [day("2026-06-06")]);
    run(&brand, r#"UPDATE instagram.media_comment SET "timestamp" = '2026-06-02T12:00Z' WHERE id = 'c'"#)
        .await;
    assert_eq!(marked(&brand).await, [day("2026-06-02"), day("2026-06-07")]);

    // A medium that turns out to be a part of one of ours brings its comments with it.
    run(&brand, "UPDATE instagram.media SET parent_id = '1' WHERE id = 'stranger'").await;
    assert_eq!(marked(&brand).await, [day("2026-06-08")]);

    // So does one that is heard of after its comments.
    comment(&brand, "e", "later", "bagus", "2026-06-09T12:00").await;
    assert_eq!(marked(&brand).await, [json!(null); 0]);
    run(
        &brand,
        "INSERT INTO instagram.media (id, original_media_id, first_seen_at) VALUES ('later', '1', 'epoch')",
    )
    .await;
    assert_eq!(marked(&brand).await, [day("2026-06-09")]);

    // What is erased leaves no sentiment behind.
    run(&brand, "DELETE FROM instagram.media_comment WHERE id IN ('a', 'b')").await;
    run(&brand, "UPDATE instagram.media_comment SET text = NULL WHERE id = 'c'").await;
    assert_eq!(
        marked(&brand).await,
        [day("2026-06-02"), day("2026-06-05"), day("2026-06-06")],
        "c was made on the 2nd by then"
    );
    assert_eq!(rows(&brand.pool).await, [row("d", "pos"), row("e", "pos")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_scorer_reads_no_comment_however_many_there_are() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    // One session, so that what it counts of its reads is in order.
    let pool =
        sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(&database.url()).await.unwrap();
    let insert =
        "INSERT INTO instagram.media_comment (id, text, text_at, first_seen_at, updated_timestamp, source)
        SELECT n::text, 'mantap kak', to_timestamp(n), to_timestamp(1), to_timestamp(n), 'webhook'
        FROM generate_series(1, 1500) AS n";
    sqlx::raw_sql(insert).execute(&pool).await.unwrap();
    let mut scorer = Scorer::new(pool.clone(), Arc::new(SystemClock), Duration::from_secs(1));
    while scorer.tick().await.unwrap() > 0 {}
    let analyze = "ANALYZE instagram.media_comment; ANALYZE toba_cek_insta.user_media_comment_sentiment;";
    sqlx::raw_sql(analyze).execute(&pool).await.unwrap();
    let before = rows_read(&pool).await;
    assert!(before > 1500, "{before}");
    assert_eq!(scorer.tick().await.unwrap(), 0);
    assert_eq!(rows_read(&pool).await, before);
}

async fn rows_read(pool: &PgPool) -> i64 {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(pool).await.unwrap();
    let read = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables
                WHERE relname IN ('media_comment', 'user_media_comment_sentiment')";
    sqlx::query_scalar(read).fetch_one(pool).await.unwrap()
}
