//! The role that other tools connect with: it reads the analytics and what they are made from, and nothing
//! that is sealed or the service's own.

use cekbrand_devkit::servers::TestServers;
use sqlx::AssertSqlSafe;

use crate::migrations::MIGRATOR;

/// A role that is nowhere.
const NOBODY: &str = "cekbrand_reader_that_nobody_made";

const RELATIONS: &str = "
    SELECT nspname || '.\"' || relname || '\"' FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname IN ('instagram', 'toba_cek_insta', 'pipeline') AND relkind IN ('r', 'p', 'v') AND NOT relispartition
    ORDER BY 1";

#[tokio::test]
async fn a_reader_reads_every_view_and_nothing_sealed() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let mut conn = database.pool().acquire().await.unwrap();
    let relations: Vec<String> = sqlx::query_scalar(RELATIONS).fetch_all(&mut *conn).await.unwrap();
    let accounts = r#"INSERT INTO instagram."user" (id, timezone) VALUES ('1', 'UTC');
        INSERT INTO pipeline.analysed_account (account_id, timezone) VALUES ('1', 'UTC');
        INSERT INTO instagram.media (id, user_id, "timestamp", first_seen_at) VALUES ('2', '1', '2026-06-18', 'epoch');
        INSERT INTO pipeline.analysed_media (user_id, media_id, published_at, published_on, hastags)
        VALUES ('1', '2', '2026-06-18', '2026-06-18', '{}');
        INSERT INTO instagram.user_data (user_id, datestamp, updated_timestamp) VALUES ('1', '2026-06-18', 'epoch')"#;
    sqlx::raw_sql(accounts).execute(&mut *conn).await.unwrap();
    sqlx::raw_sql("SET ROLE cekbrand_reader").execute(&mut *conn).await.unwrap();
    let mut read = 0;
    for relation in relations {
        let statement = AssertSqlSafe(format!("SELECT * FROM {relation}"));
        let answer = sqlx::raw_sql(statement).execute(&mut *conn).await;
        let is_sealed = relation.starts_with("pipeline.") || relation == r#"instagram."instagram_tokens""#;
        match answer {
            Ok(_) => assert!(!is_sealed, "{relation} can be read"),
            Err(sqlx::Error::Database(error)) => {
                assert_eq!(error.code().as_deref(), Some("42501"), "{relation}: {error}");
                assert!(is_sealed, "{relation} cannot be read: {error}");
            }
            Err(error) => panic!("{relation}: {error}"),
        }
        read += 1;
    }
    assert!(read > 60, "only {read} relations");
    // Not merely empty: rows that are made from tables that the role cannot read.
    let posts: i64 = sqlx::query_scalar("SELECT sum(posts) FROM toba_cek_insta.format_performance")
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    assert_eq!(posts, 2);
    for statement in ["DELETE FROM instagram.media", "SELECT pipeline.let_read('cekbrand_reader')"] {
        let refused = sqlx::raw_sql(statement).execute(&mut *conn).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"), "{statement}");
    }
}

/// A database's owner need not be allowed to make roles: the rest of the schema is made all the same.
#[tokio::test]
async fn who_may_make_no_roles_can_migrate() {
    let database = TestServers::shared().unwrap().empty_database().await.unwrap();
    let mut conn = database.pool().acquire().await.unwrap();
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut *conn).await.unwrap();
    let migrator = format!("{name}_migrator");
    let make = format!(
        "CREATE ROLE {migrator} NOLOGIN; GRANT ALL ON DATABASE {name} TO {migrator};
         GRANT ALL ON SCHEMA public TO {migrator}; SET ROLE {migrator}"
    );
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut *conn).await.unwrap();
    // As if no database on this server had made it: the name is not there.
    for migration in MIGRATOR.iter() {
        let sql = migration.sql.as_str().replace("cekbrand_reader", NOBODY);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await.unwrap();
    }
    let made = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";
    let made: bool = sqlx::query_scalar(made).bind(NOBODY).fetch_one(&mut *conn).await.unwrap();
    assert!(!made);
    let version: i32 = sqlx::query_scalar("SELECT version FROM toba_cek_insta.interface_version")
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    assert_eq!(version, 1);
    // Roles belong to the server: this one goes with the database.
    let remove = format!("RESET ROLE; DROP OWNED BY {migrator} CASCADE; DROP ROLE {migrator}");
    sqlx::raw_sql(AssertSqlSafe(remove)).execute(&mut *conn).await.unwrap();
}

/// The page for people with tools of their own: every question on it can be asked as it stands.
#[tokio::test]
async fn the_page_shows_questions_that_a_reader_can_ask() {
    let page = include_str!("../../../../deploy/sql.md");
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let mut conn = database.pool().acquire().await.unwrap();
    sqlx::raw_sql("SET ROLE cekbrand_reader").execute(&mut *conn).await.unwrap();
    let blocks: Vec<&str> =
        page.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let (made, asked): (Vec<&str>, Vec<&str>) =
        blocks.iter().partition(|block| block.contains("CREATE ROLE"));
    assert_eq!(made.len(), 2);
    assert!(asked.len() > 6, "{asked:?}");
    for question in asked {
        sqlx::raw_sql(question)
            .execute(&mut *conn)
            .await
            .unwrap_or_else(|error| panic!("{error}: {question}"));
    }
    let views = "SELECT relname::text FROM pg_class WHERE relnamespace = 'toba_cek_insta'::regnamespace AND relkind = 'v'";
    for view in sqlx::query_scalar::<_, String>(views).fetch_all(&mut *conn).await.unwrap() {
        assert!(
            page.contains(&format!("`{view}`")) || page.contains(&format!(".{view}`")),
            "{view} is not on the page"
        );
    }
}
