//! What people are told: each rule once for each time that it comes to hold, each digest once a week, also
//! where a worker is killed with one.

mod figures;
mod mail;
mod post_office;
mod receiver;

use std::sync::Arc;
use std::time::Duration;

use cekbrand_schema::notice;
use cekbrand_workers::tell::{Deliverer, TellSettings, Watch};
use jiff_sqlx::ToSqlx;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use self::receiver::{Receiver, Then};
use crate::brand::{ACCOUNT, Brand, at};

const SECRET: &str = "the installation's";

impl Brand {
    fn watch(&self) -> Watch {
        Watch::new(self.pool.clone(), Arc::new(self.clock.clone()), settings())
    }

    fn deliverer(&self) -> Deliverer {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        Deliverer::new(self.pool.clone(), Arc::new(self.clock.clone()), &settings()).unwrap()
    }

    async fn do_sql(&self, sql: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&self.pool).await.unwrap();
    }

    /// The reach of the seven days up to a day.
    async fn reach(&self, day: &str, value: &str) {
        self.do_sql(&format!(
            "INSERT INTO toba_cek_insta.user_insight_reach_growth
                (user_id, timeframe, date_stamp, value_now, growth, absence, updated_timestamp)
             VALUES ('{ACCOUNT}', 7, '{day}', {value}, NULL, 'no_data', '{day}')
             ON CONFLICT (user_id, timeframe, date_stamp) DO UPDATE SET value_now = excluded.value_now"
        ))
        .await;
    }

    async fn rule(&self, metric: &str, measure: &str, direction: &str, threshold: f64) {
        self.do_sql(&format!(
            "INSERT INTO pipeline.alert_rule
                (account_id, name, metric, measure, direction, threshold, timeframe, created_at, created_by)
             VALUES ('{ACCOUNT}', 'Turun', '{metric}', '{measure}', '{direction}', {threshold}, 7, '2026-01-01', 'k')"
        ))
        .await;
    }

    async fn channel(&self, receiver: &Receiver, lang: &str) -> i64 {
        let sql = "INSERT INTO pipeline.alert_channel
                (account_id, kind, address, lang, alerts, digest, created_at, created_by)
             VALUES ($1, 'webhook', $2, $3, TRUE, TRUE, $4, 'k') RETURNING id";
        let made = sqlx::query_scalar(sql)
            .bind(ACCOUNT)
            .bind(&receiver.address)
            .bind(lang)
            .bind(self.now().to_sqlx());
        made.fetch_one(&self.pool).await.unwrap()
    }

    async fn all(&self, sql: &'static str) -> Vec<Value> {
        sqlx::query_scalar(sql).fetch_all(&self.pool).await.unwrap()
    }
}

