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
//! - `content`: all that is to be written at once. `told`: what many reads told, in rounds. `reading`: whose it
//!   is. `erased`: what is left out. Figures of media are merged by [`crate::insight`].
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
mod told;
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
    touched.extend(user_figure::upsert(conn, &rows.user_figures, rows.mends, now).await?);
    touched.extend(told::write(conn, &rows.told, rows.mends).await?);
    if figures > 0 {
        // Whose the media are may be told beside the figures.
        touched.extend(facts::owners(conn, &observed(&rows.insights)).await?);
    }
    marks::mark(conn, &touched, now).await
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
