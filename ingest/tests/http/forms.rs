//! Deauthorisation and data deletion.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cekbrand_ingest::Settings;
use cekbrand_ingest::publish::PublishError;
use cekbrand_schema::envelope::Envelope;
use cekbrand_schema::{Clock, Lane, SystemClock};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::receiver::{Answer, Receiver};
use crate::{SECRET, settings};

/// A signed request as Meta's form, issued now.
fn signed_form(secret: &str) -> String {
    let issued_at = SystemClock.now().as_second();
    let payload = format!(r#"{{"algorithm":"HMAC-SHA256","issued_at":{issued_at},"user_id":"218471"}}"#);
    let encoded = URL_SAFE_NO_PAD.encode(payload);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(encoded.as_bytes());
    format!("signed_request={}.{encoded}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

async fn post_form(receiver: &Receiver, path: &str, form: String) -> Answer {
    let request = Request::post(format!("/webhooks/instagram/{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    receiver.send(request).await
}

#[tokio::test]
async fn a_data_deletion_is_durable_before_it_is_confirmed() {
    let receiver =
        Receiver::new(&Settings { public_url: Some("https://brand.example/".to_owned()), ..settings() });
    let form = signed_form(SECRET);
    let answer = post_form(&receiver, "data-deletion", form.clone()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let confirmed: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let code = confirmed["confirmation_code"].as_str().unwrap();
    assert_eq!(confirmed["url"], format!("https://brand.example/deletions/{code}"));
    let record = receiver.publisher.records().pop().unwrap();
    let envelope = Envelope::parse(&record.value).unwrap();
    assert_eq!((record.lane, envelope.field.as_ref()), (Lane::Control, "data_deletion"));
    assert!(envelope.extra.unwrap().get().contains(code));

    assert_eq!(post_form(&receiver, "deauthorize", form.clone()).await.status, StatusCode::OK);
    receiver.publisher.fail_with(Some(PublishError::TimedOut));
    assert_eq!(post_form(&receiver, "data-deletion", form).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_signed_request_that_is_not_metas_is_refused() {
    let receiver =
        Receiver::new(&Settings { public_url: Some("https://brand.example".to_owned()), ..settings() });
    for path in ["deauthorize", "data-deletion"] {
        let answer = post_form(&receiver, path, signed_form("a guess")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(post_form(&receiver, path, "nothing=1".to_owned()).await.status.is_client_error());
    }
    assert!(receiver.publisher.records().is_empty());
    let nowhere = Receiver::new(&settings());
    let answer = post_form(&nowhere, "data-deletion", signed_form(SECRET)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "no link could be given");
}

/// The routes of forms are bounded like that of deliveries.
#[tokio::test]
async fn a_form_is_bounded_in_size_time_budget_and_number() {
    let settings = Settings { public_url: Some("https://brand.example".to_owned()), ..settings() };
    for path in ["deauthorize", "data-deletion"] {
        let receiver = Receiver::new(&settings);
        let padded = format!("{}&padding={}", signed_form(SECRET), "x".repeat(70_000));
        assert_eq!(post_form(&receiver, path, padded).await.status, StatusCode::PAYLOAD_TOO_LARGE);

        let quick = Settings { body_timeout: std::time::Duration::from_millis(50), ..settings.clone() };
        let never_ends =
            Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let request = Request::post(format!("/webhooks/instagram/{path}")).body(never_ends).unwrap();
        assert_eq!(Receiver::new(&quick).send(request).await.status, StatusCode::REQUEST_TIMEOUT);

        let (budget, places) = (
            Settings { body_budget_bytes: 10, ..settings.clone() },
            Settings { max_requests: 0, ..settings.clone() },
        );
        for tight in [budget, places] {
            let answer = post_form(&Receiver::new(&tight), path, signed_form(SECRET)).await;
            assert_eq!((answer.status, answer.retry_after), (StatusCode::SERVICE_UNAVAILABLE, true));
        }
        assert!(receiver.publisher.records().is_empty());
    }
}