fn settings() -> TellSettings {
    TellSettings {
        secret: Some(SECRET.into()),
        allow_private: true,
        public_url: "https://brands.example.com/".to_owned(),
        mail: None,
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}

const FIRINGS: &str = "SELECT jsonb_build_array(period, value) FROM pipeline.alert_firing ORDER BY id";
const LOG: &str = "
    SELECT jsonb_build_array(number, ended_at IS NOT NULL, status) FROM pipeline.alert_attempt ORDER BY started_at, number";
const STATES: &str = "SELECT to_jsonb(state) FROM pipeline.alert_delivery ORDER BY created_at, id";

#[tokio::test]
async fn a_rule_that_comes_to_hold_is_told_once_signed_with_a_link() {
    let brand = Brand::at("2026-11-20T10:00").await;
    let mut receiver = Receiver::start(&[]).await;
    let channel = brand.channel(&receiver, "en").await;
    brand.rule("reach", "value", "below", 1000.0).await;
    brand.reach("2026-11-19", "812").await;
    for _ in 0..3 {
        brand.watch().round().await.unwrap();
        brand.deliverer().round().await.unwrap();
        brand.clock.advance(minutes(3));
    }
    let told = receiver.next().await;
    assert_eq!(receiver.rest().len(), 0, "it goes on to hold");
    assert!(told.is_signed_with(notice::secret_of(&SECRET.into(), channel).expose_secret()));
    assert_eq!(told.timestamp, at("2026-11-20T10:00").as_second());
    let body = told.body();
    assert_eq!(body["id"], told.id);
    assert_eq!(body["text"], "@kopi: Reach (7 days): 812, below 1,000 (Turun)");
    assert_eq!(
        body["link"],
        format!("https://brands.example.com/accounts/{ACCOUNT}?lang=en&range=7&to=2026-11-20&metric=reach")
    );
    assert_eq!(
        (&body["type"], &body["value"], &body["day"]),
        (&json!("alert"), &json!(812.0), &json!("2026-11-20"))
    );

    // It recovers, and falls again: on the same day once more is too often, on the next it is news.
    for (reach, day) in [
        ("1500", "2026-11-20T11:00"),
        ("700", "2026-11-20T12:00"),
        ("1500", "2026-11-20T13:00"),
        ("600", "2026-11-21T12:00"),
    ] {
        brand.clock.set(at(day));
        brand.reach("2026-11-19", reach).await;
        brand.watch().round().await.unwrap();
        brand.deliverer().round().await.unwrap();
    }
    assert_eq!(brand.all(FIRINGS).await, [json!(["2026-11-20", 812]), json!(["2026-11-21", 600])]);
    let later = receiver.rest();
    assert_eq!(later.len(), 1);
    assert_ne!(later[0].id, told.id);
}

#[tokio::test]
async fn an_unknown_figure_fires_nothing_and_changes_nothing() {
    let brand = Brand::at("2026-11-20T10:00").await;
    brand.rule("reach", "value", "below", 1000.0).await;
    brand.rule("reach", "growth", "below", 1000.0).await;
    brand.watch().round().await.unwrap();
    brand.reach("2026-11-19", "500").await;
    brand.clock.advance(minutes(3));
    brand.watch().round().await.unwrap();
    brand.reach("2026-11-19", "NULL").await;
    brand.clock.advance(minutes(60 * 24));
    brand.watch().round().await.unwrap();
    brand.reach("2026-11-19", "400").await;
    brand.clock.advance(minutes(3));
    brand.watch().round().await.unwrap();
    assert_eq!(brand.all(FIRINGS).await, [json!(["2026-11-20", 500])]);
}

#[tokio::test]
async fn workers_that_look_at_once_tell_once() {
    let brand = Brand::at("2026-11-23T06:59").await;
    let mut receiver = Receiver::start(&[]).await;
    brand.channel(&receiver, "id").await;
    brand.rule("reach", "value", "below", 1000.0).await;
    brand.reach("2026-11-19", "1").await;
    brand.clock.advance(minutes(1));
    let watch = || async { brand.watch().round().await.unwrap() };
    tokio::join!(watch(), watch(), watch(), watch());
    watch().await;
    let deliver = || async { brand.deliverer().round().await.unwrap() };
    tokio::join!(deliver(), deliver(), deliver());
    let kinds: Vec<Value> = receiver.rest().iter().map(|told| told.body()["type"].clone()).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    assert!(kinds.contains(&json!("alert")) && kinds.contains(&json!("digest")));
}

#[tokio::test]
async fn a_digest_comes_on_mondays_in_the_readers_language_once() {
    let brand = Brand::at("2026-11-22T12:00").await;
    let (mut first, mut second) = (Receiver::start(&[]).await, Receiver::start(&[]).await);
    let channel = brand.channel(&first, "id").await;
    brand.channel(&second, "en").await;
    brand.reach("2026-11-22", "12345").await;
    brand
        .do_sql(&format!(
            "UPDATE toba_cek_insta.user_insight_reach_growth SET growth = 0.125, absence = NULL;
             INSERT INTO pipeline.story_vault
                (media_id, account_id, published_at, expires_at, first_seen_at, outcome, reason, settled_at)
             SELECT n::text, '{ACCOUNT}', '2026-11-19Z', '2026-11-20Z', '2026-11-19Z', outcome, reason, '2026-11-20Z'
             FROM (VALUES (1, 'both', NULL), (2, 'polled', NULL), (3, 'lost', 'no_token')) AS story (n, outcome, reason)"
        ))
        .await;
    for moment in ["2026-11-23T06:59", "2026-11-23T07:00", "2026-11-23T09:00", "2026-11-29T23:00"] {
        brand.clock.set(at(moment));
        brand.watch().round().await.unwrap();
        brand.deliverer().round().await.unwrap();
        if moment == "2026-11-23T06:59" {
            assert_eq!(first.rest().len(), 0, "it is not seven yet");
        }
    }
    let (told, in_english) = (first.rest(), second.rest());
    assert_eq!((told.len(), in_english.len()), (1, 1));
    assert!(told[0].is_signed_with(notice::secret_of(&SECRET.into(), channel).expose_secret()));
    assert!(!in_english[0].is_signed_with(notice::secret_of(&SECRET.into(), channel).expose_secret()));
    let body = told[0].body();
    assert_eq!(body["subject"], "@kopi: ringkasan minggu 2026-11-16 sampai 2026-11-22");
    assert_eq!(
        body["text"],
        "Pengikut: belum diketahui\nJangkauan: 12.345 (+12,5 %)\nTayangan: belum diketahui\nInteraksi: belum diketahui\n\
         Komentar negatif: belum diketahui\nStory: 2 tersimpan, 1 hilang\nPeringatan: 0"
    );
    let body = in_english[0].body();
    assert!(body["text"].as_str().unwrap().contains("Reach: 12,345 (+12.5 %)\n"), "{body}");
    assert_eq!(
        body["figures"][0],
        json!({ "metric": "followers", "day": null, "value": null, "growth": null, "absence": null })
    );
    assert_eq!(
        body["link"],
        format!("https://brands.example.com/accounts/{ACCOUNT}?lang=en&range=7&to=2026-11-22")
    );
    brand.clock.set(at("2026-11-30T07:00"));
    brand.watch().round().await.unwrap();
    brand.deliverer().round().await.unwrap();
    assert_eq!(first.rest().len(), 1, "another week");
}

/// Puts a rule that holds and a digest that is due in front of a receiver.
async fn two_to_tell(plan: &[Then]) -> (Brand, Receiver) {
    let brand = Brand::at("2026-11-23T06:00").await;
    let receiver = Receiver::start(plan).await;
    brand.channel(&receiver, "id").await;
    brand.clock.set(at("2026-11-23T08:00"));
    brand.rule("reach", "value", "below", 1000.0).await;
    brand.reach("2026-11-19", "1").await;
    brand.watch().round().await.unwrap();
    (brand, receiver)
}

#[tokio::test]
async fn a_worker_that_dies_after_sending_and_before_noting_is_followed_by_the_same_ids_and_bytes() {
    let (brand, mut receiver) = two_to_tell(&[Then::Hang, Then::Hang]).await;
    let deliverer = brand.deliverer();
    let killed = tokio::spawn(async move { deliverer.round().await });
    let mut before = [receiver.next().await, receiver.next().await];
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());

    assert_eq!(brand.deliverer().round().await.unwrap(), 0, "another worker waits for the end of the lease");
    brand.clock.advance(minutes(1));
    assert_eq!(brand.deliverer().round().await.unwrap(), 2);
    let mut after = receiver.rest();
    assert_eq!(after.len(), 2);
    before.sort_by(|a, b| a.id.cmp(&b.id));
    after.sort_by(|a, b| a.id.cmp(&b.id));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((&before.id, &before.bytes), (&after.id, &after.bytes));
        assert_ne!(before.signature, after.signature, "it is signed anew");
    }
    assert_ne!(before[0].id, before[1].id);
    assert_eq!(brand.all(STATES).await, ["delivered", "delivered"]);
    let tries =
        [json!([1, false, null]), json!([1, false, null]), json!([2, true, 204]), json!([2, true, 204])];
    assert_eq!(brand.all(LOG).await, tries);
    brand.clock.advance(minutes(60 * 24));
    assert_eq!(brand.deliverer().round().await.unwrap(), 0);
}

