//! A database for each test: a copy of a migrated template, which is made once per version of the migrations.

use anyhow::{Context, Result};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, PgPool};

static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// Held while the template is looked for and made, by all processes that share the server.
const TEMPLATE_LOCK: i64 = 0x0063_656B_6272_616E;
const MAX_CONNECTIONS: u32 = 16;

/// A migrated database of a test's own, dropped with the value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    admin: PgConnectOptions,
    options: PgConnectOptions,
    pool: PgPool,
}

impl TestDatabase {
    /// Copies the template into a new database.
    pub(super) async fn create(admin_url: &str) -> Result<Self> {
        let admin: PgConnectOptions = admin_url.parse().context("the test database's URL is not valid")?;
        let template = make_template(&admin).await?;
        Self::copy(admin, &template).await
    }

    /// Makes a database without any table.
    pub(super) async fn create_empty(admin_url: &str) -> Result<Self> {
        let admin = admin_url.parse().context("the test database's URL is not valid")?;
        Self::copy(admin, "template0").await
    }

    async fn copy(admin: PgConnectOptions, template: &str) -> Result<Self> {
        let name = format!("cekbrand_test_{}", const_hex::encode(rand::random::<[u8; 8]>()));
        let mut connection = admin.connect().await.context("cannot reach the test database server")?;
        execute(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        connection.close().await?;
        let options = admin.clone().database(&name);
        let pool =
            PgPoolOptions::new().max_connections(MAX_CONNECTIONS).connect_with(options.clone()).await?;
        Ok(Self { name, admin, options, pool })
    }

    /// Where the database is, as a URL with its password.
    pub fn url(&self) -> String {
        self.options.to_url_lossy().to_string()
    }

    /// Connections to it.
    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }
}

impl Drop for TestDatabase {
    /// On a thread of its own, because a value may be dropped inside a runtime.
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = admin.connect().await?;
                execute(&mut connection, format!("DROP DATABASE {name} WITH (FORCE)")).await?;
                Ok(connection.close().await?)
            })
        });
        match dropped.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("the test database {} was not dropped: {error:#}", self.name),
            Err(_) => eprintln!("the test database {} was not dropped: the thread panicked", self.name),
        }
    }
}

/// The name of the migrated template, which is made if it does not exist. It appears whole or not at all: it
/// gets its name after the last migration.
async fn make_template(admin: &PgConnectOptions) -> Result<String> {
    let name = format!("cekbrand_template_{}", checksum());
    let mut connection = admin.connect().await.context("cannot reach the test database server")?;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut connection).await?;
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut connection)
        .await?;
    if !exists {
        let building = format!("{name}_building");
        execute(&mut connection, format!("DROP DATABASE IF EXISTS {building} WITH (FORCE)")).await?;
        execute(&mut connection, format!("CREATE DATABASE {building} TEMPLATE template0")).await?;
        let mut inside = admin.clone().database(&building).connect().await?;
        MIGRATOR.run_direct(None, &mut inside, false).await.context("a migration failed")?;
        inside.close().await?;
        execute(&mut connection, format!("ALTER DATABASE {building} RENAME TO {name}")).await?;
    }
    // Closing the session gives the advisory lock back.
    connection.close().await?;
    Ok(name)
}

/// Changes with every migration.
fn checksum() -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for migration in MIGRATOR.iter() {
        hash.update(migration.version.to_be_bytes());
        hash.update(&migration.checksum);
    }
    const_hex::encode(&hash.finalize()[..8])
}

/// Runs a statement whose names are our own: a database's name cannot be a parameter.
async fn execute(connection: &mut PgConnection, statement: String) -> Result<()> {
    connection.execute(AssertSqlSafe(statement)).await.context("the test database server refused")?;
    Ok(())
}
