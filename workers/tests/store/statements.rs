//! Every statement of the workers, of the read side and of the commands is one that the migrated schema
//! understands.

use std::path::Path;

use cekbrand_devkit::servers::TestServers;
use cekbrand_workers::analyse::tables::TABLES;

use crate::source::{literals, sources};

/// What every analytics table's statement takes.
const WORK: &str = "text, date, date[], date[], date, timestamptz";

/// Planning a statement finds names that do not exist and types that do not fit, whether or not a test ever
/// runs it.
#[tokio::test]
async fn every_statement_fits_the_migrated_schema() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let mut conn = database.pool().acquire().await.unwrap();
    let mut refused = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let found = statements(&root, &["workers/src", "insights/src", "src"]);
    for (place, statement, types) in &found {
        let types = if types.is_empty() { String::new() } else { format!("({types})") };
        let prepare = format!("PREPARE each {types} AS {statement}; DEALLOCATE each");
        if let Err(error) = sqlx::raw_sql(sqlx::AssertSqlSafe(prepare)).execute(&mut *conn).await {
            refused.push(format!("{place}: {error}\n{statement}"));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n\n"));
    assert!(found.len() > 80, "found only {} statements", found.len());
}

/// Every statement below some folders of a tree, with its place and the types that only what is bound tells.
pub(crate) fn statements(root: &Path, folders: &[&str]) -> Vec<(String, String, &'static str)> {
    let mut all = Vec::new();
    for file in folders.iter().flat_map(|folder| sources(&root.join(folder))) {
        let place = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        // These have parts in common, and stand whole in the list below.
        if place.contains("analyse/tables/") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let is_rust = file.extension().is_some_and(|extension| extension == "rs");
        let found = if is_rust { literals(&text) } else { vec![text] };
        for statement in found.iter().filter_map(|literal| statement(literal)) {
            all.push((place.clone(), statement, ""));
        }
    }
    for table in TABLES {
        all.push((table.name.to_owned(), statement(table.sql).unwrap(), WORK));
    }
    all
}

/// The literal as SQL, if it is a whole statement.
fn statement(literal: &str) -> Option<String> {
    let unescaped = literal.replace("\\\"", "\"");
    let lines = unescaped.lines().filter(|line| !line.trim_start().starts_with("--"));
    let text = lines.collect::<Vec<_>>().join("\n").trim().trim_end_matches(';').to_owned();
    let begins = ["SELECT", "INSERT INTO", "UPDATE", "DELETE FROM", "WITH"];
    begins
        .iter()
        .any(|word| text.starts_with(&format!("{word} ")) || text.starts_with(&format!("{word}\n")))
        .then_some(text)
}

#[test]
fn statements_are_told_from_other_text() {
    assert_eq!(statement("\n  SELECT \\\"a\\\" FROM t;\n").as_deref(), Some("SELECT \"a\" FROM t"));
    assert_eq!(
        statement("-- why\nWITH a AS (SELECT 1)\nSELECT 2").as_deref(),
        Some("WITH a AS (SELECT 1)\nSELECT 2")
    );
    assert_eq!(statement("SELECTED"), None);
    assert_eq!(statement("a SELECT b"), None);
}
