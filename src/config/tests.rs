//! Layers, mistakes and secrets of the configuration.

use std::fmt::Debug;

use cekbrand_ingest::LabelledSecret;

use super::layers::File;
use super::*;

fn load(file: &str, environment: &[(&str, &str)], required: &[&str]) -> Result<Config, ConfigError> {
    let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
    Config::check(Layers::of(Some(File { name: "cekbrand.toml", text: file }), environment), required)
}

#[test]
fn the_environment_is_over_the_file_and_the_file_over_the_defaults() {
    let file = "[ingest]\nlisten = \"0.0.0.0:1\"\nmax_requests = 7\n[work]\nbatch_wait = \"1s\"";
    let config = load(file, &[("CEKBRAND__INGEST__MAX_REQUESTS", "8")], &[]).unwrap();
    assert_eq!(config.address("ingest.listen").unwrap().to_string(), "0.0.0.0:1");
    assert_eq!(config.number::<u32>("ingest.max_requests").unwrap(), 8);
    assert_eq!(config.duration("work.batch_wait").unwrap(), Duration::from_secs(1));
    assert_eq!(config.given("graph.version").unwrap(), "v25.0");
}

#[test]
fn the_zone_of_metas_hours_reaches_the_analytics() {
    let offset = |environment: &[(&str, &str)]| {
        load("", environment, &[]).unwrap().analyse().unwrap().online_hours_offset
    };
    assert_eq!(offset(&[]), -7);
    assert_eq!(offset(&[("CEKBRAND__WORK__ONLINE_HOURS_OFFSET", "-8")]), -8);
}

#[test]
fn how_often_media_are_read_and_how_long_a_read_may_wait_reaches_the_worker() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let environment = [
        ("CEKBRAND__TOKEN_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("CEKBRAND__META__APP_ID", "app"),
        ("CEKBRAND__META__APP_SECRETS", "secret"),
        ("CEKBRAND__WORK__MEDIA_HOURLY_FOR", "2h"),
        ("CEKBRAND__WORK__MEDIA_DAILY_FOR", "3d"),
        ("CEKBRAND__WORK__MEDIA_WEEKLY_FOR", "4d"),
        ("CEKBRAND__WORK__LEASE", "41s"),
        ("CEKBRAND__GRAPH__BACKOFF_MIN", "5s"),
        ("CEKBRAND__GRAPH__BACKOFF_MAX", "6min"),
    ];
    let enrich = load("", &environment, &[]).unwrap().work().unwrap().enrich;
    let hours = |ageing: cekbrand_workers::reads::Ageing| {
        [ageing.hourly_until, ageing.daily_until, ageing.weekly_until].map(|until| until.as_secs() / 3600)
    };
    assert_eq!(hours(enrich.ageing), [2, 72, 96]);
    assert_eq!((enrich.lease.as_secs(), enrich.backoff.first.as_secs()), (41, 5));
    assert_eq!(enrich.backoff.longest, Duration::from_mins(6));
}

