//! The configuration: environment over file over defaults. Everything is checked at once, before anything
//! starts.
//!
//! ```text
//!  table ── defaults ─┐
//!  cekbrand.toml ─────┼─▶ one text per setting ──kind──▶ checked ──roles──▶ each role's Settings
//!  CEKBRAND__… ───────┘
//! ```

mod kind;
mod layers;
pub(crate) mod roles;
mod table;

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

pub(crate) use kind::AppSecret;
use layers::Layers;
use serde::Serialize;
pub(crate) use table::{SETTINGS, Setting, find};

/// One for each lane, and some for everything else.
const FEWEST_CONNECTIONS: u32 = 8;

/// Stands for a secret wherever settings are shown.
const SECRET: &str = "(secret)";

/// A setting as it may be shown.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) name: &'static str,
    /// `None` where nobody gave it and there is no default.
    pub(crate) value: Option<String>,
    pub(crate) origin: Option<String>,
}

/// Every setting's text, checked.
#[derive(Debug)]
pub(crate) struct Config {
    layers: Layers,
}

/// What is wrong with the configuration, all of it.
#[derive(Debug, thiserror::Error)]
pub(crate) struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [one] = &self.0[..] {
            return write!(f, "the configuration is not valid: {one}");
        }
        write!(f, "the configuration has {} mistakes:", self.0.len())?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl ConfigError {
    /// A single mistake.
    pub(crate) fn one(mistake: String) -> Self {
        Self(vec![mistake])
    }
}

impl Config {
    /// Reads environment, file and defaults, and checks them all; `required` settings must be there.
    ///
    /// # Errors
    /// Every mistake at once.
    pub(crate) fn load(file: Option<&Path>, required: &[&str]) -> Result<Self, ConfigError> {
        Self::check(Layers::read(file, std::env::vars_os()), required)
    }

    fn check(layers: Layers, required: &[&str]) -> Result<Self, ConfigError> {
        let mut mistakes = layers.mistakes.clone();
        for setting in SETTINGS {
            if let Some(text) = layers.text(setting.name)
                && let Err(expected) = setting.kind.check(text.value())
            {
                mistakes.push(text.refuse(setting, &expected));
            }
        }
        for name in required.iter().filter(|name| layers.text(name).is_none()) {
            let Some(setting) = table::find(name) else { continue };
            mistakes.push(format!("{} is not set ({})", setting.variable(), setting.help));
        }
        let config = Self { layers };
        if mistakes.is_empty() {
            mistakes.extend(config.contradictions());
        }
        if mistakes.is_empty() { Ok(config) } else { Err(ConfigError(mistakes)) }
    }

