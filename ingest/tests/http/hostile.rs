//! Two thousand connections that mean harm, and deliveries between them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cekbrand_devkit::meta::{Sender, SenderConfig, Signer};
use cekbrand_ingest::publish::memory::MemoryPublisher;
use cekbrand_ingest::publish::{Published, Publisher, Unflushed};
use cekbrand_ingest::record::Record;
use cekbrand_ingest::{Ingest, Settings};
use cekbrand_schema::SystemClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{SECRET, one_comment, settings, sign};

const CONNECTIONS: usize = 2000;
const DELIVERIES: usize = 400;
/// What Meta's deliveries take meanwhile, all but one in a hundred. Where the machine is busy with other
/// things, so many times what they take without the crowd.
const P99: Duration = Duration::from_secs(1);
const BUSY: u32 = 5;
const CALM_DELIVERIES: usize = 100;
/// Long after the receiver must have ended a connection.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a connection does after it was made.
#[derive(Clone, Copy)]
enum Harm {
    /// Announces the largest body, with a signature of the right form, and sends nothing.
    Announces,
    /// The same, and then a byte now and then.
    Dribbles,
    /// A byte of a form now and then.
    DribblesAForm,
    /// A byte of a header now and then.
    DribblesAHeader,
    /// Nothing at all.
    Idles,
}

impl Harm {
    const ALL: [Self; 5] =
        [Self::Announces, Self::Dribbles, Self::DribblesAForm, Self::DribblesAHeader, Self::Idles];

    fn head(self) -> String {
        let signature = sign(b"something else");
        let delivery = "POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\ncontent-length: 33554432\r\n";
        match self {
            Self::Announces | Self::Dribbles => format!("{delivery}x-hub-signature-256: {signature}\r\n\r\n"),
            Self::DribblesAForm => "POST /webhooks/instagram/data-deletion HTTP/1.1\r\nhost: x\r\n\
                content-type: application/x-www-form-urlencoded\r\ncontent-length: 60000\r\n\r\n"
                .to_owned(),
            Self::DribblesAHeader => format!("{delivery}x-slow: "),
            Self::Idles => String::new(),
        }
    }

    fn dribbles(self) -> bool {
        matches!(self, Self::Dribbles | Self::DribblesAForm | Self::DribblesAHeader)
    }

    /// Keeps on until the receiver has ended the connection; what it answered.
    async fn go_on(self, mut stream: TcpStream) -> Vec<u8> {
        let mut answer = Vec::new();
        loop {
            let pause = tokio::time::timeout(Duration::from_millis(300), stream.read_buf(&mut answer)).await;
            match pause {
                // The end, or a reset: bytes were under way when the receiver had enough.
                Ok(Ok(0) | Err(_)) => return answer,
                Err(_) if self.dribbles() => {
                    if stream.write_all(b"x").await.is_err() {
                        return answer;
                    }
                }
                Ok(Ok(_)) | Err(_) => {}
            }
        }
    }
}

async fn attack(address: SocketAddr) -> JoinSet<(Harm, Vec<u8>)> {
    let mut connections = JoinSet::new();
    for number in 0..CONNECTIONS {
        let harm = Harm::ALL[number % Harm::ALL.len()];
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(harm.head().as_bytes()).await.unwrap();
        connections.spawn(async move { (harm, harm.go_on(stream).await) });
    }
    connections
}

