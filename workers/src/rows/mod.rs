//! The one writer of the `instagram` schema: what a webhook or a read told becomes rows, and days that
//! analytics must look at again.
//!
//! It knows nothing of Kafka, tasks, leases or dead letters, so that landing, enriching and replay can all
//! use it.
//!
//! - [`webhook_comment`], [`stub`]: what webhooks tell. [`comment`], [`media`], [`child`], [`user`]: what reads
//!   tell.
//! - [`user_figure`]: figures of accounts. [`account`]: what is known of an account.
//! - [`competitor`]: somebody else's account.
//! - [`facts`]: what is known of a medium. [`hashtag`]: what a caption links.
//! - Figures of media are merged by [`crate::insight`].
//!
//! Invariants: writing the same rows twice changes nothing; the order in which rows arrive does not matter
//! where Instagram gives no order; rows are touched in one order everywhere, so that two transactions seldom
//! wait for each other in a circle.

pub mod account;
pub mod child;
pub mod comment;
pub mod competitor;
pub mod facts;
pub mod hashtag;
pub mod media;
pub mod stub;
pub mod user;
pub mod user_figure;
pub mod webhook_comment;

use std::collections::{BTreeMap, BTreeSet};

use cekbrand_graph::node::{CommentNode, MediaNode, UserNode};
use jiff::Timestamp;
use sqlx::PgConnection;

use self::stub::MediaStub;
use self::user_figure::{UserFigure, UserFigureKey};
use self::webhook_comment::CommentRow;
use crate::analyse::marks;
use crate::erase;
use crate::insight::{self, InsightKey, InsightRow};

/// Rows to be written, keys collapsed and sorted: one statement must not meet a key twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Media that were heard of, by id.
    pub media: BTreeMap<String, MediaStub>,
    /// Comments as webhooks told them, by id.
    pub comments: BTreeMap<String, CommentRow>,
    /// Figures of media.
    pub insights: BTreeMap<InsightKey, InsightRow>,
    /// Figures of accounts.
    pub user_figures: BTreeMap<UserFigureKey, UserFigure>,
    /// What reads told, in their order.
    pub told: Vec<Told>,
    /// Days to look at again, whatever changed.
    pub marks: BTreeSet<Mark>,
    /// Whether they are made again from what made them before: where a row holds the very same observation,
    /// what it says is corrected. Otherwise two observations that are equally late are told apart by what
    /// they say, so that their order does not matter.
    pub mends: bool,
}

/// A day of an account that analytics must look at again, by an instant in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The account.
    pub account_id: String,
    /// The instant.
    pub instant: Timestamp,
}

/// What one read told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// An account's profile and its counts of the day.
    User(UserNode, Reading),
    /// Reading for the account fails.
    Problem(user::Problem, Reading),
    /// A competitor, and some of its media.
    Competitor(Box<competitor::Found>, Reading),
    /// A competitor that cannot be read any more under its name.
    CompetitorGone(String, Reading),
    /// A medium, and its likes and comments of the day.
    Media(Box<MediaNode>, Reading),
    /// A child of an album.
    Child(Box<child::Child>, Reading),
    /// A medium that is gone: deleted, or a story whose time passed unread.
    MediaGone(media::Gone, Reading),
    /// A comment.
    Comment(Box<CommentNode>, Reading),
    /// Comments that were read together.
    Comments(Box<comment::Page>, Reading),
    /// A comment that is gone, by its id.
    CommentGone(String, Reading),
}

/// Whose read it was, and when it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The account whose token was used.
    pub account_id: String,
    /// When the answer came.
    pub observed_at: Timestamp,
}

impl Rows {
    /// Rows of one thing that was told.
    pub fn of(told: Told) -> Self {
        Self { told: vec![told], ..Self::default() }
    }

    /// Rows of figures; of two with one key the better one stays.
    pub fn of_insights(insights: impl IntoIterator<Item = (InsightKey, InsightRow)>) -> Self {
        let mut rows = Self::default();
        for (key, row) in insights {
            rows.add_insight(key, row);
        }
        rows
    }

