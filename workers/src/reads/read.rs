//! What a read says of itself, and what it decides. Pure: it is given all that it needs.

use std::fmt;
use std::time::Duration;

use cekbrand_graph::{GraphError, Request};
use cekbrand_schema::{Absence, ProductType};
use jiff::Timestamp;
use serde_json::Value;
use tracing::Span;

use super::ageing::Ageing;
use super::cadence::{Beat, Cadence, Targets};
use super::kind::Kind;
use crate::rows::account::AccountFacts;
use crate::rows::facts::{Facts, KnownFigures};
use crate::rows::{Reading, Rows};

/// One kind of Graph read.
pub trait Read: fmt::Debug + Sync {
    /// What never changes of it.
    fn about(&self) -> &'static About;

    /// The span of a call, named by where the call goes.
    fn span(&self, job: Job<'_>) -> Span;

    /// What to ask, or why there is nothing to ask.
    fn plan(&self, job: Job<'_>, known: &Known) -> Plan;

    /// What the content of an answer means; `None` where nothing of what was asked is in it.
    fn rows(&self, job: Job<'_>, known: &Known, call: &Call, content: &Value) -> Option<Rows>;

    /// What a good answer told of media, whether or not that was new.
    fn seen(&self, _job: Job<'_>, _call: &Call, _content: &Value) -> Vec<Seen> {
        Vec::new()
    }

    /// What to ask instead after an error; nothing unless less can be asked.
    fn instead(&self, _call: &Call, _error: &GraphError) -> Instead {
        Instead::default()
    }

    /// Rows that say why the figures are missing that a call asked for.
    fn absent(&self, _job: Job<'_>, _call: &Call, _absence: Absence) -> Rows {
        Rows::default()
    }

    /// Rows that say that what was to be read is gone.
    fn gone(&self, _job: Job<'_>) -> Rows {
        Rows::default()
    }

    /// Reads that a successful one makes wanted: what it told of that nobody has read.
    fn follow(&self, _job: Job<'_>, _known: &Known, _rows: &Rows) -> Vec<Follow> {
        Vec::new()
    }

    /// The cursor of the page that follows an answer, to be read by a task of its own.
    fn next_page(&self, _job: Job<'_>, _content: &Value) -> Option<String> {
        None
    }

    /// For how long a good answer counts as fresh.
    fn fresh_for(&self, _job: Job<'_>, _known: &Known) -> Duration {
        self.about().freshness
    }

    /// When it is due again after a good answer, by what is known of the target; nothing: when somebody
    /// wants it.
    fn again(&self, _job: Job<'_>, _known: &Known, _ageing: &Ageing) -> Option<Timestamp> {
        None
    }

    /// Which budget its calls are taken from.
    fn budget(&self) -> Budget {
        Budget::Account
    }

    /// How often it is due by the clock alone, for each account.
    fn cadence(&self) -> Cadence {
        Cadence::Never
    }

    /// Of what it is due then.
    fn targets(&self) -> Targets {
        Targets::Account
    }

    /// The variants that are due at a beat of its cadence.
    fn variants(&self, _beat: Beat) -> Vec<String> {
        vec![String::new()]
    }

    /// Variants that are due once besides, at the first beat of a target: the past.
    fn past(&self, _beat: Beat) -> Vec<String> {
        Vec::new()
    }
}

/// What never changes of a read.
#[derive(Debug)]
pub struct About {
    /// The `kind` of its tasks.
    pub kind: Kind,
    /// `fetch_id` in `instagram.fetch_catalogue`; also the label of its calls in metrics.
    pub fetch_id: &'static str,
    /// `fetch_name`: what is read, in words.
    pub fetch_name: &'static str,
    /// For how long an answer counts as fresh: what is wanted sooner waits until then.
    pub freshness: Duration,
    /// The read of the same target that goes first.
    pub waits_for: Option<Kind>,
    /// What it has to know beforehand.
    pub needs: Needs,
}

/// Whose limit a read falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// The account's.
    Account,
    /// The app's limit for reads of other people's public data.
    Platform,
}

/// What a read has to know beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// What the rows know of the medium that is its target.
    Medium,
    /// What the rows know of the account that is its target.
    Account,
    /// The user name of its target, an account of somebody else.
    Username,
}

/// What is to be read, for whom, and when it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The user, medium or comment.
    pub target_id: &'a str,
    /// The account whose token is used.
    pub account_id: &'a str,
    /// Which of several reads of the target: a breakdown, a window; empty where there is one.
    pub variant: &'a str,
    /// The page; empty for the first.
    pub cursor: &'a str,
    /// The API's version.
    pub api_version: &'a str,
    /// When it is planned, or when it was answered.
    pub at: Timestamp,
}

