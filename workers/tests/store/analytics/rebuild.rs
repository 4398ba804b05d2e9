//! Computed again, analytics are what live work makes them: whatever was lost, whoever else is at it.

use std::collections::BTreeMap;

use cekbrand_schema::Clock;
use cekbrand_workers::analyse::rebuild::{Range, Rebuilt};
use jiff::ToSpan;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::differences;
use super::stage::{HELD, Stage};
use super::world::{self, HOURS, World};

/// Everything that was ever computed, gone.
const FORGET: &str = "
    TRUNCATE pipeline.analysed_media, pipeline.analysed_account, pipeline.changed_comment,
        toba_cek_insta.user_media_comment_sentiment;
    UPDATE instagram.media_like_comment SET like_count_growth = NULL, comments_count_growth = NULL;
    UPDATE instagram.user_data SET followers_count_growth = NULL, media_count_growth = NULL";

async fn forget(stage: &Stage) {
    sqlx::raw_sql(FORGET).execute(&stage.pool).await.unwrap();
    for table in HELD.iter().filter(|table| !matches!(**table, "media_like_comment" | "user_data")) {
        let statement = sqlx::AssertSqlSafe(format!("TRUNCATE toba_cek_insta.{table}"));
        sqlx::raw_sql(statement).execute(&stage.pool).await.unwrap();
    }
}

/// As it happens, with days computed again now and then beside two analysers that are at it.
async fn interleaved(world: &World, seed: u64) -> Stage {
    let stage = Stage::new(world).await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut midnights = BTreeMap::new();
    stage.pass_midnights(&mut midnights, &world.accounts).await;
    for write in &world.writes {
        stage.clock.set(write.at.max(stage.clock.now()));
        stage.write(write).await;
        if random.random_bool(0.01) {
            stage.pass_midnights(&mut midnights, &world.accounts).await;
            let account = &world.accounts[random.random_range(0..world.accounts.len())];
            let today = stage.today(account).await;
            let from =
                random.random_bool(0.5).then(|| today.saturating_sub(random.random_range(0..40).days()));
            let to =
                random.random_bool(0.5).then(|| today.saturating_sub(random.random_range(-3..20).days()));
            tokio::join!(stage.rebuild(account, Range { from, to }), stage.tick());
        }
    }
    stage.clock.set(world::start() + (HOURS + 30).hours());
    stage.pass_midnights(&mut midnights, &world.accounts).await;
    stage.settle().await;
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_computed_again_is_what_live_work_makes() {
    let world = World::new(41, "178");
    let stage = interleaved(&world, 41).await;
    assert_eq!(differences(&stage, &world).await, [""; 0], "beside live work");

    // Nothing was wrong: nothing is written.
    let before = stage.versions().await;
    for account in &world.accounts {
        let Rebuilt { days, scored, written } = stage.rebuild(account, Range::default()).await;
        assert!(days > 60, "{days}");
        assert_eq!((scored, written), (0, 0));
    }
    assert_eq!(stage.versions().await, before);

    // From the raw rows alone.
    forget(&stage).await;
    assert_ne!(differences(&stage, &world).await, [""; 0]);
    for account in &world.accounts {
        let Rebuilt { scored, written, .. } = stage.rebuild(account, Range::default()).await;
        assert!(scored > 50 && written > 500, "{scored}, {written}");
    }
    assert_eq!(differences(&stage, &world).await, [""; 0], "from the raw rows alone");
}

#[tokio::test]
async fn a_range_mends_its_own_days_and_what_they_reach() {
    let world = World::new(42, "178");
    let stage = interleaved(&world, 42).await;
    let account = &world.accounts[0];
    let today = stage.today(account).await;
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
    assert_eq!(differences(&stage, &world).await, [""; 0]);
}
