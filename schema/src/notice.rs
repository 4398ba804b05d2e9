//! How what is told to receivers is signed: [Standard Webhooks](https://www.standardwebhooks.com), for which
//! there are libraries in most languages.
//!
//! A request carries `webhook-id`, which stays the same however often it is sent, `webhook-timestamp` in
//! seconds, and `webhook-signature`: `v1,` and the base64 of an HMAC-SHA256 over `id.timestamp.body`. Its key
//! is what follows `whsec_` in the receiver's secret, decoded. A receiver checks the signature over the bytes
//! as they came, refuses what is older than a few minutes, and takes an id once.
//!
//! No secret of a receiver is stored: each is made from the installation's own and the receiver's number.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Header with the id of a delivery.
pub const ID: &str = "webhook-id";
/// Header with the second in which it was sent.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// Header with the signature.
pub const SIGNATURE: &str = "webhook-signature";

const PREFIX: &str = "whsec_";

/// The secret of a receiver, as it is shown to whoever adds it.
pub fn secret_of(installation: &SecretString, channel: i64) -> SecretString {
    let made = mac(
        installation.expose_secret().as_bytes(),
        &[b"cekbrand.alerts.v1/", channel.to_string().as_bytes()],
    );
    format!("{PREFIX}{}", STANDARD.encode(made)).into()
}

/// The value of [`SIGNATURE`]. A secret that does not have the form signs with its own bytes.
pub fn sign(secret: &SecretString, id: &str, timestamp: i64, body: &[u8]) -> String {
    let text = secret.expose_secret();
    let decoded = text.strip_prefix(PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
    let key = decoded.unwrap_or_else(|| text.as_bytes().to_vec());
    let timestamp = timestamp.to_string();
    let made = mac(&key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
    format!("v1,{}", STANDARD.encode(made))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // A key of any length does.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_receiver_has_a_secret_of_its_own() {
        let of = |text: &str, channel| secret_of(&text.into(), channel).expose_secret().to_owned();
        assert_eq!(of("a", 1), of("a", 1));
        assert_ne!(of("a", 1), of("a", 2));
        assert_ne!(of("a", 1), of("b", 1));
        assert!(of("a", 1).starts_with("whsec_") && of("a", 1).len() == 50);
    }
}