impl Job<'_> {
    /// Whose reading it is, and of when.
    pub fn reading(self) -> Reading {
        Reading { account_id: self.account_id.to_owned(), observed_at: self.at }
    }
}

/// What is known beforehand.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The account, for reads of its figures.
    pub account: Option<AccountFacts>,
    /// The user name, for reads that Meta finds by it.
    pub username: Option<String>,
    /// The medium.
    pub medium: Option<Facts>,
    /// Its figures.
    pub figures: KnownFigures,
    /// A comment that a webhook placed below it, if it may be an album's child.
    pub comment_below: Option<String>,
    /// Whether its owner, another account of ours, had it read a short while ago.
    pub is_read_by_owner: bool,
    /// Metrics that several media of this kind, or several accounts, were refused lately.
    pub widely_refused: Vec<&'static str>,
    /// When it was last asked for.
    pub wanted_at: Option<Timestamp>,
    /// The variant of the account's list that tells of it and of others that are wanted, where it has not been
    /// read lately.
    pub list: Option<String>,
    /// How often media are read as they grow older.
    pub ageing: Ageing,
}

impl Known {
    /// The kind of medium, as far as figures are concerned.
    pub fn product(&self) -> ProductType {
        let product = self.medium.as_ref().and_then(|facts| facts.product.as_deref());
        product.map_or(ProductType::Feed, ProductType::parse)
    }

    /// What the figures are of.
    pub fn subject(&self) -> Subject {
        if self.account.is_some() { Subject::Account } else { Subject::Media(self.product()) }
    }
}

/// What figures are of, as far as a refusal of one tells about others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An account.
    Account,
    /// Media of this kind.
    Media(ProductType),
}

/// What to do about a job.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// Make these calls, the last one first.
    Ask(Vec<Call>),
    /// What it waits for has not been read.
    Await,
    /// Another read told all of it, then.
    Told(Timestamp),
    /// Another read told of it a short while ago: it waits until then.
    Later(Timestamp),
    /// One call of the account's list, in this variant, tells of it and of others that are wanted.
    List(String),
    /// There is nothing to ask.
    Nothing {
        /// What is known without asking.
        rows: Rows,
        /// Why, for people.
        note: Option<&'static str>,
    },
}

impl Plan {
    /// Nothing to ask, and nothing to write.
    pub fn nothing(note: &'static str) -> Self {
        Self::Nothing { rows: Rows::default(), note: Some(note) }
    }
}

/// What an answer told of a medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The medium.
    pub media_id: String,
    /// Whether its node was told.
    pub is_node: bool,
    /// Which of its comments were told.
    pub comments: Option<Walked>,
}

/// Which comments of a medium are known after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walked {
    /// Those of the last hours.
    Newest,
    /// All that Meta lists.
    All,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What is asked.
    pub request: Request,
    /// The metrics that are asked for.
    pub metrics: Vec<&'static str>,
    /// The same asking for less, if that can be.
    pub smaller: Option<Request>,
}

/// What to do instead of a call that was refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Instead {
    /// Calls to make, the last one first.
    pub calls: Vec<Call>,
    /// Metrics that are the cause.
    pub bad: Vec<&'static str>,
}

/// A read that another one makes wanted, of the same account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// Which.
    pub kind: Kind,
    /// Of what.
    pub target_id: String,
    /// Which of several.
    pub variant: String,
    /// Whether it can wait for the daily lane.
    pub can_wait: bool,
    /// Whether it can wait for the past's lane.
    pub is_past: bool,
    /// Whether one that is open or fresh is left as it is.
    pub if_idle: bool,
    /// After this it is of no use.
    pub deadline: Option<Timestamp>,
}

impl Follow {
    /// A read without variant, as urgent as the one that made it wanted.
    pub fn of(kind: Kind, target_id: &str) -> Self {
        let (variant, target_id) = (String::new(), target_id.to_owned());
        Self { kind, target_id, variant, can_wait: false, is_past: false, if_idle: false, deadline: None }
    }

    /// The same, unless it is open or fresh.
    pub fn if_idle(kind: Kind, target_id: &str) -> Self {
        Self { if_idle: true, ..Self::of(kind, target_id) }
    }
}
