//! The canary: a signed delivery of no account, posted to the real receiver at an interval. It comes to rest
//! in `pipeline.event` and nowhere else, and tells how long the way there takes, and that there is one.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use cekbrand_devkit::meta::{Sender, SenderConfig, Signer};
use cekbrand_schema::identity::identify;
use cekbrand_schema::{EventId, Lane, SharedClock, delivery};
use cekbrand_workers::database;
use cekbrand_workers::supervise::{AtEnd, Loop, Pulse, Running};
use metrics::{counter, describe_counter, describe_histogram, histogram};
use serde_json::json;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigError};
use crate::{store, subscriptions};

const SECONDS: &str = "cekbrand_worker_canary_seconds";
const CANARIES: &str = "cekbrand_worker_canaries_total";

/// How often the rows are looked for: what the measure may be too long by.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the loop may stand still on top of its interval and the canary's own time.
const STUCK_AFTER: Duration = Duration::from_mins(2);

/// What is sent, from where, and what is expected of it.
#[derive(Clone)]
pub(crate) struct Canary {
    pool: PgPool,
    clock: SharedClock,
    sender: Sender,
    url: String,
    every: Duration,
    within: Duration,
}

/// Why a canary is missing.
#[derive(Debug)]
enum Missing {
    /// Nobody answers.
    Unanswered,
    /// The receiver does not take it: the status.
    Refused(u16),
    /// It was taken and has not become a row: the lanes.
    Late(Vec<Lane>),
    /// The database does not say.
    Unknown(sqlx::Error),
}

impl Missing {
    const OUTCOMES: [&str; 4] = ["unanswered", "refused", "late", "unknown"];

    fn outcome(&self) -> &'static str {
        let place = match self {
            Self::Unanswered => 0,
            Self::Refused(_) => 1,
            Self::Late(_) => 2,
            Self::Unknown(_) => 3,
        };
        Self::OUTCOMES[place]
    }
}

/// A change of the canary, and the lane that it takes.
struct Flight {
    event_id: EventId,
    lane: Lane,
}

impl Canary {
    /// The canary of the configuration; `None` where it names no interval.
    ///
    /// # Errors
    /// Where there is no secret to sign with, or no HTTP client to be had.
    pub(crate) fn new(config: &Config, pool: &PgPool, clock: SharedClock) -> Result<Option<Self>> {
        if config.text("canary.every").is_none() {
            return Ok(None);
        }
        let within = config.duration("canary.within")?;
        let Some(secret) = config.app_secrets()?.into_iter().next() else {
            return Err(ConfigError::one("meta.app_secrets holds no secret to sign with".to_owned()).into());
        };
        let url = match config.text("canary.url").or_else(|| subscriptions::callback_url(config)) {
            Some(url) => url,
            None => format!("http://{}/webhooks/instagram", config.given("ingest.listen")?),
        };
        // It waits as long for an answer as Meta does.
        let posting = SenderConfig::new(url.as_str(), Signer::new(secret.secret));
        describe();
        let (pool, sender, every) = (pool.clone(), Sender::new(posting)?, config.duration("canary.every")?);
        Ok(Some(Self { pool, clock, sender, url, every, within }))
    }

    /// The loop that sends it: in trouble for as long as the last one is missing.
    pub(crate) fn watched(self, stop: CancellationToken) -> Loop {
        let pulse = Pulse::new(&self.clock, self.every + self.within + STUCK_AFTER);
        let pulse = Arc::new(pulse);
        let beats = Arc::clone(&pulse);
        Loop::beating("canary", AtEnd::Restart, pulse, move || {
            let (canary, pulse, stop) = (self.clone(), Arc::clone(&beats), stop.clone());
            Box::pin(async move {
                // A worker that just began may still be taking its partitions.
                while stop.run_until_cancelled(canary.clock.sleep(canary.every)).await.is_some() {
                    match stop.run_until_cancelled(canary.fly()).await {
                        Some(Ok(())) => pulse.well(),
                        Some(Err(missing)) => pulse.trouble(canary.note(&missing)),
                        None => break,
                    }
                    pulse.beat();
                }
                Ok(())
            }) as Running
        })
    }

    /// Counts and tells that a canary is missing; gives the sentence.
    fn note(&self, missing: &Missing) -> String {
        counter!(CANARIES, "outcome" => missing.outcome()).increment(1);
        let sentence = Told { canary: self, missing }.to_string();
        tracing::warn!(reason = sentence, "a canary is missing");
        sentence
    }

