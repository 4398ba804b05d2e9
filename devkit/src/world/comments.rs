//! Comments are not stored: the number of a comment under its medium fixes all that it says.
//!
//! The id holds both numbers. Two of eight numbers are replies to an earlier one of the eight.

use std::sync::atomic::Ordering;

use cekbrand_schema::CommentId;
use jiff::{SignedDuration, Timestamp};

use super::{Medium, Product, World};
use crate::seeded::Seeded;
use crate::words;

const FIRST_ID: u64 = 18_000_000_000_000_000;
/// More comments than this under one medium would run into the ids of the next.
const PER_MEDIUM: u64 = 10_000_000;
/// Of eight comments, this one has the last two as its replies.
const PARENT: u64 = 2;

/// Who wrote a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The author's Instagram-scoped id.
    pub id: String,
    /// The author's username.
    pub username: String,
}

/// A comment, or a reply to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The id.
    pub id: CommentId,
    /// The place of its medium in [`World::media`].
    pub medium: usize,
    /// The number under its medium, in order of time.
    pub number: u64,
    /// What it says.
    pub text: String,
    /// Who wrote it.
    pub author: Author,
    /// When it was written.
    pub written: Timestamp,
    /// The number of the comment it answers.
    pub parent: Option<u64>,
    /// Likes it has.
    pub likes: u64,
}

impl World {
    /// The comment of an id, if its medium holds that many.
    pub fn comment(&self, id: &str) -> Option<Comment> {
        let number = id.parse::<u64>().ok()?.checked_sub(FIRST_ID)?;
        let medium = self.media.get(usize::try_from(number / PER_MEDIUM).ok()?)?;
        let number = number % PER_MEDIUM;
        (number < medium.comments() && medium.parent.is_none()).then(|| self.comment_under(medium, number))
    }

    /// The id of a medium's comment.
    pub fn comment_id(medium: &Medium, number: u64) -> CommentId {
        CommentId::from((FIRST_ID + medium.index as u64 * PER_MEDIUM + number).to_string())
    }

    /// A medium's comment by its number, without asking whether it was written yet.
    pub fn comment_under(&self, medium: &Medium, number: u64) -> Comment {
        let mut draw = Seeded::of(&[self.config.seed, 3, medium.index as u64, number]);
        let owner = self.owner(medium);
        let parent = parent_of(number);
        // Brands answer: a fifth of all replies comes from the account itself.
        let author = if parent.is_some() && draw.chance(200) {
            Author { id: owner.id.to_string(), username: owner.username.clone() }
        } else {
            let number = draw.below(200_000);
            let id = (7_000_000_000_000_000 + number * 13).to_string();
            Author { id, username: words::username(&mut Seeded::of(&[self.config.seed, 4, number])) }
        };
        Comment {
            id: Self::comment_id(medium, number),
            medium: medium.index,
            number,
            text: words::comment(&mut draw),
            author,
            written: self.written(medium, number),
            parent,
            likes: if draw.chance(700) { 0 } else { draw.below(40) },
        }
    }

    /// A new comment arrives under a medium.
    pub(crate) fn add_comment(&self, medium: &Medium) -> Comment {
        let number = medium.past_comments + medium.arrived.fetch_add(1, Ordering::AcqRel);
        self.comment_under(medium, number)
    }

    /// The numbers of a medium's top-level comments, newest first, from below `before`. Comments on an
    /// advertisement cannot be listed.
    pub fn top_level(medium: &Medium, before: Option<u64>) -> impl Iterator<Item = u64> + use<> {
        let held = if medium.product == Product::Ad { 0 } else { medium.comments() };
        (0..before.map_or(held, |before| before.min(held)))
            .rev()
            .filter(|number| parent_of(*number).is_none())
    }

    /// The numbers of the replies to a comment, newest first.
    pub fn replies(medium: &Medium, number: u64) -> impl Iterator<Item = u64> + use<> {
        let held = medium.comments();
        let replies = if number % 8 == PARENT { number + 4..number + 6 } else { 0..0 };
        replies.rev().filter(move |reply| *reply < held)
    }

    /// Comments of the history spread over the time since publication; later ones follow the anchor closely.
    fn written(&self, medium: &Medium, number: u64) -> Timestamp {
        let anchor = self.config.anchor;
        let at = if number < medium.past_comments {
            let span = anchor.duration_since(medium.published).as_secs();
            let share = i64::try_from(number + 1).unwrap_or(1) * span
                / i64::try_from(medium.past_comments + 1).unwrap_or(1);
            medium.published.checked_add(SignedDuration::from_secs(share))
        } else {
            let later = i64::try_from(number - medium.past_comments).unwrap_or(0) * 5;
            anchor.checked_add(SignedDuration::from_millis(later))
        };
        at.unwrap_or(anchor)
    }
}

/// The number of the comment that a comment answers.
const fn parent_of(number: u64) -> Option<u64> {
    match number % 8 {
        rest @ (6 | 7) => Some(number - rest + PARENT),
        _ => None,
    }
}
