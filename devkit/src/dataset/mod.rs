//! A large set of rows, written straight into the tables as the workers would have left them: for measuring
//! reads, not for testing what they say.

use anyhow::{Context, Result};
use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Watched accounts.
    pub accounts: i32,
    /// Media of each account.
    pub media: i32,
    /// Comments of each account, spread over its media.
    pub comments: i32,
    /// Days of history.
    pub days: i32,
}

impl Size {
    /// A thousand accounts with a million comments.
    pub const LARGE: Self = Self { accounts: 1000, media: 40, comments: 1000, days: 60 };
}

/// The id of an account of the set, from 1.
pub fn account_id(number: i32) -> String {
    format!("1784{number:013}")
}

/// The id of a medium of an account of the set, from 1.
pub fn media_id(account: i32, number: i32) -> String {
    format!("179{account:06}{number:06}")
}

/// Fills a migrated, empty database; the last day is that of `now` in Jakarta.
///
/// # Errors
/// The database's.
pub async fn fill(url: &str, size: Size, now: Timestamp) -> Result<()> {
    let mut connection = PgConnection::connect(url).await.context("cannot reach the database to fill")?;
    for (name, value) in [
        ("dataset.accounts", size.accounts.to_string()),
        ("dataset.media", size.media.to_string()),
        ("dataset.comments", size.comments.to_string()),
        ("dataset.days", size.days.to_string()),
        ("dataset.now", now.to_string()),
    ] {
        sqlx::query("SELECT set_config($1, $2, FALSE)")
            .bind(name)
            .bind(value)
            .execute(&mut connection)
            .await?;
    }
    sqlx::raw_sql(include_str!("rows.sql")).execute(&mut connection).await.context("the set is not whole")?;
    connection.close().await?;
    Ok(())
}
