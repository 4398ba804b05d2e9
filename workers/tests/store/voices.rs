//! An account that used to speak and is silent becomes an alert, once, until it speaks again.

use std::sync::Arc;

use cekbrand_schema::SharedClock;
use cekbrand_workers::schedule::{stories_at_risk, voices};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};

use crate::brand::{ACCOUNT, Brand, at};

const INSERT: &str = "
    INSERT INTO pipeline.event
        (event_id, is_test, object, field, account_id, raw, received_at, landed_at, topic, partition, \"offset\",
         secret_label, schema_version)
    VALUES (sha256(convert_to($2 || $1::text || $3::text, 'UTF8')), $3, 'instagram', 'comments', $2, '{}', $1, $1, 't', 0, 0, 'app', 1)";

/// `[account, whether it is open]` of every alert.
const ALERTS: &str = "
    SELECT jsonb_build_array(account_id, resolved_at IS NULL) FROM pipeline.operator_alert
    WHERE kind = 'no_webhooks' ORDER BY id";

const OTHER: &str = "17841400000000099";

struct Bench {
    brand: Brand,
    clock: SharedClock,
}

impl Bench {
    /// Two accounts that are watched; so far nobody has spoken.
    async fn new() -> Self {
        let brand = Brand::at("2026-06-01T00:00").await;
        let clock: SharedClock = Arc::new(brand.clock.clone());
        let sql = "INSERT INTO pipeline.account (account_id, login, added_at) VALUES ($1, 'facebook', to_timestamp(0))";
        sqlx::query(sql).bind(OTHER).execute(&brand.pool).await.unwrap();
        Self { brand, clock }
    }

    async fn speak(&self, account: &str, at: Timestamp, is_test: bool) {
        let insert = sqlx::query(INSERT).bind(at.to_sqlx()).bind(account).bind(is_test);
        insert.execute(&self.brand.pool).await.unwrap();
    }

    /// Looks every three hours up to then.
    async fn look_until(&self, end: Timestamp) {
        while self.clock.now() < end {
            self.brand.clock.set(self.clock.now() + SignedDuration::from_hours(3));
            assert!(voices::look(&self.brand.pool, &self.clock).await.unwrap().is_some());
        }
    }

    async fn alerts(&self) -> Vec<Value> {
        self.brand.table(ALERTS).await
    }
}

/// By hand: gaps of 6 hours make a usual gap of 6, and three times that is under a day. Gaps of 1, 1 and 22
/// hours make one of (1 + 1 + 484) / 24, a little over 20 hours, and not of 8: three times that is 60 hours.
#[tokio::test]
async fn an_account_that_used_to_speak_is_missed_after_three_times_its_usual_gap() {
    let bench = Bench::new().await;
    let start = at("2026-06-01T00:00");
    let hour = |hours: i64| start + SignedDuration::from_hours(hours);
    for day in 0..8 {
        for step in 0..4 {
            bench.speak(ACCOUNT, hour(day * 24 + step * 6) + SignedDuration::from_mins(1), false).await;
        }
        // A burst: three hours with two comments each, once a day.
        for step in 0..6 {
            bench.speak(OTHER, hour(day * 24) + SignedDuration::from_mins(step * 30 + 1), false).await;
        }
        bench.look_until(hour((day + 1) * 24)).await;
    }
    assert_eq!(bench.alerts().await, Vec::<Value>::new());
    // The last were at 7 d 18 h 1 min and at 7 d 2 h 31 min. A test of the dashboard says nothing of the account.
    bench.speak(ACCOUNT, hour(8 * 24 + 12), true).await;
    bench.look_until(hour(8 * 24 + 18)).await;
    assert_eq!(bench.alerts().await, Vec::<Value>::new(), "a day is not over yet");
    bench.look_until(hour(8 * 24 + 21)).await;
    assert_eq!(bench.alerts().await, [json!([ACCOUNT, true])]);
    bench.look_until(hour(9 * 24 + 12)).await;
    assert_eq!(
        bench.alerts().await,
        [json!([ACCOUNT, true])],
        "once, and the other one is waited for longer"
    );
    bench.look_until(hour(9 * 24 + 18)).await;
    assert_eq!(bench.alerts().await, [json!([ACCOUNT, true]), json!([OTHER, true])]);

    bench.speak(ACCOUNT, hour(10 * 24 + 4), false).await;
    bench.look_until(hour(10 * 24 + 6)).await;
    assert_eq!(bench.alerts().await, [json!([ACCOUNT, false]), json!([OTHER, true])]);
    let sql = "UPDATE pipeline.account SET removed_at = added_at WHERE account_id = $1";
    sqlx::query(sql).bind(OTHER).execute(&bench.brand.pool).await.unwrap();
    bench.look_until(hour(10 * 24 + 9)).await;
    assert_eq!(bench.alerts().await, [json!([ACCOUNT, false]), json!([OTHER, false])]);
}

#[tokio::test]
async fn whoever_spoke_seldom_has_no_usual_gap_and_is_not_missed() {
    let bench = Bench::new().await;
    let start = at("2026-06-01T00:00");
    for hours in [0, 1, 2, 3, 4] {
        let at = start + SignedDuration::from_hours(hours) + SignedDuration::from_mins(1);
        bench.speak(ACCOUNT, at, false).await;
    }
    bench.look_until(start + SignedDuration::from_hours(24 * 5)).await;
    assert_eq!(bench.alerts().await, Vec::<Value>::new(), "four gaps");
    let gaps = bench.brand.table("SELECT to_jsonb(gaps) FROM pipeline.account_voice").await;
    assert_eq!(gaps, [json!(4)]);
}

#[tokio::test]
async fn one_look_in_three_hours_does_for_all_workers() {
    let bench = Bench::new().await;
    let look = || voices::look(&bench.brand.pool, &bench.clock);
    assert_eq!(look().await.unwrap(), Some(0));
    assert_eq!(look().await.unwrap(), None);
    bench.brand.clock.set(at("2026-06-01T03:00"));
    let (first, second) = tokio::join!(look(), look());
    let looks = [first.unwrap(), second.unwrap()];
    assert!(looks.contains(&Some(0)) && looks.contains(&None), "{looks:?}");
}

#[tokio::test]
async fn a_story_is_at_risk_in_its_last_two_hours_while_no_figure_is_known() {
    let bench = Bench::new().await;
    let now = at("2026-06-20T12:00");
    let insert = "
        INSERT INTO pipeline.story_vault (media_id, account_id, published_at, expires_at, first_seen_at)
        SELECT id, $1, ends - INTERVAL '24 hours', ends, ends - INTERVAL '24 hours'
        FROM UNNEST($2::text[], $3::timestamptz[]) AS given (id, ends)";
    let ends = [-1, 60, 119, 121].map(|minutes| (now + SignedDuration::from_mins(minutes)).to_sqlx());
    let ids = ["over", "known", "unknown", "later"];
    let stories = sqlx::query(insert).bind(ACCOUNT).bind(&ids[..]).bind(&ends[..]);
    stories.execute(&bench.brand.pool).await.unwrap();
    let known = "
        INSERT INTO instagram.media_insight
            (id, media_id, metric, breakdown, value, updated_timestamp, datestamp, source, observed_at)
        VALUES ('a', 'known', 'views', '', 0, $1, '2026-06-20', 'poll', $1)";
    sqlx::query(known).bind(now.to_sqlx()).execute(&bench.brand.pool).await.unwrap();
    let mut conn = bench.brand.pool.acquire().await.unwrap();
    assert_eq!(stories_at_risk(&mut conn, now).await.unwrap(), 1);
}