#[test]
fn every_mistake_is_reported_at_once() {
    let file = "token_key = \"AAAA\"\n[ingest]\nlisen = \"0.0.0.0:1\"\n[nowhere]\nat_all = 1";
    let environment = [
        ("CEKBRAND__KAFKA__BROKER", "a:1"),
        ("CEKBRAND__GRAPH__TIMEOUT", "10"),
        ("CEKBRAND__SERVE__LISTEN", "here"),
        ("CEKBRAND_TEST_KAFKA", "no setting, and not taken for one"),
    ];
    let error = load(file, &environment, &["meta.app_secrets"]).unwrap_err().to_string();
    insta::assert_snapshot!(error, @r#"
    the configuration has 7 mistakes:
      ingest.lisen in cekbrand.toml is no setting; did you mean ingest.listen?
      nowhere.at_all in cekbrand.toml is no setting
      CEKBRAND__KAFKA__BROKER is no setting; did you mean CEKBRAND__KAFKA__BROKERS?
      token_key in cekbrand.toml is not valid: expected 32 bytes in base64, comma separated (`cekbrand init` makes one)
      CEKBRAND__GRAPH__TIMEOUT is "10": expected a number with a unit, such as 50ms, 25s, 15min, 12h or 14d
      CEKBRAND__SERVE__LISTEN is "here": expected an address and a port, such as 127.0.0.1:8080
      CEKBRAND__META__APP_SECRETS is not set (The app's secrets: [label=]secret, comma separated)
    "#);
    assert!(!error.contains("AAAA"), "a secret is repeated");
}

#[test]
fn a_secret_may_come_from_a_file_but_not_twice() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, b"s3cret\n").unwrap();
    let path = file.path().display().to_string();
    let config = load("", &[("CEKBRAND__META__VERIFY_TOKEN_FILE", &path)], &["meta.verify_token"]).unwrap();
    assert_eq!(config.given("meta.verify_token").unwrap(), "s3cret");
    let config = load(&format!("[meta]\nverify_token_file = \"{path}\""), &[], &[]).unwrap();
    assert_eq!(config.given("meta.verify_token").unwrap(), "s3cret");
    let both = [("CEKBRAND__META__VERIFY_TOKEN_FILE", &path[..]), ("CEKBRAND__META__VERIFY_TOKEN", "x")];
    assert!(load("", &both, &[]).unwrap_err().to_string().contains("give one of them"));
    let missing = load("", &[("CEKBRAND__TOKEN_KEY_FILE", "/no/such/file")], &[]).unwrap_err().to_string();
    assert!(missing.contains("/no/such/file"), "{missing}");
    let open = load("", &[("CEKBRAND__INGEST__LISTEN_FILE", &path)], &[]);
    assert!(open.unwrap_err().to_string().contains("is no setting"), "only secrets come from files");
}

#[test]
fn mail_goes_by_tls_and_in_the_clear_to_this_machine_alone() {
    let with = |more: &[(&str, &str)]| {
        let mut all = vec![
            ("CEKBRAND__SMTP__HOST", "mail.example.com"),
            ("CEKBRAND__SMTP__FROM", "CekBrand <a@example.com>"),
        ];
        all.extend(more);
        load("", &all, &[]).map_err(|error| error.to_string())
    };
    assert!(with(&[]).is_ok());
    for (more, said) in [
        (&[("CEKBRAND__SMTP__TLS", "none")][..], "in the clear"),
        (&[("CEKBRAND__SMTP__TLS", "maybe")], "starttls or implicit or none"),
        (&[("CEKBRAND__SMTP__FROM", "nobody")], "a mail address"),
        (&[("CEKBRAND__SMTP__USERNAME", "u")], "go together"),
        (&[("CEKBRAND__SMTP__PORT", "70000")], "65535"),
    ] {
        let error = with(more).unwrap_err();
        assert!(error.contains(said), "{more:?}: {error}");
    }
    let here = with(&[("CEKBRAND__SMTP__TLS", "none"), ("CEKBRAND__SMTP__HOST", "127.0.0.1")]);
    assert!(
        here.is_ok()
            && with(&[("CEKBRAND__SMTP__TLS", "none"), ("CEKBRAND__SMTP__HOST", "127.0.0.1.example.com")])
                .is_err()
    );
    let nobody = load("", &[("CEKBRAND__SMTP__HOST", "mail.example.com")], &[]).unwrap_err().to_string();
    assert!(nobody.contains("smtp.from is not"), "{nobody}");
    let login = [("CEKBRAND__SMTP__USERNAME", "u"), ("CEKBRAND__SMTP__PASSWORD", "hush")];
    let shown = with(&login).unwrap().redacted();
    assert!(shown.contains("smtp.password=(secret)") && !shown.contains("hush"), "{shown}");
}

