//! Comments are scored once for each text and model, and again when either changes.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::TestServers;
use cekbrand_schema::SystemClock;
use cekbrand_sentiment::MODEL_VERSION;
use cekbrand_workers::analyse::sentiment::Scorer;
use sqlx::PgPool;

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

    // A later text, and a row of an older model: the first is seen at once, the second by the sweep of another worker.
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

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_goes_through_more_comments_than_one_batch_holds() {
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
