//! Help, completions, and what is refused.

use super::*;

/// What the help lists under "Commands", with what lies below each: every path that can be asked for help.
fn subcommands(cekbrand: &Cekbrand, path: &[String]) -> Vec<Vec<String>> {
    let help = help(cekbrand, path);
    let listed = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
    let names = listed.lines().take_while(|line| !line.is_empty()).filter_map(|line| {
        // Longer descriptions go on in lines that are indented further.
        line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split_whitespace().next()
    });
    let mut paths = vec![path.to_vec()];
    for name in names.filter(|name| *name != "help") {
        paths.extend(subcommands(cekbrand, &[path, &[name.to_owned()]].concat()));
    }
    paths
}

fn help(cekbrand: &Cekbrand, path: &[String]) -> String {
    let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    cekbrand.ok(&arguments)
}

#[test]
fn each_help_has_an_example() {
    let cekbrand = Cekbrand::new();
    let paths = subcommands(&cekbrand, &[]);
    assert!(paths.contains(&vec!["account".to_owned(), "token".to_owned()]), "{paths:?}");
    for path in paths {
        let help = help(&cekbrand, &path);
        let has_example = help.contains("Example:\n") || path.is_empty() && help.contains("Start with:");
        assert!(has_example, "{path:?}: {help}");
        assert!(!help.contains("TODO"), "{help}");
    }
}

#[test]
fn completions_know_every_subcommand() {
    let cekbrand = Cekbrand::new();
    let script = cekbrand.ok(&["completions", "bash"]);
    for name in subcommands(&cekbrand, &[]).iter().filter_map(|path| path.last()) {
        assert!(script.contains(name.as_str()), "{name}");
    }
}

#[test]
fn wrong_usage_and_wrong_configuration_end_with_2() {
    let cekbrand = Cekbrand::new();
    assert_eq!(cekbrand.run(&["no-such-thing"]).status.code(), Some(2));
    assert_eq!(cekbrand.run(&["account", "add", "not-a-number"]).status.code(), Some(2));
    let incomplete = cekbrand.run(&["ingest"]);
    assert_eq!(incomplete.status.code(), Some(2));
    let said = stderr(&incomplete);
    assert!(said.contains("CEKBRAND__META__APP_SECRETS is not set"), "{said}");
    assert!(said.contains("CEKBRAND__META__VERIFY_TOKEN is not set"), "{said}");
    let misspelt = Cekbrand::new().with("CEKBRAND__DATABASE__ULR", "x").run(&["ledger"]);
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(stderr(&misspelt).contains("did you mean CEKBRAND__DATABASE__URL?"), "{}", stderr(&misspelt));
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuild_refuses_what_it_cannot_mean_and_computes_what_it_is_asked_for() {
    let (cekbrand, database) = on_database().await;
    for (arguments, expected) in [
        (["rebuild", "--account", ACCOUNT].as_slice(), "account 17841400000000041 is not known here"),
        (
            &["rebuild", "--from", "2026-06-02", "--to", "2026-06-01"],
            "--from 2026-06-02 lies after --to 2026-06-01",
        ),
        (&["rebuild", "--from", "2026-02-30"], "--from"),
    ] {
        let refused = cekbrand.run(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(expected), "{arguments:?}: {}", stderr(&refused));
    }
    cekbrand.ok(&["account", "add", ACCOUNT]);
    let rows = "INSERT INTO instagram.user_data (user_id, datestamp, followers_count, updated_timestamp)
        VALUES ($1, '2026-06-01', 100, 'epoch'), ($1, '2026-06-08', 150, 'epoch')";
    sqlx::query(rows).bind(ACCOUNT).execute(&database.pool()).await.unwrap();
    let said = cekbrand.ok(&["rebuild", "--account", ACCOUNT, "--from", "2026-06-01", "--to", "2026-06-08"]);
    assert!(said.starts_with("1 accounts, 8 days: "), "{said}");
    let growth = "SELECT growth FROM toba_cek_insta.user_insight_follower_growth
        WHERE user_id = $1 AND timeframe = 7 AND date_stamp = '2026-06-08'";
    let growth: f64 = sqlx::query_scalar(growth).bind(ACCOUNT).fetch_one(&database.pool()).await.unwrap();
    assert!((growth - 0.5).abs() < 1e-9, "{growth}");
    let again = cekbrand.ok(&["rebuild"]);
    assert!(again.contains(": 0 rows were not as they should be, 0 comments had no score"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_file_that_is_named_must_be_readable() {
    // All that the command needs is in the environment: only the file is at fault.
    let (cekbrand, _database) = on_database().await;
    cekbrand.ok(&["key", "list"]);
    std::fs::create_dir(cekbrand.dir().join("folder")).unwrap();
    for file in ["nowhere.toml", "folder"] {
        let refused = cekbrand.run(&["--config", file, "key", "list"]);
        let said = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{file}: {said}");
        assert!(said.contains(&format!("{file} cannot be read")), "{said}");
    }
}

#[test]
fn a_database_that_is_away_ends_with_1_and_says_where_it_was_looked_for() {
    let url = format!("postgres://nobody:hush@127.0.0.1:{}/nothing", free_port());
    let output = Cekbrand::new().with("DATABASE_URL", url).run(&["ledger"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("PostgreSQL at 127.0.0.1:") && said.contains("CEKBRAND__DATABASE__URL"), "{said}");
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn init_writes_a_file_that_the_command_accepts_and_leaves_alone() {
    let cekbrand = Cekbrand::new();
    cekbrand.ok(&["init"]);
    let path = cekbrand.dir().join("cekbrand.toml");
    let written = std::fs::read_to_string(&path).unwrap();
    let again = cekbrand.run(&["init"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("exists"), "{}", stderr(&again));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    // Nothing in it is wrong; only what a person must fill in is lacking.
    let ledger = cekbrand.run(&["ledger"]);
    assert!(stderr(&ledger).contains("not valid: CEKBRAND__DATABASE__URL is not set"), "{}", stderr(&ledger));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
