//! Meta's signature: HMAC over the raw bytes of the body, keyed with the app secret.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;

use crate::simulator::hmac_hex;

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-hub-signature-256";
/// The older header, with SHA-1; it must not be accepted in place of the other.
pub const OLD_SIGNATURE_HEADER: &str = "x-hub-signature";

/// Signs bodies with one app secret.
#[derive(Debug, Clone)]
pub struct Signer {
    secret: SecretString,
}

impl Signer {
    /// A signer with this app secret.
    pub const fn new(secret: SecretString) -> Self {
        Self { secret }
    }

    /// The value of [`SIGNATURE_HEADER`]: `sha256=` and 64 lower-case hexadecimal digits.
    pub fn sign(&self, body: &[u8]) -> String {
        format!("sha256={}", hmac_hex(self.secret.expose_secret(), body))
    }

    /// The value of [`OLD_SIGNATURE_HEADER`], correct for the body: `sha1=` and 40 digits.
    pub fn sign_with_sha1(&self, body: &[u8]) -> String {
        // HMAC takes keys of every length, so there is no failure to handle.
        let digest = Hmac::<Sha1>::new_from_slice(self.secret.expose_secret().as_bytes())
            .map(|mut mac| {
                mac.update(body);
                const_hex::encode(mac.finalize().into_bytes())
            })
            .unwrap_or_default();
        format!("sha1={digest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 2 of RFC 4231 and of RFC 2202.
    #[test]
    fn the_signature_is_the_standard_one() {
        let signer = Signer::new("Jefe".into());
        let body = b"what do ya want for nothing?";
        let sha256 = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signer.sign(body), sha256);
        assert_eq!(signer.sign_with_sha1(body), "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }

    #[test]
    fn the_secret_is_not_printed() {
        assert!(!format!("{:?}", Signer::new("geheim".into())).contains("geheim"));
    }
}
