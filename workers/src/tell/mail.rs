//! Mail, by the one server that the operator names. A message is made from the same bytes as a webhook's
//! body, and is the same however often it is sent: id, date and text.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::address::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::outside::chain;
use super::words::{self, Lang};

/// For one message, all of it: well under the lease of a delivery.
const TIMEOUT: Duration = Duration::from_secs(30);
/// For a step of the conversation.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);
/// A longer subject is cut.
const MOST_OF_SUBJECT: usize = 150;

/// How the connection is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// STARTTLS, without which nothing is sent.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// Not at all; for a server on this machine.
    None,
}

/// The server by which mail goes out.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Its name, for which its certificate must be.
    pub host: String,
    /// Its port, where it is not the usual one.
    pub port: Option<u16>,
    /// Whether it is spoken to by TLS.
    pub tls: MailTls,
    /// User and password, where it asks for them.
    pub login: Option<(String, SecretString)>,
    /// Whom mail is from: `CekBrand <alerts@example.com>`.
    pub from: String,
}

/// Why no mail went out. Shows neither an address nor what a server said, which may repeat one.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The sender is none.
    #[error("smtp.from is not a mail address")]
    Sender,
    /// The receiver is none.
    #[error("the receiver's mail address cannot be read")]
    Receiver,
    /// A message cannot be made of what is to be told.
    #[error("the message cannot be made")]
    Message(#[source] lettre::error::Error),
    /// What is to be told cannot be read.
    #[error("what is to be told cannot be read")]
    Body(#[source] serde_json::Error),
    /// The server took too long.
    #[error("the mail server took too long")]
    Slow,
    /// No conversation with the server.
    #[error("{}", chain(.0))]
    Transport(#[source] SmtpError),
}

/// Something to tell, as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// `mailto:` and an address.
    pub to: &'a str,
    /// The same however often it is sent.
    pub id: &'a str,
    /// When there was something to tell.
    pub date: Timestamp,
    /// JSON, as a webhook has it.
    pub body: &'a str,
}

/// Sends mail.
#[derive(Debug, Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Whether a text names a sender.
pub fn is_sender(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

impl Mailer {
    /// A way to the server, by which nothing has gone yet.
    ///
    /// # Errors
    /// The sender is none, or the TLS set-up of the machine cannot be used.
    pub fn new(settings: &MailSettings) -> Result<Self, MailError> {
        let from = settings.from.parse().map_err(|_| MailError::Sender)?;
        let parameters = || TlsParameters::new(settings.host.clone()).map_err(MailError::Transport);
        let (tls, usual_port) = match settings.tls {
            MailTls::Starttls => (Tls::Required(parameters()?), 587),
            MailTls::Implicit => (Tls::Wrapper(parameters()?), 465),
            MailTls::None => (Tls::None, 25),
        };
        // What is dangerous of it is that it has no TLS until it is told to.
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port.unwrap_or(usual_port))
            .timeout(Some(STEP_TIMEOUT))
            .tls(tls);
        if let Some((user, password)) = &settings.login {
            builder =
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends; the status that the server answered last.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send(&self, letter: Letter<'_>) -> Result<u16, MailError> {
        let message = message(&self.from, letter)?;
        let sent = tokio::time::timeout(TIMEOUT, self.transport.send(message)).await;
        match sent.map_err(|_elapsed| MailError::Slow)? {
            Ok(answer) => Ok(answer.code().into()),
            Err(error) => error.status().map(u16::from).ok_or(MailError::Transport(error)),
        }
    }
}

fn message(from: &Mailbox, letter: Letter<'_>) -> Result<Message, MailError> {
    let told: Value = serde_json::from_str(letter.body).map_err(MailError::Body)?;
    let text = |name: &str| told[name].as_str().unwrap_or_default();
    let to = letter.to.strip_prefix("mailto:").unwrap_or(letter.to);
    let to: Address = to.parse().map_err(|_| MailError::Receiver)?;
    let lang = Lang::of(text("lang"));
    let subject = if text("subject").is_empty() { text("text") } else { text("subject") };
    let mut body = text("text").to_owned();
    for part in [text("link"), words::mail_footer(lang)] {
        if !part.is_empty() {
            body.push_str("\n\n");
            body.push_str(part);
        }
    }
    // It is from a program: nobody's holiday is told to it.
    let automatic =
        HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(one_line(subject))
        .date(SystemTime::from(letter.date))
        .message_id(Some(format!("<{}@{}>", letter.id, from.email.domain())))
        .raw_header(automatic)
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body))
        .map_err(MailError::Message)
}

/// Names of accounts and rules are strangers' texts: a header ends where a line does.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(MOST_OF_SUBJECT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: [&str; 9] = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ];

    fn made(to: &str, body: &Value) -> Result<String, MailError> {
        let from: Mailbox = "CekBrand <alerts@brands.example.com>".parse().unwrap();
        let date = Timestamp::from_second(1_763_600_400).unwrap();
        let body = body.to_string();
        let message = message(&from, Letter { to, id: "msg_1", date, body: &body })?;
        Ok(String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn no_name_makes_a_header_or_a_receiver() {
        for line in ["\r\n", "\n", "\r", "\u{85}", "\u{2028}", "\0\n"] {
            let name = format!("kopi{line}Bcc: evil@example.com{line}{line}hello");
            let told = serde_json::json!({ "text": name, "subject": name, "lang": "en", "link": name });
            let said = made("mailto:a@example.com", &told).unwrap();
            let (head, _) = said.split_once("\r\n\r\n").unwrap();
            assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{head}");
            let named = head.lines().filter(|line| !line.starts_with(' '));
            let names: Vec<&str> = named.filter_map(|line| line.split(':').next()).collect();
            let known = |name: &&&str| OURS.contains(*name);
            assert_eq!(names.iter().filter(known).count(), names.len(), "{head}");
            assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len(), "{head}");
        }
        for bad in
            ["mailto:a@example.com\r\nBcc: b@example.com", "mailto:a@example.com,b@example.com", "mailto:"]
        {
            assert!(matches!(made(bad, &serde_json::json!({})), Err(MailError::Receiver)), "{bad}");
        }
    }

    #[test]
    fn a_subject_is_one_line_and_not_too_long() {
        assert_eq!(one_line(" a\r\n b\u{85}c\0d\u{2028}"), "a b c d");
        assert_eq!(one_line(&"é".repeat(200)).chars().count(), MOST_OF_SUBJECT);
    }

    #[test]
    fn a_message_is_the_same_however_often_it_is_made() {
        let told = serde_json::json!({ "text": "Turun – lagi", "lang": "id", "link": "https://b.example/x" });
        let said = made("mailto:a@example.com", &told).unwrap();
        assert_eq!(said, made("mailto:a@example.com", &told).unwrap());
        assert!(said.contains("Message-ID: <msg_1@brands.example.com>\r\n"), "{said}");
        assert!(said.contains("Date: Thu, 20 Nov 2025 01:00:00 +0000\r\n"), "{said}");
    }
}
