//! Every statement of the workers, of the read side and of the commands is one that the migrated schema understands.

use std::path::Path;

use cekbrand_devkit::servers::TestServers;

use crate::source::{literals, sources};

/// A statement in which the type of a parameter follows from what is bound alone.
struct Typed {
    /// What only this statement has.
    part: &'static str,
    /// The types of its parameters.
    types: &'static str,
}

const TYPED: [Typed; 1] = [Typed {
    part: "THEN $4 ELSE $3 END,\n    fresh_until",
    types: "unknown, unknown, timestamptz, timestamptz, unknown, unknown",
}];

/// Planning a statement finds names that do not exist and types that do not fit, whether or not a test ever runs it.
#[tokio::test]
async fn every_statement_fits_the_migrated_schema() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let mut conn = database.pool().acquire().await.unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut prepared = 0;
    for folder in ["workers/src", "insights/src", "src"] {
        for file in sources(&root.join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap();
            let is_rust = file.extension().is_some_and(|extension| extension == "rs");
            let found = if is_rust { literals(&text) } else { vec![text] };
            for statement in found.iter().filter_map(|literal| statement(literal)) {
                let types = TYPED.iter().find(|typed| statement.contains(typed.part));
                let types = types.map_or_else(String::new, |typed| format!("({})", typed.types));
                let prepare = format!("PREPARE each {types} AS {statement}; DEALLOCATE each");
                let planned = sqlx::raw_sql(sqlx::AssertSqlSafe(prepare)).execute(&mut *conn).await;
                assert!(planned.is_ok(), "{}: {}\n{statement}", file.display(), planned.unwrap_err());
                prepared += 1;
            }
        }
    }
    assert!(prepared > 80, "found only {prepared} statements");
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
