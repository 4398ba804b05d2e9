//! Meta's `signed_request`: `base64url(signature).base64url(payload)`, signed over the payload as it is sent.
//! It announces that a person took the app's rights away, or wants their data deleted.

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use cekbrand_schema::{Change, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;

use crate::signature::Verifier;

/// The object under which such requests travel on the control lane.
pub const OBJECT: &str = cekbrand_schema::topic::SIGNED_REQUEST;

/// An older request is a replay; Meta sends them at once.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);

/// How far Meta's clock may be ahead of ours.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Why a request is not believed. The answer is always the same, so that it helps nobody who guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignedRequestError {
    /// Not two parts of base64url, or the payload is not the expected JSON.
    #[error("the signed request is ill-formed")]
    IllFormed,
    /// Signed with something other than HMAC-SHA256.
    #[error("the signed request names another algorithm")]
    Algorithm,
    /// No secret of ours made the signature.
    #[error("the signature of the signed request matches none of the configured secrets")]
    Mismatch,
    /// Issued too long ago, or in the future.
    #[error("the signed request is not of now")]
    Age,
}

impl SignedRequestError {
    /// The name used as a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IllFormed => "signed_request_ill_formed",
            Self::Algorithm => "signed_request_algorithm",
            Self::Mismatch => "signed_request_mismatch",
            Self::Age => "signed_request_age",
        }
    }
}

/// A request whose signature, algorithm and age were found good.
#[derive(Debug, Clone)]
pub struct SignedRequest {
    /// The payload as Meta wrote it.
    payload: String,
    /// The person, by their app-scoped id.
    user_id: UserId,
    /// When it was issued.
    issued_at: Timestamp,
    /// The label of the secret that signed.
    pub secret_label: Arc<str>,
    /// What the person can ask about the deletion with.
    pub confirmation_code: String,
}

#[derive(Deserialize)]
struct Payload {
    algorithm: String,
    issued_at: i64,
    user_id: UserId,
}

impl SignedRequest {
    /// Checks a request.
    ///
    /// # Errors
    ///
    /// [`SignedRequestError`]
    pub fn verify(request: &str, verifier: &Verifier, now: Timestamp) -> Result<Self, SignedRequestError> {
        let (signature, encoded) = request.split_once('.').ok_or(SignedRequestError::IllFormed)?;
        let signature = decode(signature).ok_or(SignedRequestError::IllFormed)?;
        let secret_label = verifier.matching(&signature, encoded.as_bytes());
        let secret_label = secret_label.ok_or(SignedRequestError::Mismatch)?;
        let payload = decode(encoded).and_then(|bytes| String::from_utf8(bytes).ok());
        let payload = payload.ok_or(SignedRequestError::IllFormed)?;
        let said: Payload = serde_json::from_str(&payload).map_err(|_| SignedRequestError::IllFormed)?;
        if !said.algorithm.eq_ignore_ascii_case("HMAC-SHA256") {
            return Err(SignedRequestError::Algorithm);
        }
        let issued_at = Timestamp::from_second(said.issued_at).map_err(|_| SignedRequestError::Age)?;
        let age = now.duration_since(issued_at);
        if age > MAX_AGE || age < -MAX_AHEAD {
            return Err(SignedRequestError::Age);
        }
        // From the signature, so that a repeated request gets the same code and nobody can guess another's.
        let confirmation_code = const_hex::encode(&signature[..12]);
        Ok(Self { payload, user_id: said.user_id, issued_at, secret_label, confirmation_code })
    }

