//! A mail server that takes messages as RFC 5321 has it, does with each as planned, and keeps what it took.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What it does with a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    /// Takes it, and says so.
    Take,
    /// Refuses its receiver with a reply that repeats the address, as servers do.
    Refuse(u16),
    /// Never answers DATA: it has nothing of the message.
    HangBefore,
    /// Takes it, and never says so.
    HangAfter,
}

/// What happened.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// A message was taken.
    Taken(Mail),
    /// Somebody waits for an answer that does not come.
    Hangs,
    /// A conversation ended, or was broken off.
    Gone,
}

/// A message that was taken.
#[derive(Debug, Clone)]
pub(super) struct Mail {
    /// User and password as they were given.
    pub(super) login: Option<String>,
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) data: String,
}

impl Mail {
    /// A header's value, its continuations with it.
    pub(super) fn header(&self, name: &str) -> String {
        let (head, _) = self.data.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ");
        let mut lines = unfolded.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| *known == name).unwrap().1.to_owned()
    }

    /// The text. Of what quoted-printable writes otherwise, these have the signs `=` and a space at a line's end.
    pub(super) fn text(&self) -> String {
        let (_, text) = self.data.split_once("\r\n\r\n").unwrap();
        text.replace("=\r\n", "").replace("=20", " ").replace("=3D", "=")
    }
}

#[derive(Clone)]
struct Desk {
    plan: Arc<Mutex<VecDeque<Then>>>,
    said: Arc<Mutex<Vec<String>>>,
    events: UnboundedSender<Event>,
}

pub(super) struct PostOffice {
    pub(super) port: u16,
    said: Arc<Mutex<Vec<String>>>,
    events: UnboundedReceiver<Event>,
}

impl PostOffice {
    /// Does as planned with the first messages, and takes the others.
    pub(super) async fn start(plan: &[Then]) -> Self {
        let (sender, events) = unbounded_channel();
        let said = Arc::default();
        let plan = Arc::new(Mutex::new(plan.iter().copied().collect()));
        let desk = Desk { plan, said: Arc::clone(&said), events: sender };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let desk = desk.clone();
                tokio::spawn(async move {
                    // Whoever breaks off is gone as well.
                    let _ended = desk.converse(stream).await;
                    let _nobody_asks = desk.events.send(Event::Gone);
                });
            }
        });
        Self { port, said, events }
    }

    /// Waits until somebody waits for an answer that does not come.
    pub(super) async fn hangs(&mut self) -> Option<Mail> {
        let mut taken = None;
        loop {
            match self.events.recv().await.unwrap() {
                Event::Taken(mail) => taken = Some(mail),
                Event::Hangs => return taken,
                Event::Gone => {}
            }
        }
    }

    /// Everything that was taken and not looked at.
    pub(super) fn rest(&mut self) -> Vec<Mail> {
        let events = std::iter::from_fn(|| self.events.try_recv().ok());
        events.filter_map(|event| if let Event::Taken(mail) = event { Some(mail) } else { None }).collect()
    }

    /// Every command that came.
    pub(super) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

impl Desk {
    async fn converse(&self, stream: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        say(&mut writer, "220 post.example ESMTP").await?;
        let mut mail = Mail { login: None, from: String::new(), to: Vec::new(), data: String::new() };
        let mut then = Then::Take;
        while let Some(line) = lines.next_line().await? {
            self.said.lock().unwrap().push(line.clone());
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match word.to_ascii_uppercase().as_str() {
                "EHLO" => say(&mut writer, "250-post.example\r\n250-8BITMIME\r\n250 AUTH PLAIN").await?,
                "AUTH" => {
                    let given = STANDARD.decode(rest.strip_prefix("PLAIN ").unwrap()).unwrap();
                    mail.login = Some(String::from_utf8(given).unwrap().replace('\0', " "));
                    say(&mut writer, "235 welcome").await?;
                }
                "MAIL" => {
                    then = self.plan.lock().unwrap().pop_front().unwrap_or(Then::Take);
                    rest.clone_into(&mut mail.from);
                    say(&mut writer, "250 fine").await?;
                }
                "RCPT" => {
                    mail.to.push(rest.to_owned());
                    match then {
                        Then::Refuse(code) => say(&mut writer, &format!("{code} not {rest}")).await?,
                        _ => say(&mut writer, "250 fine").await?,
                    }
                }
                "DATA" => {
                    if matches!(then, Then::HangBefore) {
                        return self.hang().await;
                    }
                    say(&mut writer, "354 go on").await?;
                    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                        mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                        mail.data.push_str("\r\n");
                    }
                    let _nobody_asks = self.events.send(Event::Taken(mail.clone()));
                    if matches!(then, Then::HangAfter) {
                        return self.hang().await;
                    }
                    say(&mut writer, "250 taken").await?;
                }
                "QUIT" => return say(&mut writer, "221 bye").await,
                _ => say(&mut writer, "250 fine").await?,
            }
        }
        Ok(())
    }

    async fn hang(&self) -> std::io::Result<()> {
        let _nobody_asks = self.events.send(Event::Hangs);
        std::future::pending().await
    }
}

async fn say(writer: &mut OwnedWriteHalf, line: &str) -> std::io::Result<()> {
    writer.write_all(format!("{line}\r\n").as_bytes()).await
}
