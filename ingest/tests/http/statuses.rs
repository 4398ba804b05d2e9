//! Every status of the contract, over a publisher that only remembers.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cekbrand_ingest::publish::PublishError;
use cekbrand_ingest::publish::memory::MemoryPublisher;
use cekbrand_ingest::{Settings, router};
use cekbrand_schema::envelope::Envelope;
use cekbrand_schema::{Clock, Lane, SystemClock};
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::BodyExt;
use sha2::Sha256;
use tower::ServiceExt;

use crate::{SECRET, one_comment, settings, sign};

struct Receiver {
    router: Router,
    publisher: Arc<MemoryPublisher>,
}

struct Answer {
    status: StatusCode,
    retry_after: bool,
    body: String,
}

impl Receiver {
    fn new(settings: &Settings) -> Self {
        let publisher = Arc::new(MemoryPublisher::default());
        let router = router(settings, Arc::clone(&publisher) as _, Arc::new(SystemClock));
        Self { router, publisher }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, retry_after) = (response.status(), response.headers().contains_key("retry-after"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, retry_after, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn get(&self, query: &str) -> Answer {
        self.send(Request::get(format!("/webhooks/instagram?{query}")).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, body: &[u8], signatures: &[&str]) -> Answer {
        let mut request = Request::post("/webhooks/instagram").header("content-length", body.len());
        for signature in signatures {
            request = request.header("x-hub-signature-256", *signature);
        }
        self.send(request.body(Body::from(body.to_vec())).unwrap()).await
    }
}

#[tokio::test]
async fn the_handshake_echoes_the_challenge_exactly() {
    let receiver = Receiver::new(&settings());
    let answer =
        receiver.get("hub.mode=subscribe&hub.verify_token=handshake-token&hub.challenge=11%20%3Cb%3E").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "11 <b>"));
}

#[tokio::test]
async fn a_handshake_with_a_wrong_token_is_forbidden_and_an_incomplete_one_is_bad() {
    let receiver = Receiver::new(&settings());
    for token in ["", "handshake-toke", "handshake-token2"] {
        let answer =
            receiver.get(&format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token}");
    }
    for query in
        ["", "hub.mode=subscribe", "hub.mode=unsubscribe&hub.verify_token=handshake-token&hub.challenge=1"]
    {
        assert_eq!(receiver.get(query).await.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn a_delivery_that_is_not_signed_as_it_must_be_is_refused_and_produces_nothing() {
    let receiver = Receiver::new(&settings());
    let body = one_comment("1", "halo");
    let good = sign(body.as_bytes());
    let wrong = sign(b"another body");
    let upper = good.to_uppercase().replace("SHA256", "sha256");
    let cases: [&[&str]; 9] = [
        &[],
        &[""],
        &["sha256="],
        &[&wrong],
        &[&good[7..]],
        &[&good[..good.len() - 2]],
        &[&upper],
        &[&good, &good],
        &["sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"],
    ];
    for signatures in cases {
        let answer = receiver.post(body.as_bytes(), signatures).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{signatures:?}");
        assert!(answer.body.contains(r#""status":401"#) && !answer.body.contains("sha"), "{}", answer.body);
    }
    let sha1_only = Request::post("/webhooks/instagram")
        .header("x-hub-signature", "sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12")
        .body(Body::from(body.clone()))
        .unwrap();
    assert_eq!(receiver.send(sha1_only).await.status, StatusCode::UNAUTHORIZED);
    assert!(receiver.publisher.records().is_empty());

    assert_eq!(receiver.post(body.as_bytes(), &[&good]).await.status, StatusCode::OK);
    assert_eq!(receiver.publisher.records().len(), 1);
}

#[tokio::test]
async fn an_ill_formed_signature_is_refused_before_the_body_is_read() {
    let receiver = Receiver::new(&settings());
    let never_ends = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post("/webhooks/instagram")
        .header("x-hub-signature-256", "nonsense")
        .body(never_ends)
        .unwrap();
    assert_eq!(receiver.send(request).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_too_large_whether_announced_or_not() {
    let receiver = Receiver::new(&Settings { max_body_bytes: 1000, ..settings() });
    let body = one_comment("1", &"x".repeat(1000));
    let signature = sign(body.as_bytes());
    assert_eq!(receiver.post(body.as_bytes(), &[&signature]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(body.clone()), Ok(body.clone())]);
    let unannounced = Request::post("/webhooks/instagram")
        .header("x-hub-signature-256", &signature)
        .body(Body::from_stream(chunks))
        .unwrap();
    assert_eq!(receiver.send(unannounced).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_that_does_not_come_times_out() {
    let receiver =
        Receiver::new(&Settings { body_timeout: std::time::Duration::from_millis(50), ..settings() });
    let never_ends = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post("/webhooks/instagram")
        .header("x-hub-signature-256", sign(b""))
        .body(never_ends)
        .unwrap();
    assert_eq!(receiver.send(request).await.status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn what_cannot_be_made_durable_is_unavailable_and_says_when_to_come_back() {
    let receiver = Receiver::new(&settings());
    let body = one_comment("1", "halo");
    for failure in [PublishError::TimedOut, PublishError::QueueFull, PublishError::Refused("why".to_owned())]
    {
        receiver.publisher.fail_with(Some(failure));
        let answer = receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await;
        assert_eq!((answer.status, answer.retry_after), (StatusCode::SERVICE_UNAVAILABLE, true));
        assert!(!answer.body.contains("why"), "the reason is for our log");
    }
    receiver.publisher.fail_with(None);
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn too_many_bytes_or_requests_at_once_are_asked_to_come_back() {
    let body = one_comment("1", "halo");
    let signature = sign(body.as_bytes());
    for tight in
        [Settings { body_budget_bytes: 10, ..settings() }, Settings { max_requests: 0, ..settings() }]
    {
        let receiver = Receiver::new(&tight);
        let answer = receiver.post(body.as_bytes(), &[&signature]).await;
        assert_eq!((answer.status, answer.retry_after), (StatusCode::SERVICE_UNAVAILABLE, true));
        assert!(receiver.publisher.records().is_empty());
    }
}

#[tokio::test]
async fn each_change_becomes_one_record_in_its_lane_keyed_by_the_account() {
    let receiver = Receiver::new(&settings());
    let body = r#"{"object":"instagram","entry":[
        {"id":"1","time":1,"changes":[{"field":"comments","value":{"id":"c"}},{"field":"story_insights","value":{"media_id":"s"}}]},
        {"id":2,"time":1,"changes":[{"field":"brand_new","value":{"a":"\ud800 \u0000"}}]}]}"#;
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
    let records = receiver.publisher.records();
    let places: Vec<_> = records.iter().map(|record| (record.lane, record.key.as_str())).collect();
    assert_eq!(places, [(Lane::Comments, "1"), (Lane::StoryInsights, "1"), (Lane::Other, "2")]);
    for record in &records {
        let envelope = Envelope::parse(&record.value).unwrap();
        assert_eq!((envelope.event_id, envelope.secret.as_ref()), (record.event_id, "main"));
    }
    let raw = Envelope::parse(&records[2].value).unwrap().value.get().to_owned();
    assert_eq!(raw, r#"{"a":"\ud800 \u0000"}"#, "the raw value is kept byte by byte");
}

#[tokio::test]
async fn a_thousand_changes_in_one_delivery_are_a_thousand_records() {
    let receiver = Receiver::new(&settings());
    let changes: Vec<String> =
        (0..1000).map(|i| format!(r#"{{"field":"comments","value":{{"id":"{i}","text":"t"}}}}"#)).collect();
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"1","time":1,"changes":[{}]}}]}}"#,
        changes.join(",")
    );
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
    let ids: std::collections::HashSet<_> = receiver.publisher.records().iter().map(|r| r.event_id).collect();
    assert_eq!(ids.len(), 1000);
}

#[tokio::test]
async fn signed_bodies_that_hold_no_change_are_dead_letters_as_bytes() {
    let receiver = Receiver::new(&settings());
    let nested = "[".repeat(20_000);
    let bodies: [(&[u8], &str); 6] = [
        (b"\xff\xfenot text", "invalid_utf8"),
        (b"not json", "invalid_json"),
        (nested.as_bytes(), "invalid_json"),
        (b"{}", "no_changes"),
        (b"", "invalid_json"),
        (br#"{"object":"instagram","entry":[]}"#, "no_changes"),
    ];
    for (body, reason) in bodies {
        assert_eq!(receiver.post(body, &[&sign(body)]).await.status, StatusCode::OK);
        let record = receiver.publisher.records().pop().unwrap();
        assert_eq!((record.lane, &record.value[..]), (Lane::DeadLetter, body));
        let dead = record.dead.unwrap();
        assert_eq!((dead.reason, dead.part, dead.parts), (reason, 0, 1));
    }
}

#[tokio::test]
async fn a_value_of_twenty_thousand_brackets_is_an_ordinary_record() {
    let receiver = Receiver::new(&settings());
    let nested = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"1","time":1,"changes":[{{"field":"comments","value":{nested}}}]}}]}}"#
    );
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
    let record = receiver.publisher.records().pop().unwrap();
    assert_eq!(record.lane, Lane::Comments);
    assert_eq!(Envelope::parse(&record.value).unwrap().value.get(), nested);
}

#[tokio::test]
async fn a_change_larger_than_a_record_goes_to_the_dead_letters_in_numbered_parts() {
    let receiver = Receiver::new(&settings());
    let body = one_comment("1", &"x".repeat(2_000_000));
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
    let records = receiver.publisher.records();
    let parts: Vec<_> =
        records.iter().map(|r| r.dead.as_ref().map(|d| (d.reason, d.part, d.parts)).unwrap()).collect();
    assert_eq!(parts, [("record_too_large", 0, 3), ("record_too_large", 1, 3), ("record_too_large", 2, 3)]);
    let whole: Vec<u8> = records.iter().flat_map(|r| r.value.clone()).collect();
    assert_eq!(Envelope::parse(&whole).unwrap().account_id, "17841400000000001");
    assert!(records.iter().all(|r| r.key == records[0].key), "all parts travel to one partition");
}

/// A change below the limit whose key, the account, takes it above.
#[tokio::test]
async fn a_key_counts_towards_a_records_size() {
    let receiver = Receiver::new(&settings());
    let account = "1".repeat(500_000);
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"{account}","time":1,"changes":[{{"field":"comments","value":{{"id":"1"}}}}]}}]}}"#
    );
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
    let records = receiver.publisher.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].dead.as_ref().unwrap().reason, "record_too_large");
    assert!(records[0].key.len() + records[0].value.len() < 1_000_000, "what a broker takes");
}

#[tokio::test]
async fn other_methods_and_paths_are_not_served() {
    let receiver = Receiver::new(&settings());
    let delete = Request::delete("/webhooks/instagram").body(Body::empty()).unwrap();
    assert_eq!(receiver.send(delete).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let elsewhere = Request::get("/").body(Body::empty()).unwrap();
    assert_eq!(receiver.send(elsewhere).await.status, StatusCode::NOT_FOUND);
}

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