#[tokio::test]
async fn a_worker_that_dies_before_sending_leaves_it_to_the_next() {
    let (brand, mut receiver) = two_to_tell(&[]).await;
    assert_eq!(brand.deliverer().take().await.unwrap().len(), 2);
    brand.clock.advance(minutes(1));
    assert_eq!(brand.deliverer().round().await.unwrap(), 2);
    assert_eq!(receiver.rest().len(), 2);
    assert_eq!(brand.all(STATES).await, ["delivered", "delivered"]);
}

#[tokio::test]
async fn a_slow_workers_success_is_a_success_though_its_lease_is_over() {
    let (brand, mut receiver) = two_to_tell(&[]).await;
    let slow = brand.deliverer().take().await.unwrap();
    brand.clock.advance(minutes(1));
    let fast = brand.deliverer().take().await.unwrap();
    brand.deliverer().send(&slow[0]).await.unwrap();
    brand.deliverer().send(&fast[1]).await.unwrap();
    assert_eq!(receiver.rest().len(), 2);
    assert_eq!(brand.all(STATES).await, ["delivered", "delivered"]);
}

#[tokio::test]
async fn what_is_refused_is_tried_later_and_what_leads_elsewhere_is_not_followed() {
    let (brand, mut receiver) = two_to_tell(&[]).await;
    brand.do_sql("DELETE FROM pipeline.alert_delivery WHERE kind = 'digest'").await;
    drop(receiver.rest());
    let mut refusing = Receiver::start(&[Then::Answer(500), Then::Answer(302), Then::Answer(204)]).await;
    sqlx::query("UPDATE pipeline.alert_channel SET address = $1")
        .bind(&refusing.address)
        .execute(&brand.pool)
        .await
        .unwrap();
    let mut sent = Vec::new();
    for (wait, expected) in [(0, 1), (9, 0), (1, 1), (59, 0), (1, 1), (86_400, 0)] {
        brand.clock.advance(Duration::from_secs(wait));
        assert_eq!(brand.deliverer().round().await.unwrap(), expected, "after {wait} s");
        sent.extend(refusing.rest());
    }
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|told| told.id == sent[0].id && told.bytes == sent[0].bytes));
    assert_eq!(brand.all(LOG).await, [json!([1, true, 500]), json!([2, true, 302]), json!([3, true, 204])]);
}