#[test]
fn secrets_are_not_shown() {
    let environment = [("CEKBRAND__META__APP_SECRETS", "hush"), ("DATABASE_URL", "postgres://u:hush@h:5/d")];
    let config = load("", &environment, &["database.url"]).unwrap();
    let shown = format!("{} {config:?} {:?}", config.redacted(), config.shown());
    assert!(!shown.contains("hush"), "{shown}");
    assert!(shown.contains("meta.app_secrets=(secret)") && shown.contains("meta.app_id=(unset)"), "{shown}");
}

#[test]
fn every_setting_is_shown_with_its_origin_and_every_secret_is_known() {
    let environment = [
        ("CEKBRAND__META__APP_SECRETS", "new=hush-one, hush-two"),
        ("DATABASE_URL", "postgres://u:hush%2Fthree@h:5/d"),
    ];
    let config = load("[graph]\nversion = \"v26.0\"", &environment, &[]).unwrap();
    let shown = config.shown();
    let of = |name: &str| {
        let setting = shown.iter().find(|shown| shown.name == name).unwrap();
        (setting.value.as_deref(), setting.origin.as_deref())
    };
    assert_eq!(of("graph.version"), (Some("v26.0"), Some("graph.version in cekbrand.toml")));
    assert_eq!(of("database.url"), (Some("(secret)"), Some("DATABASE_URL")));
    assert_eq!(of("graph.timeout"), (Some("10s"), Some("the default")));
    assert_eq!(of("meta.app_id"), (None, None));
    let secrets = config.secrets();
    for secret in ["hush-one", "hush-two", "hush%2Fthree", "hush/three"] {
        assert!(secrets.iter().any(|known| known == secret), "{secret}: {secrets:?}");
    }
}

#[test]
fn settings_that_do_not_fit_together_are_refused() {
    let environment = [
        ("CEKBRAND__INGEST__BODY_BUDGET_BYTES", "1000"),
        ("CEKBRAND__WORK__LEASE", "10s"),
        ("CEKBRAND__GRAPH__BACKOFF_MIN", "1h"),
        ("CEKBRAND__DATABASE__MAX_CONNECTIONS", "2"),
        ("CEKBRAND__CANARY__EVERY", "1min"),
    ];
    let error = load("", &environment, &[]).unwrap_err().to_string();
    for name in [
        "ingest.max_body_bytes is over",
        "graph.timeout is not under",
        "graph.backoff_min is over",
        "database.max_connections is under",
        "canary.every is set and meta.app_secrets is not",
    ] {
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn the_own_variable_of_the_database_is_over_the_common_one() {
    let environment =
        [("CEKBRAND__DATABASE__URL", "postgres://own/d"), ("DATABASE_URL", "postgres://common/d")];
    assert_eq!(load("", &environment, &[]).unwrap().given("database.url").unwrap(), "postgres://own/d");
}

/// The table tells people the defaults, each part has its own: they are the same.
#[test]
fn what_nobody_sets_is_what_each_part_takes_by_itself() {
    // Whoever was first has installed it.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let environment = [
        ("CEKBRAND__TOKEN_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("CEKBRAND__META__APP_ID", "app"),
        ("CEKBRAND__META__APP_SECRETS", "secret"),
        ("CEKBRAND__META__VERIFY_TOKEN", "token"),
    ];
    let config = load("", &environment, &[]).unwrap();
    let same = |given: &dyn Debug, own: &dyn Debug| assert_eq!(format!("{given:#?}"), format!("{own:#?}"));

    let secrets = vec![LabelledSecret { label: "1".to_owned(), secret: "secret".into() }];
    same(&config.ingest().unwrap(), &cekbrand_ingest::Settings::new("token".into(), secrets));
    same(&config.serve().unwrap(), &cekbrand_insights::Settings::default());
    let graph = config.graph().unwrap();
    let (app_id, app_secrets) = (graph.app_id.clone(), graph.app_secrets.clone());
    same(&graph, &cekbrand_graph::Settings { app_id, app_secrets, ..cekbrand_graph::Settings::default() });
    let work = config.work().unwrap();
    let own = cekbrand_workers::Settings::new(work.token_keys.clone(), "app".to_owned());
    same(&work, &cekbrand_workers::Settings { management: work.management.clone(), ..own });
}
