//! The one writer of the `instagram` schema: what a webhook or a read told becomes rows, and days that
//! analytics must look at again.
//!
//! It knows nothing of Kafka, tasks, leases or dead letters, so that landing, enriching and replay can all
//! use it.
//!
//! - [`webhook_comment`], [`stub`]: what webhooks tell. [`comment`], [`media`], [`child`], [`user`]: what
//!   reads tell.
//! - [`user_figure`]: figures of accounts. [`account`]: what is known of an account.
//! - [`competitor`]: somebody else's account.
//! - [`facts`]: what is known of a medium. [`hashtag`]: what a caption links.
//! - Figures of media are merged by [`crate::insight`].
//! - `content`: all that is to be written at once. `reading`: whose it is. `erased`: what is left out.
//!
//! Invariants: writing the same rows twice changes nothing; the order in which rows arrive does not matter
//! where Instagram gives no order; rows are touched in one order everywhere, so that two transactions seldom
//! wait for each other in a circle.

pub mod account;
pub mod child;
pub mod comment;
pub mod competitor;
mod content;
mod erased;
pub mod facts;
pub mod hashtag;
pub mod media;
mod reading;
pub mod stub;
pub mod user;
pub mod user_figure;
pub mod webhook_comment;

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::PgConnection;

pub use self::content::{Rows, Told};
pub use self::reading::{Mark, Reading};
use crate::analyse::marks;
use crate::insight::{self, InsightKey, InsightRow};

/// Writes the rows, and marks what analytics must look at again. What is about subjects that were erased is
/// left out.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn apply(conn: &mut PgConnection, rows: &Rows, now: Timestamp) -> Result<(), sqlx::Error> {
    let left = erased::without_erased(conn, rows).await?;
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
    marks::mark(conn, &touched, now).await
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
