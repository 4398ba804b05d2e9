//! The version before works on this version's schema: its statements, kept in `previous.sql`, still fit, and what
//! they insert is still whole. So old workers go on while new ones take their place.
//!
//! At a release, keep those of the tree that is released:
//! `CEKBRAND_KEEP_STATEMENTS=. cargo test -p cekbrand-workers --test store previous`

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use cekbrand_devkit::servers::TestServers;
use sqlx::{AssertSqlSafe, PgPool};

use crate::statements::statements;

const KEPT: &str = include_str!("previous.sql");
const END: &str = "\n;\n";

/// A statement of the version before.
struct Kept<'a> {
    place: &'a str,
    types: &'a str,
    sql: &'a str,
}

/// Those of the roles that run side by side with newer ones.
fn kept() -> Vec<Kept<'static>> {
    let blocks = KEPT.split(END).filter(|block| !block.trim().is_empty());
    let read = blocks.map(|block| {
        let (head, sql) = block.trim_start().split_once('\n').unwrap();
        let (place, types) = head.strip_prefix("-- ").unwrap().split_once(": ").unwrap_or((&head[3..], ""));
        Kept { place, types, sql }
    });
    read.collect()
}

#[test]
fn what_is_released_is_kept() {
    let Some(root) = std::env::var_os("CEKBRAND_KEEP_STATEMENTS") else {
        assert!(kept().len() > 150, "only {}", kept().len());
        return;
    };
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for (place, sql, types) in statements(&here.join("..").join(root), &["workers/src", "insights/src"]) {
        let types = if types.is_empty() { String::new() } else { format!(": {types}") };
        write!(text, "-- {place}{types}\n{sql}{END}").unwrap();
    }
    std::fs::write(here.join("tests/store/previous.sql"), text).unwrap();
}

#[tokio::test]
async fn every_statement_of_the_version_before_fits_the_schema() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let mut conn = database.pool().acquire().await.unwrap();
    let mut refused = Vec::new();
    for Kept { place, types, sql } in kept() {
        let types = if types.is_empty() { String::new() } else { format!("({types})") };
        let prepare = format!("PREPARE each {types} AS {sql}; DEALLOCATE each");
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *conn).await {
            refused.push(format!("{place}: {error}\n{sql}"));
        }
    }
    assert!(refused.is_empty(), "old workers would break off:\n{}", refused.join("\n\n"));
}

/// The tables that a statement inserts into, with the columns that it gives.
fn inserts(sql: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    for rest in sql.split("INSERT INTO ").skip(1) {
        let Some((table, rest)) = rest.split_once('(') else { continue };
        let Some((columns, _)) = rest.split_once(')') else { continue };
        let table = table.split_whitespace().next().unwrap_or_default();
        let columns = columns.split(',').map(|column| column.trim().trim_matches('"').to_owned());
        found.push((table.to_owned(), columns.collect()));
    }
    found
}

/// Columns of a table that must be given and have no default.
async fn needed(pool: &PgPool, table: &str) -> BTreeSet<String> {
    let sql = "SELECT attname::text FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef
            AND attidentity = ''";
    sqlx::query_scalar::<_, String>(sql).bind(table).fetch_all(pool).await.unwrap().into_iter().collect()
}

/// A column that has to be given is one that the version before does not give.
#[tokio::test]
async fn what_the_version_before_inserts_is_still_a_whole_row() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let pool = database.pool();
    let (mut lacking, mut seen) = (Vec::new(), 0);
    for Kept { place, sql, .. } in kept() {
        for (table, given) in inserts(sql) {
            for column in needed(&pool, &table).await.difference(&given) {
                lacking.push(format!("{place}: {table}.{column}"));
            }
            seen += 1;
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
    assert!(seen > 40, "only {seen}");
}

/// Constraints and triggers are seen only where a row is written: landing's own rows, as the version before writes
/// them.
#[tokio::test]
async fn the_version_before_still_lands() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let mut conn = database.pool().acquire().await.unwrap();
    let all = kept();
    let of = |words: &str| {
        let found = all.iter().find(|each| each.sql.contains(words));
        found.unwrap_or_else(|| panic!("no statement says {words}")).sql
    };
    let at = "TIMESTAMPTZ '2026-11-20 08:00Z'";
    let id = r"sha256('\x01'::bytea)";
    for (name, words, given) in [
        ("dedupe", "INSERT INTO pipeline.event_key", format!("ARRAY[{id}], ARRAY[{at}]")),
        (
            "events",
            "INSERT INTO pipeline.event\n",
            format!(
                "ARRAY[{id}], ARRAY[false], ARRAY['1'], ARRAY['instagram'], ARRAY['comments'], ARRAY['5'], ARRAY['{{}}'], ARRAY[{at}],
                 ARRAY[{at}], ARRAY[0], ARRAY[7::bigint], {at}, 't', ARRAY['main'], ARRAY[NULL::text]"
            ),
        ),
        (
            "dead",
            "INSERT INTO pipeline.dead_letter\n",
            format!("{id}, 't', 0, 8::bigint, 'r', 'e', '\\x00'::bytea, 1, '5', 'comments', 'main', {at}, {at}, 0"),
        ),
        ("take", "INSERT INTO pipeline.consumer_offset", format!("'g', 't', 0, 'topic', 0::bigint, {at}")),
    ] {
        let sql = format!("PREPARE {name} AS {}; EXECUTE {name}({given})", of(words));
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await;
        assert!(done.is_ok_and(|done| done.rows_affected() == 1), "{name}");
    }
}