    /// The request as a change of the control lane.
    pub fn change(&self, field: &'static str) -> Change<'_> {
        Change {
            object: Cow::Borrowed(OBJECT),
            account_id: Cow::Borrowed(self.user_id.as_str()),
            entry_time: Some(self.issued_at),
            field: Cow::Borrowed(field),
            value: Cow::Borrowed(&self.payload),
            extra: Some(format!(r#"{{"confirmation_code":"{}"}}"#, self.confirmation_code)),
        }
    }
}

/// Meta leaves the padding out; a library in between may put it back.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::LabelledSecret;
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;

    const NOW: i64 = 1_763_700_000;

    fn verifier() -> Verifier {
        Verifier::new(&[LabelledSecret { label: "main".to_owned(), secret: "secret".into() }])
    }

    fn request(secret: &str, payload: &str) -> String {
        let encoded = URL_SAFE_NO_PAD.encode(payload);
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(encoded.as_bytes());
        format!("{}.{encoded}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn payload(algorithm: &str, issued_at: i64) -> String {
        format!(r#"{{"algorithm":"{algorithm}","expires":1,"issued_at":{issued_at},"user_id":"218471"}}"#)
    }

    fn verify(request: &str) -> Result<SignedRequest, SignedRequestError> {
        SignedRequest::verify(request, &verifier(), Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn a_good_request_becomes_a_change_with_the_payload_as_sent() {
        let sent = payload("HMAC-SHA256", NOW - 60);
        let request = verify(&request("secret", &sent)).unwrap();
        let change = request.change("data_deletion");
        assert_eq!((&*change.value, change.account_id.as_ref()), (sent.as_str(), "218471"));
        assert_eq!(request.confirmation_code.len(), 24);
    }

    #[test]
    fn signature_algorithm_and_age_are_checked() {
        let good = payload("HMAC-SHA256", NOW);
        let cases = [
            (request("other", &good), SignedRequestError::Mismatch),
            (request("secret", &payload("none", NOW)), SignedRequestError::Algorithm),
            (request("secret", &payload("HMAC-SHA256", NOW - 90_000)), SignedRequestError::Age),
            (request("secret", &payload("HMAC-SHA256", NOW + 600)), SignedRequestError::Age),
            (request("secret", &payload("HMAC-SHA256", i64::MAX)), SignedRequestError::Age),
            (request("secret", "{}"), SignedRequestError::IllFormed),
            (request("secret", "not json"), SignedRequestError::IllFormed),
            ("no dot".to_owned(), SignedRequestError::IllFormed),
            ("!!.e30".to_owned(), SignedRequestError::IllFormed),
            (".".to_owned(), SignedRequestError::Mismatch),
        ];
        for (request, expected) in cases {
            assert_eq!(verify(&request).unwrap_err(), expected, "{request}");
        }
    }

    #[test]
    fn a_day_of_age_and_five_minutes_ahead_are_of_now_and_a_second_more_is_not() {
        for (issued_at, is_of_now) in
            [(NOW - 86_400, true), (NOW - 86_401, false), (NOW + 300, true), (NOW + 301, false)]
        {
            let verified = verify(&request("secret", &payload("hmac-sha256", issued_at)));
            let expected = if is_of_now { None } else { Some(SignedRequestError::Age) };
            assert_eq!(verified.err(), expected, "{issued_at}");
        }
    }

    #[test]
    fn padding_that_was_put_back_is_no_obstacle_and_a_code_says_nothing_but_the_signature() {
        let sent = payload("HMAC-SHA256", NOW);
        let whole = request("secret", &sent);
        let (signature, encoded) = whole.split_once('.').unwrap();
        let plain = verify(&whole).unwrap();
        let padded = verify(&format!("{signature}=.{encoded}")).unwrap();
        assert_eq!(padded.confirmation_code, plain.confirmation_code, "the same request");
        let mac = decode(signature).unwrap();
        assert_eq!(plain.confirmation_code, const_hex::encode(&mac[..12]));
        let change = plain.change("data_deletion");
        let extra = format!(r#"{{"confirmation_code":"{}"}}"#, plain.confirmation_code);
        assert_eq!((change.extra, change.field.as_ref()), (Some(extra), "data_deletion"));
        assert_eq!(
            (change.object.as_ref(), change.entry_time),
            ("signed_request", Timestamp::from_second(NOW).ok())
        );
        assert_eq!(&*plain.secret_label, "main");
    }

    #[test]
    fn each_refusal_has_its_name_among_the_metrics() {
        use SignedRequestError::{Age, Algorithm, IllFormed, Mismatch};
        let names =
            ["ill_formed", "algorithm", "mismatch", "age"].map(|name| format!("signed_request_{name}"));
        assert_eq!(
            [IllFormed, Algorithm, Mismatch, Age].map(SignedRequestError::as_str),
            names.each_ref().map(String::as_str)
        );
    }

    /// Whoever can guess a byte of a MAC must not be believed for it.
    #[test]
    fn a_signature_that_is_cut_short_or_too_long_is_refused() {
        let whole = request("secret", &payload("HMAC-SHA256", NOW));
        let (signature, encoded) = whole.split_once('.').unwrap();
        let mac = decode(signature).unwrap();
        assert!(verify(&whole).is_ok());
        for length in 0..mac.len() {
            let cut = format!("{}.{encoded}", URL_SAFE_NO_PAD.encode(&mac[..length]));
            assert_eq!(verify(&cut).unwrap_err(), SignedRequestError::Mismatch, "{length} bytes");
        }
        let longer = format!("{}.{encoded}", URL_SAFE_NO_PAD.encode([&mac[..], b"x"].concat()));
        assert_eq!(verify(&longer).unwrap_err(), SignedRequestError::Mismatch);
    }

    proptest! {
        #[test]
        fn no_request_makes_the_reader_panic(request in r"[A-Za-z0-9_.=-]{0,80}") {
            prop_assert!(verify(&request).is_err());
        }
    }
}
