//! Who owns a partition and where it stands. PostgreSQL decides both: taking a partition raises its epoch,
//! which waits for a former owner's open transaction and makes that owner's next one void.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection, PgPool};

use super::books::{self, Place, Watermarks};
use super::{Halt, Position};
use crate::database::{self, STEP_LIMIT};

/// Why a partition was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The database did not answer; worth another try.
    #[error("the books could not be opened")]
    Database(#[from] sqlx::Error),
    /// The worker was held up for so long that the partition may be another's by now.
    #[error("this worker may have lost the partition while it waited for the books")]
    TooLate,
    /// A person has to look.
    #[error(transparent)]
    Halt(#[from] Halt),
}

/// What is taken, and what is known of it.
pub struct Claim<'a> {
    /// Which partition.
    pub place: Place<'a>,
    /// What Kafka holds of it.
    pub watermarks: Watermarks,
    /// What time it is.
    pub now: Timestamp,
    /// Whether Kafka has lately said that the partition is this worker's; asked right before the commit.
    pub is_ours: &'a (dyn Fn() -> bool + Sync),
}

/// Takes a partition: raises its epoch and says where to start. Waits for the database for [`STEP_LIMIT`] at
/// most.
///
/// # Errors
///
/// [`TakeError`]; the partition then has the owner that it had.
pub async fn take(pool: &PgPool, claim: Claim<'_>) -> Result<Position, TakeError> {
    let mut conn = pool.acquire().await?;
    let taken = tokio::time::timeout(STEP_LIMIT, transact(&mut conn, &claim)).await;
    let Taken { position, expired } = taken.unwrap_or_else(|_| {
        // Nobody can say in what state the session is.
        conn.close_on_drop();
        Err(database::silent(STEP_LIMIT).into())
    })?;
    if expired > 0 {
        count_expired(&claim.place, expired);
    }
    Ok(position)
}

struct Taken {
    position: Position,
    expired: i64,
}

async fn transact(conn: &mut PgConnection, claim: &Claim<'_>) -> Result<Taken, TakeError> {
    let Claim { place, watermarks, now, is_ours } = claim;
    let mut tx = conn.begin().await?;
    let before = books::expired(&mut tx, *place).await?;
    let taken = books::take(&mut tx, *place, *watermarks, *now).await?;
    let refused = if let Some(halt) = contradiction(place, *watermarks, &taken) {
        Some(halt.into())
    } else if !is_ours() {
        Some(TakeError::TooLate)
    } else {
        None
    };
    if let Some(refused) = refused {
        tx.rollback().await?;
        return Err(refused);
    }
    tx.commit().await?;
    let position = Position { epoch: taken.epoch, next: taken.next };
    Ok(Taken { position, expired: taken.expired - before })
}

/// Why the books cannot be of this log.
fn contradiction(place: &Place<'_>, watermarks: Watermarks, taken: &books::Taken) -> Option<Halt> {
    let topic = || place.topic.to_owned();
    if let (Some(held), Some(found)) = (&taken.topic_id, place.topic_id)
        && held != found
    {
        return Some(Halt::AnotherTopic { topic: topic(), held: held.clone(), found: found.to_owned() });
    }
    if taken.next > watermarks.high {
        let (partition, end, next) = (place.partition, watermarks.high, taken.next);
        return Some(Halt::BeyondEnd { topic: topic(), partition, end, next });
    }
    None
}

/// Says that records were deleted before anybody read them.
pub(super) fn count_expired(place: &Place<'_>, records: i64) {
    metrics::counter!("cekbrand_worker_expired_total", "lane" => place.lane.as_str())
        .increment(records.unsigned_abs());
    tracing::error!(
        kafka.topic = place.topic,
        kafka.partition = place.partition,
        changes.expired = records,
        "records were deleted by retention before anybody read them"
    );
}

pub(super) fn describe() {
    metrics::describe_counter!(
        "cekbrand_worker_expired_total",
        "Records that Kafka deleted before anybody read them: above 0 is an alarm"
    );
}
