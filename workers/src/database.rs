//! Connections to PostgreSQL, with a time-out on each side: nothing waits for ever, and a session that is of
//! no use is closed, not given back to the pool.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

/// How long a pool may take to give a connection.
pub const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);

/// How long one transaction of landing may take, and taking a partition: far longer than any does, and short
/// enough to let others have a go.
pub const STEP_LIMIT: Duration = Duration::from_secs(15);

/// How long the server may take to answer the question whether a session is fit.
const CHECK_LIMIT: Duration = Duration::from_secs(3);

/// What connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Reading and writing: a session that refuses writes is closed.
    Write,
    /// Reading alone, from a standby too.
    Read,
    /// Migrations, whose statements may take as long as they need, but wait for locks only briefly: whoever
    /// comes after them in the lock's queue waits as well.
    Migrate,
}

impl Use {
    /// What the server is told when a session begins. A worker that is stopped in a transaction must not hold
    /// its locks for longer than it takes Kafka to give its partitions away.
    fn limits(self) -> &'static [(&'static str, &'static str)] {
        const IDLE: (&str, &str) = ("tcp_keepalives_idle", "30");
        const INTERVAL: (&str, &str) = ("tcp_keepalives_interval", "10");
        const COUNT: (&str, &str) = ("tcp_keepalives_count", "3");
        // Compiling a plan takes seconds where a statement of ours runs for a fraction of one.
        const JIT: (&str, &str) = ("jit", "off");
        match self {
            Self::Write | Self::Read => &[
                ("statement_timeout", "5min"),
                ("lock_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "10s"),
                IDLE,
                INTERVAL,
                COUNT,
                JIT,
            ],
            Self::Migrate => &[("lock_timeout", "5s"), IDLE, INTERVAL, COUNT],
        }
    }
}

/// A database's address with the limits that the server is told.
pub fn connect_options(address: PgConnectOptions, purpose: Use) -> PgConnectOptions {
    let address =
        if address.get_application_name().is_none() { address.application_name("cekbrand") } else { address };
    address.options(purpose.limits().iter().copied())
}

/// A pool that gives no connection that does not answer, or that refuses to write although it should.
pub fn pool_options(connections: u32, purpose: Use) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_LIMIT)
        // Ours, below, has a limit and asks more.
        .test_before_acquire(false)
        .before_acquire(move |conn, _| Box::pin(is_fit(conn, purpose)))
        .after_release(move |conn, _| Box::pin(is_fit(conn, purpose)))
}

const WRITABLE: &str = "SELECT current_setting('transaction_read_only') = 'off'";

/// Whether a session answers and does what it is for. After a failover the sessions at the old primary
/// answer, and refuse to write for ever.
async fn is_fit(conn: &mut PgConnection, purpose: Use) -> Result<bool, sqlx::Error> {
    let asked = async {
        if purpose == Use::Write {
            return sqlx::query_scalar(WRITABLE).fetch_one(conn).await;
        }
        conn.ping().await.map(|()| true)
    };
    tokio::time::timeout(CHECK_LIMIT, asked).await.unwrap_or_else(|_| Err(silent(CHECK_LIMIT)))
}

/// Asks whether PostgreSQL takes writes.
///
/// # Errors
///
/// One sentence saying why it does not.
pub async fn answers(pool: &PgPool) -> Result<(), String> {
    let mut conn = pool.acquire().await.map_err(|error| describe(&error))?;
    match is_fit(&mut conn, Use::Write).await {
        Ok(true) => Ok(()),
        Ok(false) => Err("PostgreSQL answers but takes no writes: it is read-only".to_owned()),
        Err(error) => {
            conn.close_on_drop();
            Err(describe(&error))
        }
    }
}

/// What is wrong with the database, by its name.
pub fn describe(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => format!(
            "PostgreSQL gave no connection within {} s: it does not answer, or all connections are in use",
            ACQUIRE_LIMIT.as_secs()
        ),
        sqlx::Error::Io(error) => format!("PostgreSQL cannot be reached: {error}"),
        sqlx::Error::Database(error) => {
            let code = error.code();
            format!("PostgreSQL refuses: {} ({})", error.message(), code.as_deref().unwrap_or("no code"))
        }
        other => format!("PostgreSQL: {other}"),
    }
}

/// Whether the database refuses a value, which no other try will make it take.
pub(crate) fn is_about_a_value(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    match error.code().as_deref() {
        // A row that fits no partition has this code as well, but names no constraint: it passes with the
        // next try.
        Some("23514") => error.constraint().is_some(),
        // Data exceptions; what is too long for an index.
        Some(code) => code.starts_with("22") || code == "54000",
        None => false,
    }
}

/// The error of a server that said nothing for so long.
pub(crate) fn silent(limit: Duration) -> sqlx::Error {
    let text = format!("no answer within {} s", limit.as_secs());
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, text))
}
