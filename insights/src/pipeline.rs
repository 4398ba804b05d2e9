//! `GET /api/pipeline`: whether the books close, what is still to do, and what is stuck.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;

use crate::api::Api;
use crate::iso::Iso;
use crate::problem::Problem;
use crate::query::books::{self, BlockedRow, Books, DeadLetterRow, LaneRow, TaskRow};

/// The answer.
#[derive(Debug, Serialize)]
pub struct PipelineAnswer {
    success: bool,
    ledger: Ledger,
    /// Reads that are wanted and not done.
    tasks: Vec<Tasks>,
    dirty_marks: DirtyMarks,
    dead_letters: Vec<DeadLetters>,
    blocked: Vec<BlockedAccount>,
    timestamp: Iso,
}

#[derive(Debug, Serialize)]
struct Ledger {
    /// Every partition's account adds up.
    closed: bool,
    lanes: Vec<Lane>,
}

/// One consumer group's account of one topic: `read` is the sum of what became of it, where `closed`.
#[derive(Debug, Serialize)]
struct Lane {
    group: String,
    topic: String,
    partitions: i64,
    closed: bool,
    read: i64,
    landed: i64,
    duplicates: i64,
    dead_lettered: i64,
    expired: i64,
    continued: i64,
}

#[derive(Debug, Serialize)]
struct Tasks {
    kind: String,
    state: String,
    reason: Option<String>,
    count: i64,
    first_due_at: Option<Iso>,
}

#[derive(Debug, Serialize)]
struct DirtyMarks {
    count: i64,
    oldest_at: Option<Iso>,
}

/// Dead letters that nobody has dealt with.
#[derive(Debug, Serialize)]
struct DeadLetters {
    reason: String,
    count: i64,
}

#[derive(Debug, Serialize)]
struct BlockedAccount {
    app_id: String,
    /// Empty where the whole application is blocked.
    account_id: String,
    usage_percent: Option<i32>,
    blocked_until: Option<Iso>,
    reason: Option<String>,
}

/// Reads the books.
///
/// # Errors
///
/// [`Problem::Database`].
pub async fn pipeline(State(api): State<Api>) -> Result<Json<PipelineAnswer>, Problem> {
    let now = api.clock.now();
    let books = books::read(&api.pool, now).await?;
    Ok(Json(answer(books, now)))
}

fn answer(books: Books, now: Timestamp) -> PipelineAnswer {
    let lanes: Vec<Lane> = books.lanes.into_iter().map(Lane::from).collect();
    PipelineAnswer {
        success: true,
        ledger: Ledger { closed: lanes.iter().all(|lane| lane.closed), lanes },
        tasks: books.tasks.into_iter().map(Tasks::from).collect(),
        dirty_marks: DirtyMarks {
            count: books.dirty_marks.count,
            oldest_at: books.dirty_marks.oldest_at.map(Iso::from),
        },
        dead_letters: books.dead_letters.into_iter().map(DeadLetters::from).collect(),
        blocked: books.blocked.into_iter().map(BlockedAccount::from).collect(),
        timestamp: Iso(now),
    }
}

impl From<LaneRow> for Lane {
    fn from(row: LaneRow) -> Self {
        Self {
            group: row.group,
            topic: row.topic,
            partitions: row.partitions,
            closed: row.closed,
            read: row.read,
            landed: row.landed,
            duplicates: row.duplicates,
            dead_lettered: row.dead_lettered,
            expired: row.expired,
            continued: row.continued,
        }
    }
}

impl From<TaskRow> for Tasks {
    fn from(row: TaskRow) -> Self {
        Self {
            kind: row.kind,
            state: row.state,
            reason: row.reason,
            count: row.count,
            first_due_at: row.first_due_at.map(Iso::from),
        }
    }
}

impl From<DeadLetterRow> for DeadLetters {
    fn from(row: DeadLetterRow) -> Self {
        Self { reason: row.reason, count: row.count }
    }
}

impl From<BlockedRow> for BlockedAccount {
    fn from(row: BlockedRow) -> Self {
        Self {
            app_id: row.app_id,
            account_id: row.account_id,
            usage_percent: row.usage_percent,
            blocked_until: row.blocked_until.map(Iso::from),
            reason: row.block_reason,
        }
    }
}
