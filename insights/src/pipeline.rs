//! `GET /api/pipeline`: whether the books close, what is still to do, and what is stuck.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::iso::Iso;
use crate::problem::Problem;
use crate::query::books::{self, BlockedRow, Books, DeadLetterRow, LaneRow, TaskRow};
use crate::reply::{Envelope, Reply};
use crate::scope::{Caller, Scope};

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PipelineAnswer {
    ledger: Ledger,
    /// Reads that are wanted and not done.
    tasks: Vec<Tasks>,
    dirty_marks: DirtyMarks,
    dead_letters: Vec<DeadLetters>,
    blocked: Vec<BlockedAccount>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ledger {
    /// Every partition's account adds up.
    closed: bool,
    lanes: Vec<Lane>,
}

/// One consumer group's account of one topic: `read` is the sum of what became of it, where `closed`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Lane {
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

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tasks {
    kind: String,
    state: String,
    reason: Option<String>,
    count: i64,
    first_due_at: Option<Iso>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DirtyMarks {
    count: i64,
    oldest_at: Option<Iso>,
}

/// Dead letters that nobody has dealt with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetters {
    reason: String,
    count: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlockedAccount {
    app_id: String,
    /// Empty where the whole application is blocked.
    account_id: String,
    usage_percent: Option<i32>,
    blocked_until: Option<Iso>,
    reason: Option<String>,
}

/// Whether the books close, what is still to do, and what is stuck.
///
/// It is about all accounts, so a key that is bound to some does not see it.
#[utoipa::path(
    get, path = "/api/pipeline", tag = "service",
    responses((status = 200, description = "The books", body = Envelope<PipelineAnswer>))
)]
pub(crate) async fn pipeline(
    State(api): State<Api>,
    caller: Caller,
    reply: Reply,
) -> Result<Response, Problem> {
    if caller.scope != Scope::All {
        return Err(Problem::NotForThisKey);
    }
    let books = books::read(&api.pool, reply.now()).await?;
    reply.json(&answer(books))
}

fn answer(books: Books) -> PipelineAnswer {
    let lanes: Vec<Lane> = books.lanes.into_iter().map(Lane::from).collect();
    PipelineAnswer {
        ledger: Ledger { closed: lanes.iter().all(|lane| lane.closed), lanes },
        tasks: books.tasks.into_iter().map(Tasks::from).collect(),
        dirty_marks: DirtyMarks {
            count: books.dirty_marks.count,
            oldest_at: books.dirty_marks.oldest_at.map(Iso::from),
        },
        dead_letters: books.dead_letters.into_iter().map(DeadLetters::from).collect(),
        blocked: books.blocked.into_iter().map(BlockedAccount::from).collect(),
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
