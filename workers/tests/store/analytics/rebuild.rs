//! Computed again, analytics are what live work makes them: whatever was lost, whoever else is at it.

use cekbrand_workers::analyse::rebuild::{Range, Rebuilt};
use jiff::ToSpan;
use rand::RngExt;
use rand::rngs::StdRng;
use sqlx::AssertSqlSafe;

use super::held::{HELD, versions};
use super::stage::{Ground, Stage};
use super::world::World;
use super::{differences, live};

/// What is remembered besides the tables of analytics themselves.
const FORGET: &[&str] = &[
    "DELETE FROM pipeline.analysed_media WHERE user_id = ANY ($1)",
    "DELETE FROM pipeline.analysed_account WHERE account_id = ANY ($1)",
    "DELETE FROM toba_cek_insta.user_media_comment_sentiment
    WHERE left(media_id, length(($1::text[])[1])) = ANY ($1)",
    "UPDATE instagram.media_like_comment SET like_count_growth = NULL, comments_count_growth = NULL
    WHERE left(media_id, length(($1::text[])[1])) = ANY ($1)",
    "UPDATE instagram.user_data SET followers_count_growth = NULL, media_count_growth = NULL
    WHERE user_id = ANY ($1)",
];

/// Takes away everything that was ever computed.
pub(super) async fn forget(stage: &Stage) {
    let tables = HELD.iter().filter(|held| held.schema == "toba_cek_insta").map(|held| {
        format!("DELETE FROM {}.{} WHERE {}", held.schema, held.table, held.of_account("= ANY ($1)"))
    });
    for statement in FORGET.iter().map(|statement| (*statement).to_owned()).chain(tables) {
        sqlx::query(AssertSqlSafe(statement)).bind(&stage.accounts).execute(&stage.pool).await.unwrap();
    }
}

/// Some days of some account, with or without ends.
pub(super) async fn some_days(stage: &Stage, random: &mut StdRng) -> (String, Range) {
    let place = random.random_range(0..stage.accounts.len());
    let today = stage.todays().await[place];
    let from = random.random_bool(0.5).then(|| today.saturating_sub(random.random_range(0..40).days()));
    let to = random.random_bool(0.5).then(|| today.saturating_sub(random.random_range(-3..20).days()));
    (stage.accounts[place].clone(), Range { from, to })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_computed_again_is_what_live_work_makes() {
    let world = World::new(41, "178");
    let stage = live(&Ground::new().await, &world, 41).await;
    assert_eq!(differences(&stage).await, [""; 0], "beside live work");

    // Nothing was wrong: nothing is written.
    let before = versions(&stage.pool, &stage.accounts).await;
    for account in &world.accounts {
        let Rebuilt { days, scored, written } = stage.rebuild(account, Range::default()).await;
        assert!(days > 60, "{days}");
        assert_eq!((scored, written), (0, 0));
    }
    assert_eq!(versions(&stage.pool, &stage.accounts).await, before);

    // From the raw rows alone.
    forget(&stage).await;
    assert_ne!(differences(&stage).await, [""; 0]);
    for account in &world.accounts {
        let Rebuilt { scored, written, .. } = stage.rebuild(account, Range::default()).await;
        assert!(scored > 50 && written > 500, "{scored}, {written}");
    }
    assert_eq!(differences(&stage).await, [""; 0], "from the raw rows alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_mends_its_own_days_and_what_they_reach() {
    let world = World::new(42, "178");
    let stage = live(&Ground::new().await, &world, 42).await;
    let account = &world.accounts[0];
    let today = stage.todays().await[0];
    let day = today.saturating_sub(20.days());
    let spoil = "UPDATE toba_cek_insta.user_insight_engagement SET likes_count = -5 WHERE user_id = $1";
    sqlx::query(spoil).bind(account).execute(&stage.pool).await.unwrap();
    stage.rebuild(account, Range { from: Some(day), to: Some(day) }).await;
    let spoilt = "SELECT min(datestamp)::text, max(datestamp)::text
        FROM toba_cek_insta.user_insight_engagement WHERE user_id = $1 AND likes_count = -5 AND datestamp >= $2::text::date";
    let (first, _): (Option<String>, Option<String>) = sqlx::query_as(spoilt)
        .bind(account)
        .bind(day.saturating_sub(1.day()).to_string())
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert_eq!(first, None, "from the day on, all are mended");
    let left =
        "SELECT count(*) FROM toba_cek_insta.user_insight_engagement WHERE user_id = $1 AND likes_count = -5";
    let left: i64 = sqlx::query_scalar(left).bind(account).fetch_one(&stage.pool).await.unwrap();
    assert!(left > 0, "days before are left as they are");
    stage.rebuild(account, Range::default()).await;
    assert_eq!(differences(&stage).await, [""; 0]);
}
