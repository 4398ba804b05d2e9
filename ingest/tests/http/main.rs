//! The receiver from outside: what it answers to whom, and what then lies in Kafka.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod contents;
mod forms;
mod hostile;
mod kafka;
mod limits;
mod observed;
mod publisher;
mod receiver;
mod spool;
mod statuses;

use cekbrand_ingest::{LabelledSecret, Settings};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The secret that the tests sign with; the receiver's second, so that rotation is always under test.
const SECRET: &str = "the-app-secret-of-the-tests";

fn settings() -> Settings {
    let secret =
        |label: &str, secret: &str| LabelledSecret { label: label.to_owned(), secret: secret.into() };
    Settings::new("handshake-token".into(), vec![secret("next", "another-secret"), secret("main", SECRET)])
}

fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", const_hex::encode(mac.finalize().into_bytes()))
}

fn one_comment(id: &str, text: &str) -> String {
    format!(
        r#"{{"object":"instagram","entry":[{{"id":"17841400000000001","time":1763700000,"changes":[{{"field":"comments","value":{{"id":"{id}","from":{{"id":"7","username":"sari"}},"media":{{"id":"1789"}},"text":"{text}"}}}}]}}]}}"#
    )
}
