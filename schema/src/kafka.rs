//! How to reach Kafka, as plain data: whoever talks to it turns this into a client.

use secrecy::{ExposeSecret, SecretString};

/// Connection settings shared by everything that produces or consumes.
#[derive(Debug, Clone)]
pub struct KafkaSettings {
    /// `host:port`, comma separated.
    pub brokers: String,
    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.
    pub security_protocol: String,
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub sasl_mechanism: Option<String>,
    /// SASL user.
    pub sasl_username: Option<String>,
    /// SASL password.
    pub sasl_password: Option<SecretString>,
    /// `classic`, or `consumer` for the group protocol of KIP-848.
    pub group_protocol: String,
}

impl Default for KafkaSettings {
    fn default() -> Self {
        Self::plaintext("127.0.0.1:9092")
    }
}

impl KafkaSettings {
    /// Settings for brokers without TLS or a login.
    pub fn plaintext(brokers: &str) -> Self {
        Self {
            brokers: brokers.to_owned(),
            security_protocol: "plaintext".to_owned(),
            sasl_mechanism: None,
            sasl_username: None,
            sasl_password: None,
            group_protocol: "classic".to_owned(),
        }
    }

    /// The connection as librdkafka properties. The result holds the password: hand it to a client, never to
    /// a log.
    pub fn properties(&self) -> Vec<(&'static str, String)> {
        let mut properties = vec![
            ("bootstrap.servers", self.brokers.clone()),
            ("security.protocol", self.security_protocol.clone()),
        ];
        let optional = [
            ("sasl.mechanism", self.sasl_mechanism.clone()),
            ("sasl.username", self.sasl_username.clone()),
            ("sasl.password", self.sasl_password.as_ref().map(|p| p.expose_secret().to_owned())),
        ];
        if self.security_protocol.ends_with("ssl") {
            // An OpenSSL that was built with the program does not know where this system keeps its
            // authorities.
            properties.push(("ssl.ca.location", "probe".to_owned()));
        }
        properties.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        properties
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_authorities_are_looked_for_where_tls_is_spoken() {
        let location = |protocol: &str| {
            let settings =
                KafkaSettings { security_protocol: protocol.to_owned(), ..KafkaSettings::default() };
            settings
                .properties()
                .into_iter()
                .find(|(name, _)| *name == "ssl.ca.location")
                .map(|(_, value)| value)
        };
        for protocol in ["ssl", "sasl_ssl"] {
            assert_eq!(location(protocol).as_deref(), Some("probe"), "{protocol}");
        }
        for protocol in ["plaintext", "sasl_plaintext"] {
            assert_eq!(location(protocol), None, "{protocol}");
        }
    }
}
