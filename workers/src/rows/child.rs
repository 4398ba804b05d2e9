//! Rows of an album's children. A child is no post: it has no counts of its own, and its comments are the
//! album's.

use cekbrand_graph::node::MediaNode;
use sqlx::PgConnection;

use super::{Reading, media};

// Comments that a webhook placed under the child before it was known as one count for the album.
const PARENT: &str = "
WITH child AS (
    UPDATE instagram.media m SET parent_id = $2
    WHERE m.id = $1 AND m.parent_id IS NULL AND m.id <> $2
    RETURNING m.id
)
UPDATE instagram.media_comment below SET media_id = $2
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

/// Writes a child of an album of the reader's own.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn write(conn: &mut PgConnection, child: &Child, reading: &Reading) -> Result<(), sqlx::Error> {
    let owner = Some(reading.account_id.clone());
    media::write_medium(conn, &child.node, owner, None, reading.observed_at).await?;
    sqlx::query(PARENT).bind(&child.node.id).bind(&child.parent_id).execute(conn).await?;
    Ok(())
}
