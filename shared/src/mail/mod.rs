//! Sending mail over SMTP, through lettre.
//!
//! Each mail uses its own connection. A conversation that is abandoned midway (the job was cancelled or timed out)
//! leaves a reply in transit. The next user of that connection would read it as the answer to another command, and
//! could take a refused mail for accepted. A new connection costs a few round trips in addition to the six for the mail
//! itself.

mod server;

use std::error::Error as _;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as From, Rcpt};
use lettre::transport::smtp::response::{Category, Code, Severity};
use lettre::{Address, Message, transport::smtp};
use secrecy::ExposeSecret as _;
use url::Url;

pub use self::server::{BadUrl, Server};
use pawdium_queue::JobId;

use crate::config::MailConfig;

/// How long a server may take to answer QUIT. Nobody waits for it.
const FAREWELL: Duration = Duration::from_secs(5);

/// The longest reply of a server that is kept, in characters.
const LONGEST_REPLY: usize = 300;

/// Sends mail.
#[derive(Clone, Debug)]
pub struct Mailer {
    server: Server,
    from: Mailbox,
    timeout: Duration,
}

/// One rendered mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The recipient.
    pub to: String,
    /// The subject, one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same content as HTML.
    pub html: String,
    /// Where a POST stops mails like this one, for mail programs (RFC 2369, RFC 8058).
    pub unsubscribe: Option<Url>,
}

/// Why a mail was not sent. Control characters in the server's replies are escaped.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server refuses this mail or its recipient permanently.
    #[error("the mail was refused permanently: {0}")]
    Refused(String),
    /// The server is away, busy or asks to retry, or it refuses all our mail, which the operator can fix.
    #[error("the mail could not be sent: {0}")]
    Later(String),
}

impl Mailer {
    /// Prepares the mailer. Each mail makes its own connection.
    ///
    /// # Errors
    /// If the URL in the configuration is malformed.
    pub fn new(config: &MailConfig) -> Result<Self, BadUrl> {
        Ok(Self {
            server: Server::parse(config.smtp_url.expose_secret())?,
            from: config.from.clone(),
            timeout: Duration::from_secs(config.timeout_seconds),
        })
    }

    /// Sends one mail. The job determines its Message-ID, so that mail programs recognise duplicates. Dropping the
    /// future ends the conversation; a mail that the server has received completely may still be delivered.
    ///
    /// # Errors
    /// [`SendError`], which tells whether a retry can help.
    pub async fn send(&self, mail: Mail, job: JobId) -> Result<(), SendError> {
        let refused = |error: &dyn std::fmt::Display| SendError::Refused(error.to_string());
        let to = mail.to.parse::<Address>().map_err(|error| refused(&error))?;
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .message_id(Some(format!("<job-{job}@{}>", self.from.email.domain())));
        if let Some(address) = mail.unsubscribe {
            message = message
                .raw_header(header("List-Unsubscribe", format!("<{address}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        let message = message
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|error| refused(&error))?;
        let late = |_| SendError::Later(format!("it took longer than {:?}", self.timeout));
        tokio::time::timeout(self.timeout, self.hand_over(&message)).await.map_err(late)?
    }

    async fn hand_over(&self, message: &Message) -> Result<(), SendError> {
        // Leave time for the second address of a host.
        let connected = self.server.connect(self.timeout / 2).await;
        let mut connection = connected.map_err(|error| SendError::Later(printable(&error)))?;
        let handed_over = converse(&mut connection, message.envelope(), &message.formatted()).await;
        tokio::spawn(async move {
            // The mail is sent, so a server that doesn't answer QUIT is left.
            let _ = tokio::time::timeout(FAREWELL, connection.abort()).await;
        });
        handed_over
    }
}

/// A header whose value is ASCII and short.
fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// Sends one mail, from MAIL to the reply that accepts it.
async fn converse(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    message: &[u8],
) -> Result<(), SendError> {
    let from = From::new(envelope.from().cloned(), Vec::new());
    connection.command(from).await.map_err(|error| SendError::Later(printable(&error)))?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(|error| judge(&error))?;
    }
    let invited = connection.command(Data).await.map_err(|error| judge(&error))?;
    expect(invited.code(), Severity::PositiveIntermediate)?;
    let taken = connection.message(message).await.map_err(|error| judge(&error))?;
    expect(taken.code(), Severity::PositiveCompletion)
}

/// lettre accepts any positive reply as the expected one.
fn expect(code: Code, severity: Severity) -> Result<(), SendError> {
    if code.severity == severity {
        Ok(())
    } else {
        Err(SendError::Later(format!("the server answered {code}, which is not about this mail")))
    }
}

/// Classifies a server's error reply to a recipient or a message. Only replies about the mail system (RFC 5321, 4.2.1:
/// x5z) concern this mail. Others, such as a demand to log in, are for the operator to fix.
fn judge(error: &smtp::Error) -> SendError {
    let about_this_mail = error.status().is_some_and(|code| code.category == Category::MailSystem);
    if error.is_permanent() && about_this_mail {
        SendError::Refused(printable(error))
    } else {
        SendError::Later(printable(error))
    }
}

/// A server's reply or another error as one line that is safe for a log, a terminal and a page.
fn printable(error: &smtp::Error) -> String {
    let text = match (error.status(), error.source()) {
        (Some(code), Some(said)) => format!("{code} {said}"),
        _ => error.to_string(),
    };
    text.replace("\r\n", " ")
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(LONGEST_REPLY)
        .collect()
}