/// The time that all but one in a hundred deliveries stay below.
async fn p99(url: &str, deliveries: usize) -> Duration {
    let sender = Sender::new(SenderConfig::new(url, Signer::new(SECRET.into()))).unwrap();
    let mut took = Vec::new();
    for number in 0..deliveries {
        let began = Instant::now();
        // Some are large, so that they need what others have only announced.
        let text = "x".repeat(if number % 20 == 0 { 1 << 20 } else { 100 });
        let status = sender.post(one_comment(&number.to_string(), &text).into_bytes()).await.unwrap();
        assert_eq!(status, 200, "delivery {number}");
        took.push(began.elapsed());
    }
    took.sort();
    took[deliveries * 99 / 100]
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_taken_while_two_thousand_connections_try_to_close_the_receiver() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let settings = Settings { listen, public_url: Some("https://brand.example".to_owned()), ..settings() };
    let publisher = Arc::new(MemoryPublisher::default());
    let ingest = Ingest::before(Arc::clone(&publisher) as _, settings, Arc::new(SystemClock)).await.unwrap();
    let (address, shutdown) = (ingest.local_addr(), CancellationToken::new());
    let running = tokio::spawn(ingest.run(shutdown.clone()));

    let url = format!("http://{address}/webhooks/instagram");
    let calm = p99(&url, CALM_DELIVERIES).await;
    let mut connections = attack(address).await;
    let beside = p99(&url, DELIVERIES).await;
    let bound = P99.max(calm * BUSY);
    assert!(beside < bound, "99 of 100 deliveries took up to {beside:?}, and {calm:?} without the crowd");
    let mut cut_off = 0;
    let ended = async {
        while let Some(ended) = connections.join_next().await {
            let (harm, answer) = ended.unwrap();
            assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
            if matches!(harm, Harm::Announces) {
                let answer = String::from_utf8_lossy(&answer);
                assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
                cut_off += 1;
            }
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("every connection is ended");
    assert_eq!(cut_off, CONNECTIONS / Harm::ALL.len());
    assert!(publisher.records().len() >= CALM_DELIVERIES + DELIVERIES);
    shutdown.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_is_too_large_is_refused() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let publisher = Arc::new(MemoryPublisher::default());
    let settings = Settings { listen, ..settings() };
    let ingest = Ingest::before(publisher, settings, Arc::new(SystemClock)).await.unwrap();
    let (address, shutdown) = (ingest.local_addr(), CancellationToken::new());
    let running = tokio::spawn(ingest.run(shutdown.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        format!("GET /webhooks/instagram HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n", "x".repeat(100_000));
    // The receiver may have had enough before all of it is sent.
    drop(stream.write_all(head.as_bytes()).await);
    let mut answer = Vec::new();
    // Whether the answer can still be read is the system's affair: bytes were under way that nobody takes.
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    let told = answer.is_empty() || answer.starts_with(b"HTTP/1.1 431");
    assert!(ended.is_err() || told, "{}", String::from_utf8_lossy(&answer));
    assert!(!answer.starts_with(b"HTTP/1.1 400"), "it was not read as a handshake");
    shutdown.cancel();
    running.await.unwrap().unwrap();
}

/// The answer comes before the body is read; what still comes must not reset it away.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_still_sends_a_refused_body_can_read_the_answer() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let publisher = Arc::new(MemoryPublisher::default());
    let settings = Settings { listen, ..settings() };
    let ingest = Ingest::before(Arc::clone(&publisher) as _, settings, Arc::new(SystemClock)).await.unwrap();
    let (address, shutdown) = (ingest.local_addr(), CancellationToken::new());
    let running = tokio::spawn(ingest.run(shutdown.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\ncontent-length: 600000\r\n\r\n")
        .await
        .unwrap();
    // Long enough for the answer to be written, and the connection closed, before the body comes.
    stream.readable().await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let piece = vec![b'x'; 100_000];
    for _ in 0..6 {
        stream.write_all(&piece).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut answer = Vec::new();
    while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed without an answer");
    }
    assert!(answer.starts_with(b"HTTP/1.1 401"), "{}", String::from_utf8_lossy(&answer));
    assert!(publisher.records().is_empty());
    shutdown.cancel();
    running.await.unwrap().unwrap();
}

/// Takes its time, as Kafka does.
struct Slow(MemoryPublisher);

impl Publisher for Slow {
    fn publish(&self, records: Vec<Record>) -> Published<'_> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            self.0.publish(records).await
        })
    }

    fn ready(&self) -> Result<(), String> {
        self.0.ready()
    }

    fn check(&self, timeout: Duration) {
        self.0.check(timeout);
    }

    fn flush(&self, timeout: Duration) -> Result<(), Unflushed> {
        self.0.flush(timeout)
    }
}

/// As `nc` and some proxies do: the request, then the end of their side.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_closes_their_side_after_the_request_still_hears_the_answer() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let publisher = Arc::new(Slow(MemoryPublisher::default()));
    let settings = Settings { listen, ..settings() };
    let ingest = Ingest::before(Arc::clone(&publisher) as _, settings, Arc::new(SystemClock)).await.unwrap();
    let (address, shutdown) = (ingest.local_addr(), CancellationToken::new());
    let running = tokio::spawn(ingest.run(shutdown.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = one_comment("1", "halo");
    let head = format!(
        "POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\
         x-hub-signature-256: {}\r\n\r\n{body}",
        body.len(),
        sign(body.as_bytes())
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    shutdown.cancel();
    running.await.unwrap().unwrap();
}

/// Who comes beyond the number waits for a place, and gets it.
#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_and_whoever_waits_gets_the_next_place() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let publisher = Arc::new(MemoryPublisher::default());
    let settings =
        Settings { listen, max_connections: 1, header_timeout: Duration::from_millis(500), ..settings() };
    let ingest = Ingest::before(publisher, settings, Arc::new(SystemClock)).await.unwrap();
    let (address, shutdown) = (ingest.local_addr(), CancellationToken::new());
    let running = tokio::spawn(ingest.run(shutdown.clone()));
    let get = b"GET /webhooks/instagram HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(get).await.unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(get).await.unwrap();
    let mut rest = Vec::new();
    let place = async {
        tokio::select! {
            biased;
            ended = first.read_to_end(&mut rest) => drop(ended.unwrap()),
            _early = second.readable() => panic!("the first one still has the only place"),
        }
    };
    tokio::time::timeout(PATIENCE, place).await.expect("whoever says nothing has the place for ever");
    tokio::time::timeout(PATIENCE, second.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
    shutdown.cancel();
    running.await.unwrap().unwrap();
}
