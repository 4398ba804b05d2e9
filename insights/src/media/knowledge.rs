//! `/test`: what we know of a medium and of the reads of it, so that an operator sees why a figure is
//! missing. It makes no call.

use std::collections::BTreeMap;

use cekbrand_schema::{Absence, MediaId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::iso::Iso;
use crate::query::figure::Known;
use crate::query::medium::{Medium, Read, Token};

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KnowledgeAnswer {
    #[schema(value_type = String)]
    media_id: MediaId,
    media_type: Option<String>,
    account_id: Option<String>,
    /// State of the account's token; null where there is none.
    token: Option<TokenState>,
    reads: Vec<ReadState>,
    /// When a read of ours was last finished.
    last_read_at: Option<Iso>,
    /// When a figure was last seen, read or pushed.
    last_figure_at: Option<Iso>,
    figures: usize,
    /// Metrics without a value, and why.
    #[schema(value_type = BTreeMap<String, String>)]
    absences: BTreeMap<String, Absence>,
    first_seen_at: Option<Iso>,
    deleted_at: Option<Iso>,
    lost_at: Option<Iso>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenState {
    state: String,
    dead_reason: Option<String>,
    flavour: String,
    expires_at: Option<Iso>,
    checked_at: Option<Iso>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadState {
    kind: String,
    state: String,
    reason: Option<String>,
    parked_until: Option<Iso>,
    attempts: i32,
    wanted_at: Iso,
    finished_at: Option<Iso>,
}

/// Everything the answer is made of.
pub(super) struct Knowledge {
    pub(super) media_id: MediaId,
    pub(super) media_type: Option<String>,
    pub(super) account_id: Option<String>,
    pub(super) medium: Option<Medium>,
    pub(super) token: Option<Token>,
    pub(super) reads: Vec<Read>,
    pub(super) figures: BTreeMap<String, Known>,
}

impl From<Knowledge> for KnowledgeAnswer {
    fn from(known: Knowledge) -> Self {
        let medium = known.medium.as_ref();
        let of_medium = |instant: fn(&Medium) -> Option<Timestamp>| medium.and_then(instant).map(Iso);
        let last_read_at = known.reads.iter().filter_map(|read| read.finished_at).max();
        let last_figure_at = known.figures.values().map(|known| known.observation.observed_at).max();
        let absence =
            |(name, known): (&String, &Known)| Some((name.clone(), known.observation.figure.absence()?));
        Self {
            media_id: known.media_id,
            media_type: known.media_type,
            account_id: known.account_id,
            token: known.token.map(TokenState::from),
            last_read_at: last_read_at.map(Iso),
            last_figure_at: last_figure_at.map(Iso),
            figures: known.figures.len(),
            absences: known.figures.iter().filter_map(absence).collect(),
            first_seen_at: of_medium(|medium| medium.first_seen_at),
            deleted_at: of_medium(|medium| medium.deleted_at),
            lost_at: of_medium(|medium| medium.lost_at),
            reads: known.reads.into_iter().map(ReadState::from).collect(),
        }
    }
}

impl From<Token> for TokenState {
    fn from(token: Token) -> Self {
        Self {
            state: token.state,
            dead_reason: token.dead_reason,
            flavour: token.flavour,
            expires_at: token.expires_at.map(Iso),
            checked_at: token.checked_at.map(Iso),
        }
    }
}

impl From<Read> for ReadState {
    fn from(read: Read) -> Self {
        Self {
            kind: read.kind,
            state: read.state,
            reason: read.reason,
            parked_until: read.parked_until.map(Iso),
            attempts: read.attempts,
            wanted_at: Iso(read.wanted_at),
            finished_at: read.finished_at.map(Iso),
        }
    }
}
