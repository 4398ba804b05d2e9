//! A way to a server that can be cut: nothing gets through meanwhile and nothing is closed, as in a network
//! that drops packets.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Bytes that one direction of a connection carries at once.
const PORTION: usize = 1 << 16;

/// Stands between a program and a database. Works for as long as the runtime it was made in.
#[derive(Debug)]
pub struct Network {
    url: String,
    passes: watch::Sender<bool>,
}

impl Network {
    /// A way to the database of a URL.
    ///
    /// # Errors
    /// When the URL is none, or no port is free.
    pub async fn to(database_url: &str) -> Result<Self> {
        let database: PgConnectOptions = database_url.parse().context("the database's URL is not valid")?;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port is free")?;
        let address = listener.local_addr().context("the listener has no address")?;
        let passes = watch::Sender::new(true);
        let target = Arc::new((database.get_host().to_owned(), database.get_port()));
        tokio::spawn(listen(listener, target, passes.subscribe()));
        Ok(Self { url: url_over(database, address), passes })
    }

    /// The database's URL over this way.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From here on nothing gets through. What is under way stays under way.
    pub fn cut(&self) {
        self.passes.send_replace(false);
    }

    /// From here on everything gets through again, what waited included.
    pub fn mend(&self) {
        self.passes.send_replace(true);
    }
}

fn url_over(database: PgConnectOptions, address: SocketAddr) -> String {
    database.host(&address.ip().to_string()).port(address.port()).to_url_lossy().to_string()
}

async fn listen(listener: TcpListener, target: Arc<(String, u16)>, passes: watch::Receiver<bool>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(connect(client, Arc::clone(&target), passes.clone()));
    }
}

async fn connect(client: TcpStream, target: Arc<(String, u16)>, mut passes: watch::Receiver<bool>) {
    // Nobody can connect to a server that cannot be reached.
    if passes.wait_for(|passes| *passes).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect((target.0.as_str(), target.1)).await else { return };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::spawn(carry(from_client, to_server, passes.clone()));
    carry(from_server, to_client, passes).await;
}

/// Carries bytes while they may pass, and an end likewise.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut passes: watch::Receiver<bool>) {
    let mut portion = vec![0; PORTION];
    loop {
        let read = from.read(&mut portion).await;
        if passes.wait_for(|passes| *passes).await.is_err() {
            return;
        }
        match read {
            Ok(count @ 1..) if to.write_all(&portion[..count]).await.is_ok() => {}
            _ => return,
        }
    }
}
