//! Rows that are about erased subjects are not written, whoever made them.

use std::collections::BTreeSet;

use cekbrand_graph::node::CommentNode;
use jiff::Timestamp;
use sqlx::PgConnection;

use super::content::{Rows, Told};
use super::reading::Reading;
use crate::suppress::mention::name;
use crate::suppress::{self, Candidate};

/// The rows without those that are about erased subjects; `None` where all may be written.
///
/// # Errors
/// Whatever keeps the statements from running.
pub(super) async fn without_erased(
    conn: &mut PgConnection,
    rows: &Rows,
) -> Result<Option<Rows>, sqlx::Error> {
    if !suppress::is_any(conn).await? {
        return Ok(None);
    }
    let found = suppress::which(conn, &candidates(rows)).await?;
    if found.is_empty() {
        return Ok(None);
    }
    // In the order of the candidates.
    let mut place = 0;
    let mut stays = move || {
        place += 1;
        !found.contains(&(place - 1))
    };
    let mut left = rows.clone();
    left.media.retain(|_, _| stays());
    left.comments.retain(|_, _| stays());
    left.insights.retain(|_, _| stays());
    left.user_figures.retain(|_, _| stays());
    left.told.retain_mut(|told| match told {
        // Of a page only the comments that are about them.
        Told::Comments(page, _) => {
            page.comments.retain(|_| stays());
            true
        }
        _ => stays(),
    });
    left.marks.retain(|_| stays());
    Ok(Some(left))
}

fn candidates(rows: &Rows) -> Vec<Candidate> {
    let media = rows.media.iter().map(|(id, stub)| candidate([Some(id.as_str())], stub.first_seen_at));
    let comments = rows.comments.iter().map(|(id, row)| {
        let comment = &row.comment;
        let ids = [
            Some(id.as_str()),
            Some(row.account_id.as_str()),
            comment.from_id.as_ref().map(AsRef::as_ref),
            comment.media_id.as_ref().map(AsRef::as_ref),
        ];
        with_name(candidate(ids, row.received_at), comment.username.as_deref())
    });
    let insights =
        rows.insights.iter().map(|(key, row)| candidate([Some(key.media_id.as_str())], row.observed_at));
    let user_figures =
        rows.user_figures.iter().map(|(key, row)| candidate([Some(key.user_id.as_str())], row.observed_at));
    let told = rows.told.iter().flat_map(told);
    let marks = rows.marks.iter().map(|mark| candidate([Some(mark.account_id.as_str())], mark.instant));
    media.chain(comments).chain(insights).chain(user_figures).chain(told).chain(marks).collect()
}

/// One for each comment of a page, and one for everything else.
fn told(told: &Told) -> Vec<Candidate> {
    let of = |reading: &Reading, ids: &[Option<&str>], username: Option<&str>| {
        let ids = ids.iter().copied().chain([Some(reading.account_id.as_str())]);
        with_name(candidate(ids, reading.observed_at), username)
    };
    let comment = |node: &CommentNode, reading: &Reading| {
        let ids = [Some(node.id.as_str()), node.from_id.as_deref(), node.media_id.as_deref()];
        of(reading, &ids, node.username.as_deref())
    };
    let one = match told {
        Told::User(node, reading) => {
            let ids = [Some(node.id.as_str()), node.app_scoped_id.as_deref()];
            of(reading, &ids, node.username.as_deref())
        }
        Told::Problem(_, reading) => of(reading, &[], None),
        Told::Competitor(found, reading) => {
            let username = found.user.as_ref().and_then(|user| user.username.as_deref());
            of(reading, &[Some(found.id.as_str())], username)
        }
        Told::Media(node, reading) => {
            of(reading, &[Some(node.id.as_str()), node.owner_id.as_deref()], node.username.as_deref())
        }
        Told::Child(child, reading) => {
            let ids = [
                Some(child.node.id.as_str()),
                Some(child.parent_id.as_str()),
                child.node.owner_id.as_deref(),
            ];
            of(reading, &ids, child.node.username.as_deref())
        }
        Told::MediaGone(gone, reading) => of(reading, &[Some(gone.media_id.as_str())], None),
        Told::Comment(node, reading) => comment(node, reading),
        Told::Comments(page, reading) => {
            return page.comments.iter().map(|node| comment(node, reading)).collect();
        }
        Told::CommentGone(id, reading) | Told::CompetitorGone(id, reading) => {
            of(reading, &[Some(id.as_str())], None)
        }
    };
    vec![one]
}

fn candidate<'a>(ids: impl IntoIterator<Item = Option<&'a str>>, received_at: Timestamp) -> Candidate {
    let subjects: BTreeSet<String> = ids.into_iter().flatten().map(str::to_owned).collect();
    Candidate { subjects, received_at }
}

fn with_name(mut candidate: Candidate, username: Option<&str>) -> Candidate {
    candidate.subjects.extend(username.map(name));
    candidate
}
