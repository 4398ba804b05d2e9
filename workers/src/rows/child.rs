//! Rows of albums' children, many at once. A child is no post: it has no counts of its own, and its comments are the
//! album's.

use cekbrand_graph::node::MediaNode;
use sqlx::PgConnection;

use super::Reading;
use super::media::{self, Row};

// Comments that a webhook placed under the child before it was known as one count for the album.
const PARENTS: &str = "
WITH child AS (
    UPDATE instagram.media m SET parent_id = n.parent_id
    FROM UNNEST($1::text[], $2::text[]) AS n (id, parent_id)
    WHERE m.id = n.id AND m.parent_id IS NULL AND m.id <> n.parent_id
    RETURNING m.id, m.parent_id
)
UPDATE instagram.media_comment below SET media_id = child.parent_id
FROM child
WHERE below.media_id = child.id";

/// A child, and the album to which it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The child.
    pub node: MediaNode,
    /// The album.
    pub parent_id: String,
}

/// Writes children of albums of the readers' own, each of which is there once.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn write(conn: &mut PgConnection, children: &[(&Child, &Reading)]) -> Result<(), sqlx::Error> {
    if children.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row<'_>> = children.iter().map(|(child, reading)| row(child, reading)).collect();
    media::write_media(conn, &rows).await?;
    sqlx::query(PARENTS)
        .bind(children.iter().map(|(child, _)| child.node.id.as_str()).collect::<Vec<_>>())
        .bind(children.iter().map(|(child, _)| child.parent_id.as_str()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

fn row<'a>(child: &'a Child, reading: &Reading) -> Row<'a> {
    let owner = Some(reading.account_id.clone());
    Row { node: &child.node, owner, absence: None, observed_at: reading.observed_at }
}
