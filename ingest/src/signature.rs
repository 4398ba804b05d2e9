//! The signature check: HMAC-SHA256 over the raw bytes, in constant time, with any of several labelled
//! secrets.

use std::sync::Arc;

use axum::http::HeaderMap;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The only header that counts. The older `X-Hub-Signature` (SHA-1) may come beside it and is never looked
/// at.
const HEADER: &str = "x-hub-signature-256";

/// A secret with the name by which envelopes, logs and metrics call it.
#[derive(Debug, Clone)]
pub struct LabelledSecret {
    /// The name; never secret.
    pub label: String,
    /// The app secret.
    pub secret: SecretString,
}

/// Why a delivery is not believed. The names are metric labels; the answer is always 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No signature header.
    #[error("the signature is missing")]
    Missing,
    /// More than one signature header.
    #[error("the signature is repeated")]
    Repeated,
    /// Not `sha256=` and 64 lower-case hexadecimal digits.
    #[error("the signature is ill-formed")]
    IllFormed,
    /// No secret of ours made it.
    #[error("the signature matches none of the configured secrets")]
    Mismatch,
}

impl SignatureError {
    /// The name used as a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::IllFormed => "ill_formed",
            Self::Mismatch => "mismatch",
        }
    }
}

/// A well-formed signature that nobody has checked yet.
#[derive(Debug, Clone, Copy)]
pub struct Claim([u8; 32]);

impl Claim {
    /// Reads the claim from a request's header, before its body is read.
    ///
    /// # Errors
    ///
    /// [`SignatureError`] where the header is missing, repeated or ill-formed.
    pub fn read(headers: &HeaderMap) -> Result<Self, SignatureError> {
        let mut values = headers.get_all(HEADER).iter();
        let value = values.next().ok_or(SignatureError::Missing)?;
        if values.next().is_some() {
            return Err(SignatureError::Repeated);
        }
        Self::parse(value.as_bytes()).ok_or(SignatureError::IllFormed)
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let digits = value.strip_prefix(b"sha256=")?;
        if digits.len() != 64 || digits.iter().any(u8::is_ascii_uppercase) {
            return None;
        }
        let mut mac = [0; 32];
        const_hex::decode_to_slice(digits, &mut mac).ok()?;
        Some(Self(mac))
    }
}

/// A body whose signature was found good. Only [`Verifier::verify`] makes one.
#[derive(Debug, Clone)]
pub struct SignedBody {
    bytes: Bytes,
    secret_label: Arc<str>,
}

impl SignedBody {
    /// The body as it came over the wire.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The label of the secret that made the signature.
    pub fn secret_label(&self) -> &Arc<str> {
        &self.secret_label
    }
}

/// Holds the keyed states of all secrets.
pub struct Verifier {
    keys: Vec<(Arc<str>, Hmac<Sha256>)>,
}

impl Verifier {
    /// Keys the secrets, the likeliest first.
    pub fn new(secrets: &[LabelledSecret]) -> Self {
        let keys = secrets.iter().filter_map(|LabelledSecret { label, secret }| {
            // HMAC takes keys of any length, so that none is left out here.
            let mac = Hmac::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
            Some((Arc::from(label.as_str()), mac))
        });
        Self { keys: keys.collect() }
    }

    /// Checks a claim against the body.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Mismatch`] where no secret made the claim.
    pub fn verify(&self, claim: Claim, body: Bytes) -> Result<SignedBody, SignatureError> {
        let secret_label = self.matching(&claim.0, &body).ok_or(SignatureError::Mismatch)?;
        Ok(SignedBody { bytes: body, secret_label })
    }

    /// The label of the secret whose MAC over `message` is `mac`, compared in constant time.
    pub(crate) fn matching(&self, mac: &[u8], message: &[u8]) -> Option<Arc<str>> {
        self.keys.iter().find_map(|(label, keyed)| {
            let mut state = keyed.clone();
            state.update(message);
            state.verify_slice(mac).is_ok().then(|| Arc::clone(label))
        })
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels: Vec<&str> = self.keys.iter().map(|(label, _)| label.as_ref()).collect();
        f.debug_struct("Verifier").field("labels", &labels).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn verifier() -> Verifier {
        let secret =
            |label: &str, secret: &str| LabelledSecret { label: label.to_owned(), secret: secret.into() };
        Verifier::new(&[secret("new", "one"), secret("old", "key")])
    }

    /// A published vector of HMAC-SHA256: key "key", message "The quick brown fox jumps over the lazy dog".
    const MAC: &str = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
    const MESSAGE: &[u8] = b"The quick brown fox jumps over the lazy dog";

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn any_secret_of_the_list_may_sign_and_its_label_is_kept() {
        let claim = Claim::read(&headers(&[&format!("sha256={MAC}")])).unwrap();
        let body = verifier().verify(claim, Bytes::from_static(MESSAGE)).unwrap();
        assert_eq!((&**body.secret_label(), &body.bytes()[..]), ("old", MESSAGE));
    }

    #[test]
    fn a_tampered_body_is_refused() {
        let claim = Claim::read(&headers(&[&format!("sha256={MAC}")])).unwrap();
        for body in [&b""[..], &MESSAGE[1..], b"The quick brown fox jumps over the lazy doG"] {
            assert_eq!(
                verifier().verify(claim, Bytes::copy_from_slice(body)).unwrap_err(),
                SignatureError::Mismatch
            );
        }
    }

    #[test]
    fn a_header_that_is_missing_repeated_or_ill_formed_is_told_apart() {
        assert_eq!(Claim::read(&headers(&[])).unwrap_err(), SignatureError::Missing);
        let good = format!("sha256={MAC}");
        assert_eq!(Claim::read(&headers(&[&good, &good])).unwrap_err(), SignatureError::Repeated);
        let upper = good.to_uppercase().replace("SHA256", "sha256");
        for bad in [
            "",
            "sha256=",
            MAC,
            &good[..70],
            &format!("{good}0"),
            &upper,
            "sha1=0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33",
        ] {
            assert_eq!(Claim::read(&headers(&[bad])).unwrap_err(), SignatureError::IllFormed, "{bad}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", verifier()), r#"Verifier { labels: ["new", "old"] }"#);
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(value in prop::collection::vec(any::<u8>(), 0..90)) {
            Claim::parse(&value);
        }
    }
}
