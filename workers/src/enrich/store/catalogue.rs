//! `instagram.fetch_catalogue`, made from the list of reads and of what is asked about tokens.

use sqlx::PgConnection;

use crate::{reads, token};

const REGISTER: &str = "
INSERT INTO instagram.fetch_catalogue AS c (fetch_id, fetch_name)
SELECT given.fetch_id, given.fetch_name
FROM UNNEST($1::text[], $2::text[]) AS given (fetch_id, fetch_name)
ORDER BY given.fetch_id
ON CONFLICT (fetch_id) DO UPDATE SET fetch_name = EXCLUDED.fetch_name
WHERE c.fetch_name <> EXCLUDED.fetch_name";

/// Adds the reads that are not in the catalogue, and corrects their names.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn register(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let reads = reads::ALL.iter().map(|read| (read.about().fetch_id, read.about().fetch_name));
    let (ids, names): (Vec<_>, Vec<_>) = reads.chain(token::CATALOGUE).unzip();
    sqlx::query(REGISTER).bind(ids).bind(names).execute(conn).await?;
    Ok(())
}