    /// Adds a figure.
    pub fn add_insight(&mut self, key: InsightKey, row: InsightRow) {
        self.insights.entry(key).and_modify(|held| held.merge(&row)).or_insert(row);
    }

    /// Adds a figure of an account; of two with one key the better one stays.
    pub fn add_user_figure(&mut self, key: UserFigureKey, row: UserFigure) {
        self.user_figures.entry(key).and_modify(|held| held.merge(&row)).or_insert(row);
    }

    /// Adds all rows of another.
    pub fn append(&mut self, other: Self) {
        for (id, stub) in other.media {
            self.media.entry(id).and_modify(|held| held.merge(&stub)).or_insert(stub);
        }
        for (id, comment) in other.comments {
            self.comments.entry(id).and_modify(|held| held.merge(&comment)).or_insert(comment);
        }
        for (key, row) in other.insights {
            self.add_insight(key, row);
        }
        for (key, row) in other.user_figures {
            self.add_user_figure(key, row);
        }
        self.told.extend(other.told);
        self.marks.extend(other.marks);
        self.mends |= other.mends;
    }
}

/// Writes the rows, and marks what analytics must look at again. What is about subjects that were erased is
/// left out.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn apply(conn: &mut PgConnection, rows: &Rows, now: Timestamp) -> Result<(), sqlx::Error> {
    let left = erase::rows::without_erased(conn, rows).await?;
    apply_checked(conn, left.as_ref().unwrap_or(rows), now).await
}

/// The same for rows of records that are known not to be about erased subjects.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn apply_checked(conn: &mut PgConnection, rows: &Rows, now: Timestamp) -> Result<(), sqlx::Error> {
    let mut touched = rows.marks.clone();
    stub::upsert(conn, &rows.media, now).await?;
    webhook_comment::upsert(conn, &rows.comments, rows.mends).await?;
    let figures = if rows.mends {
        insight::mend(conn, rows.insights.iter(), now).await?
    } else {
        insight::upsert(conn, rows.insights.iter(), now).await?
    };
    if figures > 0 {
        touched.extend(facts::owners(conn, &observed(&rows.insights)).await?);
    }
    touched.extend(user_figure::upsert(conn, &rows.user_figures, now).await?);
    for told in &rows.told {
        touched.extend(apply_told(conn, told, rows.mends).await?);
    }
    if !touched.is_empty() {
        marks::mark(
            conn,
            &touched.into_iter().map(|mark| (mark.account_id, mark.instant)).collect::<Vec<_>>(),
            now,
        )
        .await?;
    }
    Ok(())
}

async fn apply_told(conn: &mut PgConnection, told: &Told, mends: bool) -> Result<Vec<Mark>, sqlx::Error> {
    match told {
        Told::User(node, reading) => user::write(conn, node, reading, user::Seen::ByItself).await,
        Told::Competitor(found, reading) => competitor::write(conn, found, reading).await,
        Told::CompetitorGone(name, reading) => competitor::note_gone(conn, name, reading).await,
        Told::Problem(problem, reading) => {
            user::note_problem(conn, *problem, reading).await?;
            Ok(Vec::new())
        }
        Told::Media(node, reading) => media::write(conn, node, reading).await,
        Told::Child(child, reading) => {
            child::write(conn, child, reading).await?;
            Ok(Vec::new())
        }
        Told::MediaGone(gone, reading) => media::note_gone(conn, gone, reading).await,
        Told::Comment(node, reading) => {
            comment::write(conn, &comment::Page::of((**node).clone()), reading, mends).await
        }
        Told::Comments(page, reading) => comment::write(conn, page, reading, mends).await,
        Told::CommentGone(id, reading) => comment::note_gone(conn, id, reading).await,
    }
}

/// The latest observation of each medium.
fn observed(insights: &BTreeMap<InsightKey, InsightRow>) -> BTreeMap<&str, Timestamp> {
    let mut observed: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for (key, row) in insights {
        let latest = observed.entry(&key.media_id).or_insert(row.observed_at);
        *latest = row.observed_at.max(*latest);
    }
    observed
}
