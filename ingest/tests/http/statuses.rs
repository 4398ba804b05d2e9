//! Handshakes, signatures, and every status of the contract.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cekbrand_ingest::publish::PublishError;

use crate::receiver::Receiver;
use crate::{one_comment, settings, sign};

#[tokio::test]
async fn the_handshake_echoes_the_challenge_exactly() {
    let receiver = Receiver::new(&settings());
    let answer = receiver
        .shake_hands("hub.mode=subscribe&hub.verify_token=handshake-token&hub.challenge=11%20%3Cb%3E")
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "11 <b>"));
}

#[tokio::test]
async fn a_handshake_with_a_wrong_token_is_forbidden_and_an_incomplete_one_is_bad() {
    let receiver = Receiver::new(&settings());
    for token in ["", "handshake-toke", "handshake-token2"] {
        let answer = receiver
            .shake_hands(&format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1"))
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token}");
    }
    for query in
        ["", "hub.mode=subscribe", "hub.mode=unsubscribe&hub.verify_token=handshake-token&hub.challenge=1"]
    {
        assert_eq!(receiver.shake_hands(query).await.status, StatusCode::BAD_REQUEST, "{query}");
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
async fn other_methods_and_paths_are_not_served() {
    let receiver = Receiver::new(&settings());
    let delete = Request::delete("/webhooks/instagram").body(Body::empty()).unwrap();
    assert_eq!(receiver.send(delete).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let elsewhere = Request::get("/").body(Body::empty()).unwrap();
    assert_eq!(receiver.send(elsewhere).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_slash_at_the_end_is_the_same_place() {
    let receiver = Receiver::new(&settings());
    let query = "hub.mode=subscribe&hub.verify_token=handshake-token&hub.challenge=0042";
    let answer = receiver.get(&format!("/webhooks/instagram/?{query}")).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "0042"));
    let body = one_comment("1", "halo");
    for path in ["/webhooks/instagram/deauthorize/", "/webhooks/instagram/data-deletion/"] {
        let get = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(receiver.send(get).await.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    let post = Request::post("/webhooks/instagram/").header("x-hub-signature-256", sign(body.as_bytes()));
    assert_eq!(receiver.send(post.body(Body::from(body)).unwrap()).await.status, StatusCode::OK);
    assert_eq!(receiver.publisher.records().len(), 1);
}

#[tokio::test]
async fn a_handshake_that_names_a_parameter_twice_is_a_problem_like_any_other() {
    let receiver = Receiver::new(&settings());
    let token = "hub.verify_token=handshake-token";
    let answer = receiver.shake_hands(&format!("hub.mode=subscribe&{token}&{token}&hub.challenge=1")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains(r#""status":400"#), "{}", answer.body);
}
