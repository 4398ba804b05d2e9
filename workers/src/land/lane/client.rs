//! The consumer's settings.

use rdkafka::ClientConfig;

use crate::settings::LandSettings;

/// How long Kafka waits for a sign of life before it gives a worker's partitions to another.
pub(super) const SESSION_MILLIS: u32 = 10_000;

/// How often the client says how much is still to be read.
const LOOK_MILLIS: u32 = 10_000;

pub(super) fn config(settings: &LandSettings, group: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in settings.kafka.properties() {
        config.set(name, value);
    }
    config
        .set("client.id", "cekbrand-worker")
        .set("group.id", group)
        .set("group.protocol", &settings.kafka.group_protocol)
        .set("enable.auto.commit", "false")
        // Where to start is PostgreSQL's to say; if that offset is gone, nobody may guess another.
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .set("statistics.interval.ms", LOOK_MILLIS.to_string())
        .set("fetch.wait.max.ms", "50")
        .set("queued.max.messages.kbytes", "16384");
    if settings.kafka.group_protocol == "classic" {
        config
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", SESSION_MILLIS.to_string())
            .set("heartbeat.interval.ms", "1000");
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafka_guesses_no_offset_and_keeps_none_of_its_own() {
        let config = config(&LandSettings::default(), "g");
        assert_eq!(
            config.get("auto.offset.reset"),
            Some("error"),
            "another would skip records without a word"
        );
        assert_eq!(config.get("enable.auto.commit"), Some("false"));
    }
}