#[tokio::test]
async fn a_receiver_that_wants_no_more_or_never_answers_well_is_given_up() {
    let (brand, mut receiver) = two_to_tell(&[]).await;
    brand.do_sql("DELETE FROM pipeline.alert_delivery WHERE kind = 'digest'").await;
    drop(receiver.rest());
    let gone = Receiver::start(&[Then::Answer(410)]).await;
    sqlx::query("UPDATE pipeline.alert_channel SET address = $1")
        .bind(&gone.address)
        .execute(&brand.pool)
        .await
        .unwrap();
    brand.deliverer().round().await.unwrap();
    assert_eq!(brand.all(STATES).await, ["given_up"]);

    let silent = "UPDATE pipeline.alert_channel SET address = 'http://127.0.0.1:1/hook?token=hush'";
    brand
        .do_sql(&format!("UPDATE pipeline.alert_delivery SET state = 'waiting', ended_at = NULL; {silent}"))
        .await;
    for _ in 1..10 {
        brand.clock.advance(minutes(60 * 12));
        assert_eq!(brand.deliverer().round().await.unwrap(), 1);
    }
    assert_eq!(brand.all(STATES).await, ["given_up"]);
    let errors = brand.all("SELECT to_jsonb(error) FROM pipeline.alert_attempt WHERE number = 10").await;
    assert!(errors[0].as_str().is_some_and(|error| !error.contains("hush")), "{errors:?}");
}

#[tokio::test]
async fn of_an_account_that_is_no_longer_watched_nothing_is_told() {
    let (brand, mut receiver) = two_to_tell(&[]).await;
    brand.do_sql("UPDATE pipeline.account SET removed_at = '2026-11-23'").await;
    assert_eq!(brand.deliverer().round().await.unwrap(), 0);
    assert_eq!(receiver.rest().len(), 0);
}
