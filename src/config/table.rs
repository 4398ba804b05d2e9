//! The table of settings: what there is, what it is by default, and what it is for. Parsing, `cekbrand init`,
//! and the checks of compose.yaml all read it.

use super::kind::Kind;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// Its path in the file: `ingest.listen` is `listen` in the table `[ingest]`.
    pub(crate) name: &'static str,
    /// Its text when nobody gives one.
    pub(crate) default: Option<&'static str>,
    /// What its text must look like.
    pub(crate) kind: Kind,
    /// What it is for, one line.
    pub(crate) help: &'static str,
}

impl Setting {
    /// Its environment variable: `CEKBRAND__INGEST__LISTEN`.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_uppercase().replace('.', "__"))
    }
}

/// What the variables of settings start with.
pub(crate) const PREFIX: &str = "CEKBRAND__";

/// Every setting, in the order of the commented file.
pub(crate) const SETTINGS: &[Setting] = &[
    optional(
        "token_key",
        Kind::Keys,
        "Seals access tokens at rest: 32 bytes, base64; the first seals, all open",
    ),
    preset("shutdown_grace", "25s", Kind::Duration, "How long a role may take to finish what it is doing"),
    preset("log.format", "auto", Kind::Choice(&["auto", "json", "text"]), "auto: JSON unless on a terminal"),
    preset("log.level", "info", Kind::Text, "As in RUST_LOG: a level, or target=level, comma separated"),
    optional(
        "trace.endpoint",
        Kind::Url,
        "Where traces go: the address of an OpenTelemetry collector (OTLP over HTTP); without it nobody traces",
    ),
    preset("trace.percent", "100", Kind::Percent, "Of deliveries that are traced"),
    preset("ingest.listen", "127.0.0.1:8080", Kind::Address, "Where the webhook receiver listens"),
    optional("ingest.public_url", Kind::Url, "The receiver's address as Meta sees it"),
    preset("ingest.max_body_bytes", "33554432", Kind::Number, "A longer delivery is refused with 413"),
    preset("ingest.body_budget_bytes", "67108864", Kind::Number, "Bodies in flight, together; over it 503"),
    preset("ingest.max_requests", "1024", Kind::Number, "Requests at once; over it 503"),
    preset("ingest.header_timeout", "5s", Kind::Duration, "For a request's header"),
    preset("ingest.body_timeout", "10s", Kind::Duration, "For a request's body; then 408"),
    preset(
        "ingest.produce_timeout",
        "8s",
        Kind::Duration,
        "For Kafka's acknowledgement; then 503 (Meta waits 20 s)",
    ),
    optional(
        "ingest.spool_dir",
        Kind::Text,
        "Where records wait while Kafka is away, a directory for this receiver alone; without it 503",
    ),
    preset("ingest.spool_max_bytes", "1073741824", Kind::Number, "Of the spool on disk; over it 503"),
    preset("ingest.spool_after", "2s", Kind::Duration, "With a spool: for Kafka's acknowledgement"),
    optional("meta.app_id", Kind::Text, "The app's id"),
    optional(
        "meta.instagram_app_id",
        Kind::Text,
        "The id of the app's Instagram product, for Instagram Login; without it the app's id",
    ),
    optional("meta.app_secrets", Kind::AppSecrets, "The app's secrets: [label=]secret, comma separated"),
    optional("meta.verify_token", Kind::Secret, "What Meta repeats in the webhook's handshake"),
    preset("kafka.brokers", "127.0.0.1:9092", Kind::Brokers, "host:port, comma separated"),
    preset("kafka.security_protocol", "plaintext", Kind::Choice(PROTOCOLS), "How to talk to the brokers"),
    optional("kafka.sasl_mechanism", Kind::Choice(MECHANISMS), "How to log in"),
    optional("kafka.sasl_username", Kind::Text, "SASL user"),
    optional("kafka.sasl_password", Kind::Secret, "SASL password"),
    preset("kafka.group_protocol", "classic", Kind::Choice(&["classic", "consumer"]), "consumer is KIP-848"),
    preset("kafka.topic_prefix", "", Kind::Prefix, "Before each topic's and group's name"),
    preset("kafka.partitions", "12", Kind::Number, "Of each topic that migrate creates"),
    preset("kafka.replication", "1", Kind::Number, "Of each topic that migrate creates"),
    preset("kafka.retention", "14d", Kind::Duration, "Of each topic that migrate creates"),
    optional("database.url", Kind::DatabaseUrl, "PostgreSQL; DATABASE_URL is read too"),
    optional(
        "database.max_connections",
        Kind::Number,
        "Connections of a process, at most; by default 24 for work, 16 for serve",
    ),
    preset("graph.base_url", "https://graph.facebook.com", Kind::Url, "For tokens of Facebook Login"),
    preset(
        "graph.instagram_base_url",
        "https://graph.instagram.com",
        Kind::Url,
        "For tokens of Instagram Login",
    ),
    preset("graph.dialog_url", "https://www.facebook.com", Kind::Url, "Where people log in with Facebook"),
    preset(
        "graph.instagram_dialog_url",
        "https://www.instagram.com",
        Kind::Url,
        "Where people log in with Instagram",
    ),
    preset(
        "graph.instagram_login_url",
        "https://api.instagram.com",
        Kind::Url,
        "Where the code that they bring back is redeemed",
    ),
    preset("graph.version", "v25.0", Kind::Text, "Version of the Graph API"),
    preset("graph.timeout", "10s", Kind::Duration, "For one call"),
    preset("graph.backoff_min", "1s", Kind::Duration, "First wait after a failed call; doubles, with jitter"),
    preset("graph.backoff_max", "15min", Kind::Duration, "Longest wait after a failed call"),
    preset("work.batch_changes", "1000", Kind::Number, "Changes in one landing transaction, at most"),
    preset("work.batch_wait", "50ms", Kind::Duration, "How long a batch waits to fill"),
    preset(
        "work.media_hourly_for",
        "24h",
        Kind::Duration,
        "For how long after publication figures are read hourly",
    ),
    preset("work.media_daily_for", "28d", Kind::Duration, "Then for how long daily"),
    preset(
        "work.media_weekly_for",
        "730d",
        Kind::Duration,
        "Then for how long weekly; older media are left alone",
    ),
    preset("work.lease", "60s", Kind::Duration, "How long a worker may hold an enrichment task"),
    preset(
        "work.dead_letter_percent",
        "5",
        Kind::Percent,
        "Of the last 1000 changes; over it the worker stops",
    ),
    preset("work.dead_letter_run", "100", Kind::Number, "Dead letters in a row; at it the worker stops"),
    preset(
        "work.online_hours_offset",
        "-7",
        Kind::Hours,
        "Zone in which Meta numbers the hours of online followers, in hours from UTC; it documents none",
    ),
    preset("retention.events", "400d", Kind::Duration, "How long events are kept"),
    preset("retention.answers", "90d", Kind::Duration, "How long recorded Graph answers are kept"),
    preset(
        "retention.event_keys",
        "40d",
        Kind::Duration,
        "How long a change that comes again is known; kafka.retention if that is longer",
    ),
    preset("retention.tasks", "90d", Kind::Duration, "How long reads that are done are remembered"),
    preset(
        "retention.dead_letters",
        "90d",
        Kind::Duration,
        "How long retried or dropped dead letters are kept",
    ),
    preset("retention.audit", "400d", Kind::Duration, "How long it is known who did what"),
    preset("retention.replays", "90d", Kind::Duration, "How long replays that ended are remembered"),
    preset("retention.alerts", "90d", Kind::Duration, "How long it is known what was told to whom"),
    optional(
        "canary.every",
        Kind::Duration,
        "How often a worker posts a delivery of its own and looks for its rows; without it never",
    ),
    preset("canary.within", "30s", Kind::Duration, "When such a delivery counts as missing"),
    optional(
        "canary.url",
        Kind::Url,
        "The receiver for it; by default by ingest.public_url, else by ingest.listen",
    ),
    preset("serve.listen", "127.0.0.1:8081", Kind::Address, "Where the read API listens"),
    preset("serve.requests_per_second", "50", Kind::Number, "For each API key; over it 429"),
    optional("serve.public_url", Kind::Url, "The dashboard's address as people see it, for links in alerts"),
    optional(
        "alerts.secret",
        Kind::Secret,
        "What the secrets of webhooks' receivers are made from, for serve and work; without it nobody is told",
    ),
    preset(
        "alerts.allow_private",
        "false",
        Kind::Choice(&["false", "true"]),
        "Whether receivers may stand at private addresses and be called without TLS",
    ),
    optional(
        "smtp.host",
        Kind::Text,
        "The mail server for alerts and digests; without it nobody is told by mail",
    ),
    optional(
        "smtp.port",
        Kind::Number,
        "Its port; by default 587 with starttls, 465 with implicit, 25 with none",
    ),
    preset(
        "smtp.tls",
        "starttls",
        Kind::Choice(&["starttls", "implicit", "none"]),
        "Mail goes by TLS; none only to a server on this machine",
    ),
    optional("smtp.username", Kind::Text, "Who sends mail, where the server asks"),
    optional("smtp.password", Kind::Secret, "The password of smtp.username"),
    optional("smtp.from", Kind::Mailbox, "Whom mail is from: CekBrand <alerts@example.com>"),
    optional(
        "admin.listen",
        Kind::Address,
        "/healthz /readyz /metrics; by default 127.0.0.1:9101 for ingest, :9102 for work, :9103 for serve",
    ),
];

