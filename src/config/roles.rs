//! Each role's settings out of the configuration, and the connections that they name.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use cekbrand_graph::Management;
use cekbrand_ingest::LabelledSecret;
use cekbrand_ingest::publish::spool::SpoolSettings;
use cekbrand_insights::settings::Telling;
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::{SystemClock, Topics};
use cekbrand_workers::LandSettings;
use cekbrand_workers::analyse::AnalyseSettings;
use cekbrand_workers::database::{self, Use};
use cekbrand_workers::reads::Ageing;
use cekbrand_workers::retention::RetentionSettings;
use cekbrand_workers::tell::{MailSettings, MailTls, TellSettings};
use cekbrand_workers::token::seal::TokenKeys;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use super::{AppSecret, Config, ConfigError};
use crate::topics::TopicPlan;

/// What `ingest` cannot do without.
pub(crate) const INGEST: &[&str] = &["meta.app_secrets", "meta.verify_token"];
/// What `work` cannot do without.
pub(crate) const WORK: &[&str] = &["database.url", "meta.app_id", "token_key"];
/// What storing a token cannot do without.
pub(crate) const TOKENS: &[&str] = &["database.url", "token_key"];
/// What everything that only needs the database cannot do without.
pub(crate) const DATABASE: &[&str] = &["database.url"];

impl Config {
    /// The receiver's settings.
    ///
    /// # Errors
    /// When [`INGEST`] was not required of the configuration.
    pub(crate) fn ingest(&self) -> Result<cekbrand_ingest::Settings, ConfigError> {
        let secrets = self.app_secrets()?;
        let labelled = |AppSecret { label, secret }| LabelledSecret { label, secret };
        let secrets = secrets.into_iter().map(labelled).collect();
        Ok(cekbrand_ingest::Settings {
            listen: self.address("ingest.listen")?,
            public_url: self.text("ingest.public_url"),
            max_body_bytes: self.number("ingest.max_body_bytes")?,
            body_budget_bytes: self.number("ingest.body_budget_bytes")?,
            header_timeout: self.duration("ingest.header_timeout")?,
            body_timeout: self.duration("ingest.body_timeout")?,
            produce_timeout: self.duration("ingest.produce_timeout")?,
            max_requests: self.number("ingest.max_requests")?,
            shutdown_grace: self.duration("shutdown_grace")?,
            kafka: self.kafka()?,
            topics: self.topics(),
            spool: self.spool()?,
            ..cekbrand_ingest::Settings::new(self.given("meta.verify_token")?.into(), secrets)
        })
    }

    fn spool(&self) -> Result<Option<SpoolSettings>, ConfigError> {
        let Some(directory) = self.text("ingest.spool_dir") else { return Ok(None) };
        Ok(Some(SpoolSettings {
            directory: directory.into(),
            max_bytes: self.number("ingest.spool_max_bytes")?,
            after: self.duration("ingest.spool_after")?,
        }))
    }

    /// How to reach Kafka.
    ///
    /// # Errors
    /// Never, as all of it has defaults.
    pub(crate) fn kafka(&self) -> Result<KafkaSettings, ConfigError> {
        Ok(KafkaSettings {
            brokers: self.given("kafka.brokers")?,
            security_protocol: self.given("kafka.security_protocol")?,
            sasl_mechanism: self.text("kafka.sasl_mechanism"),
            sasl_username: self.text("kafka.sasl_username"),
            sasl_password: self.secret("kafka.sasl_password"),
            group_protocol: self.given("kafka.group_protocol")?,
        })
    }

    /// The topics' names.
    pub(crate) fn topics(&self) -> Topics {
        Topics::with_prefix(&self.text("kafka.topic_prefix").unwrap_or_default())
    }

    /// What `migrate` makes of the topics.
    ///
    /// # Errors
    /// Numbers that no broker takes.
    pub(crate) fn topic_plan(&self) -> Result<TopicPlan, ConfigError> {
        Ok(TopicPlan {
            topics: self.topics(),
            partitions: self.number("kafka.partitions")?,
            replication: self.number("kafka.replication")?,
            retention: self.duration("kafka.retention")?,
        })
    }

    /// How to reach the Graph API. Without an app secret calls carry no proof.
    ///
    /// # Errors
    /// Never, as all that is needed has defaults.
    pub(crate) fn graph(&self) -> Result<cekbrand_graph::Settings, ConfigError> {
        let app_secrets = self.app_secrets().unwrap_or_default();
        Ok(cekbrand_graph::Settings {
            base_url: self.given("graph.base_url")?,
            instagram_base_url: self.given("graph.instagram_base_url")?,
            dialog_base_url: self.given("graph.dialog_url")?,
            instagram_dialog_base_url: self.given("graph.instagram_dialog_url")?,
            instagram_login_base_url: self.given("graph.instagram_login_url")?,
            version: self.given("graph.version")?,
            timeout: self.duration("graph.timeout")?,
            app_id: self.text("meta.app_id"),
            instagram_app_id: self.text("meta.instagram_app_id"),
            app_secrets: app_secrets.into_iter().map(|each| each.secret).collect(),
            ..cekbrand_graph::Settings::default()
        })
    }

    /// How to ask Meta about tokens, accounts and subscriptions.
    ///
    /// # Errors
    /// When this machine cannot set up TLS.
    pub(crate) fn management(&self) -> Result<Management> {
        let clock = Arc::new(SystemClock);
        Management::new(self.graph()?, clock).context("no client for the Graph API")
    }

