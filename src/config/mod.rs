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
#[cfg(test)]
mod tests;

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
        if self.text("canary.every").is_some() && self.text("meta.app_secrets").is_none() {
            found.push("canary.every is set and meta.app_secrets is not: the canary is signed".to_owned());
        }
        found.extend(self.mail_contradictions());
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

    /// Of mail's settings, where there is a server.
    fn mail_contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        let Some(host) = self.text("smtp.host") else { return found };
        if self.text("smtp.from").is_none() {
            found.push("smtp.host is set and smtp.from is not: mail is from somebody".to_owned());
        }
        if self.text("smtp.username").is_some() != self.text("smtp.password").is_some() {
            found.push("smtp.username and smtp.password go together".to_owned());
        }
        let is_here = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        if self.text("smtp.tls").as_deref() == Some("none") && !is_here {
            found.push(
                "smtp.tls is none and smtp.host is not this machine: mail would go in the clear".to_owned(),
            );
        }
        if self.text("smtp.port").is_some() && self.number::<u16>("smtp.port").is_err() {
            found.push("smtp.port is over 65535".to_owned());
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
