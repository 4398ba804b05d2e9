//! All SQL: static statements, and the rows they give as types of ours.

pub(crate) mod account;
pub(crate) mod api_key;
pub(crate) mod audience;
pub(crate) mod books;
pub(crate) mod channels;
pub(crate) mod comments;
pub(crate) mod competitors;
pub(crate) mod correction;
pub(crate) mod deletion;
pub(crate) mod engagement;
pub(crate) mod figure;
pub(crate) mod followers;
pub(crate) mod formats;
pub(crate) mod hashtags;
pub(crate) mod hours;
pub(crate) mod impressions;
pub(crate) mod labels;
pub(crate) mod medium;
pub(crate) mod notes;
pub(crate) mod pages;
pub(crate) mod portfolio;
pub(crate) mod post;
pub(crate) mod posts;
pub(crate) mod reach;
pub(crate) mod rules;
pub(crate) mod sentiment;
pub(crate) mod session;
pub(crate) mod shares;
pub(crate) mod stories;

use jiff::civil::Date;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::iso::Iso;

/// Whether the database answers at all.
pub(crate) async fn answers(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT 1").execute(pool).await.map(|_| ())
}

/// A stored word that the program does not know: the tables are newer than the program.
pub(crate) fn unknown_word(column: &str, word: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("{word:?} is not a known {column}").into(),
    }
}

/// The day in a column.
fn day(row: &PgRow, name: &str) -> Result<Date, sqlx::Error> {
    row.try_get::<jiff_sqlx::Date, _>(name).map(jiff_sqlx::Date::to_jiff)
}

/// The day in a column that may be empty.
pub(crate) fn some_day(row: &PgRow, name: &str) -> Result<Option<Date>, sqlx::Error> {
    row.try_get::<Option<jiff_sqlx::Date>, _>(name).map(|day| day.map(jiff_sqlx::Date::to_jiff))
}

/// The instant in a column that may be empty.
pub(crate) fn some_instant(row: &PgRow, name: &str) -> Result<Option<Iso>, sqlx::Error> {
    row.try_get::<Option<jiff_sqlx::Timestamp>, _>(name).map(|at| at.map(Iso::from))
}
