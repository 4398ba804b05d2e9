//! What is to be written: rows by their keys, and what reads told, in its order.

use std::collections::{BTreeMap, BTreeSet};

use cekbrand_graph::node::{CommentNode, MediaNode, UserNode};

use super::reading::{Mark, Reading};
use super::stub::MediaStub;
use super::user_figure::{UserFigure, UserFigureKey};
use super::webhook_comment::CommentRow;
use super::{child, comment, competitor, media, user};
use crate::insight::{InsightKey, InsightRow};

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