    /// Sends one and waits for its rows.
    async fn fly(&self) -> Result<(), Missing> {
        let body = body(self.clock.now().as_second());
        let mut flights = flights(&body);
        let started = Instant::now();
        match self.sender.post(body).await {
            Ok(200) => {}
            Ok(status) => return Err(Missing::Refused(status)),
            Err(_) => return Err(Missing::Unanswered),
        }
        loop {
            let ids: Vec<EventId> = flights.iter().map(|flight| flight.event_id).collect();
            let landed = store::canary::landed(&self.pool, &ids).await.map_err(Missing::Unknown)?;
            let took = started.elapsed();
            flights.retain(|flight| {
                let is_away = !landed.contains(&flight.event_id);
                if !is_away {
                    histogram!(SECONDS, "lane" => flight.lane.as_str()).record(took);
                }
                is_away
            });
            if flights.is_empty() {
                counter!(CANARIES, "outcome" => "landed").increment(1);
                return Ok(());
            }
            if took > self.within {
                return Err(Missing::Late(flights.iter().map(|flight| flight.lane).collect()));
            }
            self.clock.sleep(LOOK_EVERY).await;
        }
    }
}

/// A delivery with a change for each lane that has rows of its own, of the account that stands for none.
fn body(second: i64) -> Vec<u8> {
    let id = format!("canary-{:032x}", rand::random::<u128>());
    let changes = json!([
        { "field": "story_insights", "value": { "media_id": id } },
        { "field": "comments", "value": { "id": id } },
        { "field": "canary", "value": { "id": id } },
    ]);
    let account = cekbrand_schema::change::TEST_ACCOUNT;
    let entry = json!([{ "id": account, "time": second, "changes": changes }]);
    json!({ "object": "instagram", "entry": entry }).to_string().into_bytes()
}

fn flights(body: &[u8]) -> Vec<Flight> {
    let changes = delivery::parse(body).unwrap_or_default();
    let mut scratch = Vec::new();
    let flight = |change: &cekbrand_schema::Change<'_>| Flight {
        event_id: identify(change, &mut scratch).event_id,
        lane: Lane::of(&change.object, &change.field),
    };
    changes.iter().map(flight).collect()
}

/// What is missing, in one sentence.
struct Told<'a> {
    canary: &'a Canary,
    missing: &'a Missing,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Canary { url, within, .. } = self.canary;
        match self.missing {
            Missing::Unanswered => write!(
                f,
                "nobody answers the canary at {url}: start `cekbrand ingest`, or give its address with CEKBRAND__CANARY__URL"
            ),
            Missing::Refused(401) => write!(
                f,
                "the receiver at {url} refuses the canary's signature: give it and the worker the same CEKBRAND__META__APP_SECRETS"
            ),
            Missing::Refused(status) => {
                write!(f, "the receiver at {url} answers the canary with {status}: its /readyz says why")
            }
            Missing::Late(lanes) => {
                let lanes: Vec<&str> = lanes.iter().map(|lane| lane.as_str()).collect();
                let (lanes, within) = (lanes.join(", "), within.as_secs_f64());
                write!(
                    f,
                    "the canary did not become a row within {within} s by {lanes}: `cekbrand ledger` says what waits"
                )
            }
            Missing::Unknown(error) => {
                let why = database::describe(error);
                write!(f, "the database does not say whether the canary has landed ({why})")
            }
        }
    }
}

fn describe() {
    describe_histogram!(
        SECONDS,
        "From posting a canary to its row in pipeline.event, by lane; it is looked for every 50 ms"
    );
    describe_counter!(
        CANARIES,
        "Canaries, by what became of them: landed, late, refused, unanswered, unknown"
    );
    // So that the first that is missing is seen to be one more.
    for outcome in Missing::OUTCOMES.into_iter().chain(["landed"]) {
        counter!(CANARIES, "outcome" => outcome).absolute(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_takes_each_lane_with_rows_and_never_twice_the_same_way() {
        let (one, other) = (flights(&body(0)), flights(&body(0)));
        let lanes: Vec<Lane> = one.iter().map(|flight| flight.lane).collect();
        assert_eq!(lanes, [Lane::StoryInsights, Lane::Comments, Lane::Other]);
        assert!(one.iter().all(|flight| other.iter().all(|each| each.event_id != flight.event_id)));
        assert!(delivery::parse(&body(0)).unwrap().iter().all(cekbrand_schema::Change::is_test));
    }
}
