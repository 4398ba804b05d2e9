//! All SQL: static statements, and the rows they give as types of ours.

pub(crate) mod api_key;
pub(crate) mod books;
pub(crate) mod figure;
pub(crate) mod medium;

use sqlx::PgPool;

/// Whether the database answers at all.
pub(crate) async fn answers(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT 1").execute(pool).await.map(|_| ())
}

/// A stored word that the program does not know: the tables are newer than the program.
fn unknown_word(column: &str, word: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("{word:?} is not a known {column}").into(),
    }
}