    /// Where the admin listener is: as configured, or at the role's own default.
    ///
    /// # Errors
    /// Never, as it was checked.
    pub(crate) fn admin_listen(&self, default: SocketAddr) -> Result<SocketAddr, ConfigError> {
        if self.text("admin.listen").is_some() { self.address("admin.listen") } else { Ok(default) }
    }

    /// A worker's settings.
    ///
    /// # Errors
    /// When [`WORK`] was not required of the configuration, or numbers are too large.
    pub(crate) fn work(&self) -> Result<cekbrand_workers::Settings> {
        let keys = TokenKeys::parse(&self.given("token_key")?.into())
            .map_err(|error| ConfigError::one(format!("token_key: {error}")))?;
        let mut settings = cekbrand_workers::Settings::new(keys, self.given("meta.app_id")?);
        settings.land = LandSettings {
            kafka: self.kafka()?,
            topics: self.topics(),
            batch_changes: self.number("work.batch_changes")?,
            batch_wait: self.duration("work.batch_wait")?,
            dead_letter_percent: self.number("work.dead_letter_percent")?,
            dead_letter_run: self.number("work.dead_letter_run")?,
        };
        settings.analyse = self.analyse()?;
        settings.enrich.ageing = Ageing {
            hourly_until: self.duration("work.media_hourly_for")?,
            daily_until: self.duration("work.media_daily_for")?,
            weekly_until: self.duration("work.media_weekly_for")?,
        };
        settings.retention = self.retention()?;
        settings.tell = TellSettings {
            secret: self.secret("alerts.secret"),
            allow_private: self.is_on("alerts.allow_private"),
            public_url: self.text("serve.public_url").unwrap_or_default(),
            mail: self.mail(),
        };
        settings.enrich.lease = self.duration("work.lease")?;
        settings.enrich.backoff.first = self.duration("graph.backoff_min")?;
        settings.enrich.backoff.longest = self.duration("graph.backoff_max")?;
        settings.management = Some(self.management()?);
        Ok(settings)
    }

    /// The mail server, where one is named.
    fn mail(&self) -> Option<MailSettings> {
        let tls = match self.text("smtp.tls").as_deref() {
            Some("implicit") => MailTls::Implicit,
            Some("none") => MailTls::None,
            _ => MailTls::Starttls,
        };
        Some(MailSettings {
            host: self.text("smtp.host")?,
            port: self.number("smtp.port").ok(),
            tls,
            login: self.text("smtp.username").zip(self.secret("smtp.password")),
            from: self.text("smtp.from")?,
        })
    }

    fn is_on(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text == "true")
    }

    /// Settings of analytics: a worker's, and those of a rebuild.
    ///
    /// # Errors
    /// Never, as all of it has defaults.
    pub(crate) fn analyse(&self) -> Result<AnalyseSettings, ConfigError> {
        Ok(AnalyseSettings {
            online_hours_offset: self.hours("work.online_hours_offset")?,
            ..AnalyseSettings::default()
        })
    }

    /// How long what is kept. A change that Kafka still holds must be known when it is replayed.
    ///
    /// # Errors
    /// Never, as all of it has defaults.
    fn retention(&self) -> Result<RetentionSettings, ConfigError> {
        let kept = |name: &str| self.duration(&format!("retention.{name}"));
        Ok(RetentionSettings {
            events: kept("events")?,
            answers: kept("answers")?,
            event_keys: kept("event_keys")?.max(self.duration("kafka.retention")?),
            tasks: kept("tasks")?,
            dead_letters: kept("dead_letters")?,
            audit: kept("audit")?,
            replays: kept("replays")?,
            alerts: kept("alerts")?,
        })
    }

    /// The read API's settings.
    ///
    /// # Errors
    /// Numbers that are too large.
    pub(crate) fn serve(&self) -> Result<cekbrand_insights::Settings, ConfigError> {
        Ok(cekbrand_insights::Settings {
            listen: self.address("serve.listen")?,
            requests_per_second: self.number("serve.requests_per_second")?,
            shutdown_grace: self.duration("shutdown_grace")?,
            telling: Telling {
                secret: self.secret("alerts.secret"),
                allow_private: self.is_on("alerts.allow_private"),
                has_mail: self.text("smtp.host").is_some(),
            },
            ..cekbrand_insights::Settings::default()
        })
    }

    /// Connections for a role, which waits for a database that is away instead of ending; `usual` where the
    /// operator does not say how many.
    ///
    /// # Errors
    /// When no database was required of the configuration.
    pub(crate) fn lazy_pool(&self, usual: u32, purpose: Use) -> Result<PgPool> {
        let given = self.text("database.max_connections").is_some();
        let connections = if given { self.number("database.max_connections")? } else { usual };
        let options = database::connect_options(self.database()?, purpose);
        Ok(database::pool_options(connections, purpose).connect_lazy_with(options))
    }

    /// Connections to the database, at most `connections` at once; proves that it answers.
    ///
    /// # Errors
    /// When it does not, with what to check.
    pub(crate) async fn pool(&self, connections: u32, purpose: Use) -> Result<PgPool> {
        let options = database::connect_options(self.database()?, purpose);
        let place = format!("{}:{}", options.get_host(), options.get_port());
        database::pool_options(connections, purpose).connect_with(options).await.map_err(|error| {
            let why = database::describe(&error);
            anyhow!(
                "PostgreSQL at {place} does not answer as it should ({why}): check CEKBRAND__DATABASE__URL"
            )
        })
    }

    fn database(&self) -> Result<PgConnectOptions> {
        self.given("database.url")?.parse().context("database.url")
    }
}