const PROTOCOLS: &[&str] = &["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];
const MECHANISMS: &[&str] = &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

const fn preset(name: &'static str, default: &'static str, kind: Kind, help: &'static str) -> Setting {
    Setting { name, default: Some(default), kind, help }
}

const fn optional(name: &'static str, kind: Kind, help: &'static str) -> Setting {
    Setting { name, default: None, kind, help }
}

/// The setting of a name.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The name among `names` that a misspelt one probably means.
pub(crate) fn nearest(wrong: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let within = wrong.len() / 3 + 1;
    names
        .map(|name| (strsim::levenshtein(wrong, &name), name))
        .filter(|(d, _)| *d <= within)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_valid() {
        for setting in SETTINGS {
            let Some(default) = setting.default else { continue };
            assert_eq!(setting.kind.check(default), Ok(()), "{}", setting.name);
        }
    }

    #[test]
    fn names_are_unique_and_make_variables() {
        for setting in SETTINGS {
            assert_eq!(
                SETTINGS.iter().filter(|other| other.name == setting.name).count(),
                1,
                "{}",
                setting.name
            );
        }
        assert_eq!(find("kafka.sasl_password").unwrap().variable(), "CEKBRAND__KAFKA__SASL_PASSWORD");
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        let names = || SETTINGS.iter().map(|s| s.name.to_owned());
        assert_eq!(nearest("kafka.broker", names()).as_deref(), Some("kafka.brokers"));
        assert_eq!(nearest("ingest.lisen", names()).as_deref(), Some("ingest.listen"));
        assert_eq!(nearest("completely.different.thing", names()), None);
    }
}
