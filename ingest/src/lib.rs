//! Webhook receiver: signed delivery in, acknowledged Kafka records out