    /// Settings that are valid each and not together.
    fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.number::<u64>("ingest.max_body_bytes").ok() > self.number("ingest.body_budget_bytes").ok() {
            found.push(
                "ingest.max_body_bytes is over ingest.body_budget_bytes: such a body would never fit"
                    .to_owned(),
            );
        }
        if self.duration("graph.timeout").ok() >= self.duration("work.lease").ok() {
            found.push(
                "graph.timeout is not under work.lease: a read could outlive the claim on it".to_owned(),
            );
        }
        if self.duration("graph.backoff_min").ok() > self.duration("graph.backoff_max").ok() {
            found.push("graph.backoff_min is over graph.backoff_max".to_owned());
        }
        if self
            .number::<u32>("database.max_connections")
            .is_ok_and(|connections| connections < FEWEST_CONNECTIONS)
        {
            found.push(format!(
                "database.max_connections is under {FEWEST_CONNECTIONS}: each lane of a worker holds one"
            ));
        }
        found
    }

    /// The same with other texts for some settings, which nobody but the program chose: they must be valid.
    ///
    /// # Errors
    /// Where they are not.
    pub(crate) fn overlaid(
        mut self,
        texts: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Self, ConfigError> {
        for (name, text) in texts {
            self.layers.overlay(name, text);
        }
        Self::check(self.layers, &[])
    }

    /// Whether the environment or the file gives a setting.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.layers.text(name).is_some_and(|text| !text.is_default())
    }

    /// The effective configuration, one `name=value` each; secrets only say that they are there.
    pub(crate) fn redacted(&self) -> String {
        let shown = SETTINGS.iter().map(|setting| {
            let value = match self.layers.text(setting.name) {
                None => "(unset)",
                Some(_) if setting.kind.is_secret() => SECRET,
                Some(text) => text.value(),
            };
            format!("{}={value}", setting.name)
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    /// A setting's text, if there is one.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.layers.text(name).map(|text| text.value().to_owned())
    }

    /// A secret, if there is one.
    pub(crate) fn secret(&self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A setting that has a default or was required.
    ///
    /// # Errors
    /// When it has neither.
    pub(crate) fn given(&self, name: &str) -> Result<String, ConfigError> {
        let variable = || table::find(name).map_or_else(|| name.to_owned(), Setting::variable);
        self.text(name).ok_or_else(|| ConfigError::one(format!("{} is not set", variable())))
    }

    /// An address to listen on.
    ///
    /// # Errors
    /// As [`Config::given`].
    pub(crate) fn address(&self, name: &str) -> Result<SocketAddr, ConfigError> {
        self.parsed(name, kind::parse_address)
    }

    /// A length of time.
    ///
    /// # Errors
    /// As [`Config::given`].
    pub(crate) fn duration(&self, name: &str) -> Result<Duration, ConfigError> {
        self.parsed(name, kind::parse_duration)
    }

    /// A whole number of at least 1, if the type can hold it.
    ///
    /// # Errors
    /// As [`Config::given`].
    pub(crate) fn number<T: TryFrom<u64>>(&self, name: &str) -> Result<T, ConfigError> {
        self.parsed(name, |text| {
            T::try_from(kind::parse_number(text)?).map_err(|_| "the number is too large".to_owned())
        })
    }

    /// A zone's distance from UTC in hours.
    ///
    /// # Errors
    /// As [`Config::given`].
    pub(crate) fn hours(&self, name: &str) -> Result<i32, ConfigError> {
        self.parsed(name, kind::parse_hours)
    }

    /// The app's secrets with their labels.
    ///
    /// # Errors
    /// As [`Config::given`].
    pub(crate) fn app_secrets(&self) -> Result<Vec<AppSecret>, ConfigError> {
        self.parsed("meta.app_secrets", kind::parse_app_secrets)
    }

    /// Every setting with its text, unless that is a secret, and where it was found.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let shown = SETTINGS.iter().map(|setting| {
            let text = self.layers.text(setting.name);
            let value =
                text.map(|text| if setting.kind.is_secret() { SECRET } else { text.value() }.to_owned());
            Shown { name: setting.name, value, origin: text.map(|text| text.origin().to_owned()) }
        });
        shown.collect()
    }

    /// Everything that must not be seen: secrets, the parts of those that are lists, and passwords in
    /// addresses.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let texts = SETTINGS.iter().filter(|setting| setting.kind.is_secret());
        let texts = texts.filter_map(|setting| self.text(setting.name));
        texts.flat_map(|text| kind::secret_parts(&text)).collect()
    }

    fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, ConfigError> {
        parse(&self.given(name)?).map_err(|expected| ConfigError::one(format!("{name}: {expected}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)], required: &[&str]) -> Result<Config, ConfigError> {
        let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
        Config::check(Layers::of(Some(("cekbrand.toml", file)), environment), required)
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
        let config =
            load("", &[("CEKBRAND__META__VERIFY_TOKEN_FILE", &path)], &["meta.verify_token"]).unwrap();
        assert_eq!(config.given("meta.verify_token").unwrap(), "s3cret");
        let config = load(&format!("[meta]\nverify_token_file = \"{path}\""), &[], &[]).unwrap();
        assert_eq!(config.given("meta.verify_token").unwrap(), "s3cret");
        let both = [("CEKBRAND__META__VERIFY_TOKEN_FILE", &path[..]), ("CEKBRAND__META__VERIFY_TOKEN", "x")];
        assert!(load("", &both, &[]).unwrap_err().to_string().contains("give one of them"));
        let missing =
            load("", &[("CEKBRAND__TOKEN_KEY_FILE", "/no/such/file")], &[]).unwrap_err().to_string();
        assert!(missing.contains("/no/such/file"), "{missing}");
        let open = load("", &[("CEKBRAND__INGEST__LISTEN_FILE", &path)], &[]);
        assert!(open.unwrap_err().to_string().contains("is no setting"), "only secrets come from files");
    }

    #[test]
    fn secrets_are_not_shown() {
        let environment =
            [("CEKBRAND__META__APP_SECRETS", "hush"), ("DATABASE_URL", "postgres://u:hush@h:5/d")];
        let config = load("", &environment, &["database.url"]).unwrap();
        let shown = format!("{} {config:?} {:?}", config.redacted(), config.shown());
        assert!(!shown.contains("hush"), "{shown}");
        assert!(
            shown.contains("meta.app_secrets=(secret)") && shown.contains("meta.app_id=(unset)"),
            "{shown}"
        );
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
        ];
        let error = load("", &environment, &[]).unwrap_err().to_string();
        for name in [
            "ingest.max_body_bytes is over",
            "graph.timeout is not under",
            "graph.backoff_min is over",
            "database.max_connections is under",
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
}
