//! Publishes dead letters again, in batches.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use cekbrand_schema::{Clock, SystemClock, Topics};
use serde_json::json;
use sqlx::PgPool;

use super::{BATCH, Chosen, confirmed};
use crate::progress;
use crate::refused::Refused;
use crate::republish::{self, Parcel, Republisher};
use crate::store::audit;
use crate::store::dead_letters::{self, DeadLetter};

/// How often a dead letter is published again at most.
const MOST_ATTEMPTS: i32 = 3;

/// Publishes what is chosen, the oldest first.
pub(super) async fn run(
    pool: &PgPool,
    republisher: &Republisher,
    topics: &Topics,
    chosen: &Chosen,
) -> Result<()> {
    let total = confirmed(pool, chosen, "retry").await?;
    let bar = progress::bar(total, "dead letters");
    let (mut after, mut left, mut done) = (0, total, Tried::default());
    let mut found: BTreeSet<String> = BTreeSet::new();
    while left > 0 {
        let limit = BATCH.min(left.cast_signed());
        let filter = chosen.which.filter(&chosen.ids, false);
        let rows =
            dead_letters::list(pool, &filter, after, limit).await.context("dead letters cannot be read")?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        left -= rows.len() as u64;
        for topic in rows.iter().map(|row| &row.topic) {
            if !found.contains(topic) && !republisher.has(topic)? {
                let said = format!(
                    "Kafka has no topic {topic} any more: `cekbrand migrate` makes it, `cekbrand dlq drop --topic {topic}` gives its dead letters up"
                );
                return Err(Refused(said).into());
            }
            found.insert(topic.clone());
        }
        done.add(retry_batch(pool, republisher, topics, &rows).await?);
        bar.inc(rows.len() as u64);
    }
    bar.finish_and_clear();
    println!("{} published again", done.published);
    if done.spent > 0 {
        println!(
            "{} were tried {MOST_ATTEMPTS} times already and stay as they are: `cekbrand dlq drop` gives them up",
            done.spent
        );
    }
    for reason in &done.hopeless {
        println!("not published: {reason}");
    }
    Ok(())
}

/// What came of tries.
#[derive(Default)]
struct Tried {
    published: u64,
    spent: u64,
    hopeless: BTreeSet<String>,
}

impl Tried {
    fn add(&mut self, other: Self) {
        self.published += other.published;
        self.spent += other.spent;
        self.hopeless.extend(other.hopeless);
    }
}

/// Publishes first and notes it then: what is broken off in between is published twice, which landing tells
/// apart, and never not at all.
async fn retry_batch(
    pool: &PgPool,
    republisher: &Republisher,
    topics: &Topics,
    rows: &[DeadLetter],
) -> Result<Tried> {
    const FAILED: &str = "dead letters were not retried";
    let now = SystemClock.now();
    let mut tx = pool.begin().await.context(FAILED)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let locked: BTreeSet<i64> =
        dead_letters::lock(&mut tx, &ids).await.context(FAILED)?.into_iter().collect();
    let mut tried = Tried::default();
    let (mut parcels, mut published): (Vec<Parcel>, Vec<i64>) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| locked.contains(&row.id)) {
        if row.attempts >= MOST_ATTEMPTS {
            tried.spent += 1;
            continue;
        }
        let payload = dead_letters::payload(&mut *tx, row.id).await.context(FAILED)?;
        match republish::parcels(row, payload, topics, now) {
            Ok(made) => {
                parcels.extend(made);
                published.push(row.id);
            }
            Err(reason) => {
                dead_letters::failed(&mut tx, row.id, &reason).await.context(FAILED)?;
                tried.hopeless.insert(reason);
            }
        }
    }
    republisher.publish(&parcels).await?;
    tried.published = dead_letters::retried(&mut tx, &published, now).await.context(FAILED)?;
    let detail = json!({ "published": published });
    audit::record(&mut *tx, "dlq.retry", "dead_letter", detail, now).await.context(FAILED)?;
    tx.commit().await.context(FAILED)?;
    Ok(tried)
}
