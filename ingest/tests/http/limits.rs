//! What is in flight is bounded, and charged for as long as it is.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cekbrand_ingest::Settings;
use cekbrand_ingest::publish::memory::MemoryPublisher;
use cekbrand_ingest::publish::{Published, Publisher, Unflushed};
use cekbrand_ingest::record::Record;
use tokio::sync::{Semaphore, mpsc};

use crate::receiver::Receiver;
use crate::{one_comment, settings, sign};

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

/// Whoever announces too much hears so at once, and not when it has come or their time is over.
#[tokio::test]
async fn a_body_that_is_announced_as_too_large_is_refused_unread() {
    let receiver = Receiver::new(&Settings { max_body_bytes: 1000, ..settings() });
    let silent = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let announced = Request::post("/webhooks/instagram")
        .header("x-hub-signature-256", sign(b""))
        .header("content-length", "1001")
        .body(Body::from_stream(silent))
        .unwrap();
    assert_eq!(receiver.send(announced).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken_whether_announced_or_not() {
    let body = one_comment("1", "halo");
    let receiver = Receiver::new(&Settings { max_body_bytes: body.len(), ..settings() });
    assert_eq!(receiver.deliver(body.as_bytes()).await.status, StatusCode::OK);
    let pieces: Vec<_> =
        body.as_bytes().chunks(7).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let unannounced = Request::post("/webhooks/instagram")
        .header("x-hub-signature-256", sign(body.as_bytes()))
        .body(Body::from_stream(futures_util::stream::iter(pieces)))
        .unwrap();
    assert_eq!(receiver.send(unannounced).await.status, StatusCode::OK);
    assert_eq!(receiver.publisher.records().len(), 2);
}

/// Each byte comes in time, and the sum of them does not.
#[tokio::test]
async fn a_body_that_never_ends_is_cut_off_when_its_time_is_over() {
    let receiver = Receiver::new(&Settings { body_timeout: Duration::from_secs(4), ..settings() });
    let endless = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Ok::<_, std::io::Error>(vec![b' '; 4096]), ()))
    });
    let request = Request::post("/webhooks/instagram").header("x-hub-signature-256", sign(b""));
    let answer = receiver.send(request.body(Body::from_stream(endless)).unwrap());
    let answer = tokio::time::timeout(Duration::from_mins(1), answer).await.expect("it is cut off");
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
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

/// A publisher that says when a delivery has come, and keeps it until it may go on.
struct Gate {
    inner: MemoryPublisher,
    came: mpsc::UnboundedSender<()>,
    open: Semaphore,
}

impl Publisher for Gate {
    fn publish(&self, records: Vec<Record>) -> Published<'_> {
        Box::pin(async move {
            self.came.send(()).unwrap();
            self.open.acquire().await.unwrap().forget();
            self.inner.publish(records).await
        })
    }

    fn ready(&self) -> Result<(), String> {
        self.inner.ready()
    }

    fn check(&self, timeout: Duration) {
        self.inner.check(timeout);
    }

    fn flush(&self, timeout: Duration) -> Result<(), Unflushed> {
        self.inner.flush(timeout)
    }
}

/// Its place among the requests, and its share of the bytes, whether it is read here or on a thread of its
/// own.
#[tokio::test]
async fn a_delivery_is_charged_until_it_is_durable() {
    for text in ["short".to_owned(), "long".repeat(10_000)] {
        let body = one_comment("1", &text);
        let one_place = Settings { max_requests: 1, ..settings() };
        let bytes_for_one = Settings { body_budget_bytes: body.len() * 2 - 1, ..settings() };
        for tight in [one_place, bytes_for_one] {
            let (came, mut arrivals) = mpsc::unbounded_channel();
            let gate = Arc::new(Gate { inner: MemoryPublisher::default(), came, open: Semaphore::new(0) });
            let receiver = Receiver::before(Arc::clone(&gate) as _, &tight);
            let first = tokio::spawn({
                let (receiver, body) = (receiver.clone(), body.clone());
                async move { receiver.deliver(body.as_bytes()).await.status }
            });
            arrivals.recv().await.unwrap();
            let second = tokio::select! {
                second = receiver.deliver(body.as_bytes()) => second,
                _ = arrivals.recv() => panic!("it was let in although the first one is not through"),
            };
            assert_eq!(second.status, StatusCode::SERVICE_UNAVAILABLE);
            gate.open.add_permits(2);
            assert_eq!(first.await.unwrap(), StatusCode::OK);
            assert_eq!(receiver.deliver(body.as_bytes()).await.status, StatusCode::OK);
            assert_eq!(gate.inner.records().len(), 2);
        }
    }
}

/// In pieces, without a length that was announced.
#[tokio::test]
async fn every_byte_of_a_body_is_charged_and_none_that_did_not_come() {
    let body = one_comment("1", "halo");
    let tight = Settings { body_budget_bytes: body.len(), ..settings() };
    let pieces = |body: &str| -> Vec<Result<Vec<u8>, std::io::Error>> {
        body.as_bytes().chunks(10).map(|piece| Ok(piece.to_vec())).collect()
    };
    let send = async |settings: &Settings, body: &str, announced: Option<usize>| {
        let mut request =
            Request::post("/webhooks/instagram").header("x-hub-signature-256", sign(body.as_bytes()));
        if let Some(announced) = announced {
            request = request.header("content-length", announced);
        }
        let stream = Body::from_stream(futures_util::stream::iter(pieces(body)));
        Receiver::new(settings).send(request.body(stream).unwrap()).await.status
    };
    assert_eq!(send(&tight, &body, None).await, StatusCode::OK);
    let announces_more = Settings { max_body_bytes: 1 << 20, ..tight.clone() };
    assert_eq!(send(&announces_more, &body, Some(1 << 20)).await, StatusCode::OK);
    let tighter = Settings { body_budget_bytes: body.len() - 1, ..settings() };
    assert_eq!(send(&tighter, &body, None).await, StatusCode::SERVICE_UNAVAILABLE);
}

/// Slower than any sender of Meta's, although each single byte comes in time.
#[tokio::test]
async fn a_body_that_comes_too_slowly_is_cut_off_long_before_its_time_is_over() {
    let receiver = Receiver::new(&Settings { body_timeout: Duration::from_hours(1), ..settings() });
    let drops = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        Some((Ok::<_, std::io::Error>(b" ".to_vec()), ()))
    });
    let request = Request::post("/webhooks/instagram").header("x-hub-signature-256", sign(b""));
    let answer = receiver.send(request.body(Body::from_stream(drops)).unwrap());
    let answer = tokio::time::timeout(Duration::from_mins(1), answer).await.expect("it is cut off");
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn a_body_that_comes_steadily_may_take_its_time() {
    let receiver = Receiver::new(&settings());
    let body = one_comment("1", &"x".repeat(160_000));
    let pieces: Vec<Vec<u8>> = body.as_bytes().chunks(20_000).map(<[u8]>::to_vec).collect();
    let steady = futures_util::stream::unfold(pieces.into_iter(), |mut pieces| async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        Some((Ok::<_, std::io::Error>(pieces.next()?), pieces))
    });
    let request = Request::post("/webhooks/instagram").header("x-hub-signature-256", sign(body.as_bytes()));
    assert_eq!(receiver.send(request.body(Body::from_stream(steady)).unwrap()).await.status, StatusCode::OK);
}
