//! The demo: by itself, on a broker of one's own, until it is interrupted.

use super::*;

#[test]
fn a_demo_that_ends_by_itself_says_what_came_of_it() {
    let demo = Cekbrand::new().ok(&["demo", "--once", "--events", "600", "--seed", "7", "--json"]);
    let summary: Value = serde_json::from_str(demo.lines().last().unwrap()).unwrap();
    let count = |name: &str| summary[name].as_u64().unwrap_or_else(|| panic!("{name}: {summary}"));
    assert_eq!(summary["ledger_closed"], true, "{summary}");
    assert_eq!((count("sent"), count("accepted"), count("expired")), (600, 600, 0), "{summary}");
    assert_eq!(count("landed") + count("duplicates") + count("dead_lettered"), 600, "{summary}");
    assert!(count("duplicates") > 0 && count("graph_calls") > 0 && count("tasks_done") > 0, "{summary}");
    assert_eq!((count("tasks_open"), count("dirty_marks")), (0, 0), "{summary}");
    let tables = serde_json::json!({ "filled": 17, "of": 17, "empty": [] });
    assert_eq!(summary["tables"], tables, "the first sync of its brands fills every table of the contract");
    let stories = &summary["stories"];
    assert!(
        stories["taken_in"].as_u64() > Some(0) && stories["with_figures"].as_u64() > Some(0),
        "{stories}"
    );
    assert!(!summary["top_media"].as_array().unwrap().is_empty(), "{summary}");
}

#[test]
fn a_demo_uses_the_broker_that_is_configured() {
    let servers = TestServers::shared().unwrap();
    let cekbrand = Cekbrand::new()
        .with("CEKBRAND__KAFKA__BROKERS", servers.kafka_brokers())
        .with("CEKBRAND__KAFKA__PARTITIONS", "2");
    let demo = cekbrand.ok(&["demo", "--once", "--events", "200", "--json"]);
    let summary: Value = serde_json::from_str(demo.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&summary["kafka"], &summary["ledger_closed"]),
        (&"configured".into(), &true.into()),
        "{summary}"
    );
}

#[test]
fn a_demo_stays_up_until_it_is_interrupted() {
    let cekbrand = ["INGEST", "SERVE", "ADMIN"].into_iter().fold(Cekbrand::new(), |cekbrand, role| {
        cekbrand.with(&format!("CEKBRAND__{role}__LISTEN"), "127.0.0.1:0")
    });
    let mut demo = cekbrand.start_with(&["demo", "--events", "50"]);
    let deadline = Instant::now() + Duration::from_mins(2);
    while place(&demo, "Graph API").is_none() {
        assert!(demo.is_running() && Instant::now() < deadline, "{} {}", demo.stdout(), demo.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    for (start, expected) in
        [("pipeline", "\"lanes\""), ("a medium", "\"success\""), ("metrics", "cekbrand_ingest")]
    {
        let command = place(&demo, start).unwrap();
        let (_, curl) = command.split_once("curl").unwrap();
        let output =
            std::process::Command::new("sh").args(["-c", &format!("curl --silent --fail {curl}")]).output();
        let answer = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
        assert!(answer.contains(expected), "{command}: {answer}");
    }
    assert_eq!(demo.interrupt(), Some(0), "{}", demo.log());
}
