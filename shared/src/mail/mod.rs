//! Sending mail over SMTP, through lettre.
//!
//! Each mail has a connection of its own, which ends with it. A conversation that is given up in its middle (its job was
//! cancelled or took too long) leaves a reply on the way. The next user of that connection would read it as the answer to
//! something else, and could take a mail for accepted that isn't. So no connection is used twice. Setting one up costs a few
//! round trips, besides the six that the mail itself takes.

mod server;

use std::error::Error as _;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as From, Rcpt};
use lettre::transport::smtp::response::{Category, Code, Severity};
use lettre::{Address, Message, transport::smtp};
use secrecy::ExposeSecret as _;

pub use self::server::{BadUrl, Server};
use crate::config::MailConfig;
use pawdium_queue::JobId;

/// How long a server may take to say goodbye. Nobody waits for it.
const FAREWELL: Duration = Duration::from_secs(5);

/// The longest text of a server that is kept, in characters.
const LONGEST_REPLY: usize = 300;

/// The way out.
#[derive(Clone, Debug)]
pub struct Mailer {
    server: Server,
    from: Mailbox,
    timeout: Duration,
}

/// One mail, rendered.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Whom to.
    pub to: String,
    /// One line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML, saying the same.
    pub html: String,
}

/// Why a mail was not sent. What a server said has no control characters.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server refuses this mail or its recipient, and will go on refusing.
    #[error("the mail was refused for good: {0}")]
    Refused(String),
    /// The server is away, busy or asks to try later, or it refuses us whatever we send: that can be mended here.
    #[error("the mail could not be handed over: {0}")]
    Later(String),
}

impl Mailer {
    /// Prepares the way; a connection is made for each mail.
    ///
    /// # Errors
    /// When the URL in the configuration is malformed.
    pub fn new(config: &MailConfig) -> Result<Self, BadUrl> {
        Ok(Self {
            server: Server::parse(config.smtp_url.expose_secret())?,
            from: config.from.clone(),
            timeout: Duration::from_secs(config.timeout_seconds),
        })
    }

    /// Hands one mail to the server. Its Message-ID is the job's, so that a mail sent twice can be told to be one. Dropping
    /// this ends the conversation where it is: a mail that the server has got whole may be delivered all the same.
    ///
    /// # Errors
    /// [`SendError`], which says whether another attempt can help.
    pub async fn send(&self, mail: Mail, job: JobId) -> Result<(), SendError> {
        let refused = |error: &dyn std::fmt::Display| SendError::Refused(error.to_string());
        let to = mail.to.parse::<Address>().map_err(|error| refused(&error))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .message_id(Some(format!("<job-{job}@{}>", self.from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|error| refused(&error))?;
        let late = |_| SendError::Later(format!("it took longer than {:?}", self.timeout));
        tokio::time::timeout(self.timeout, self.hand_over(&message)).await.map_err(late)?
    }

    async fn hand_over(&self, message: &Message) -> Result<(), SendError> {
        // The second address of a host is to have a chance.
        let connected = self.server.connect(self.timeout / 2).await;
        let mut connection = connected.map_err(|error| SendError::Later(printable(&error)))?;
        let handed_over = converse(&mut connection, message.envelope(), &message.formatted()).await;
        tokio::spawn(async move {
            // What there was to say is said; a server that doesn't answer is left.
            let _ = tokio::time::timeout(FAREWELL, connection.abort()).await;
        });
        handed_over
    }
}

/// One mail, from MAIL to the reply that says that it is accepted.
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

/// lettre takes every positive reply for the one that was waited for.
fn expect(code: Code, severity: Severity) -> Result<(), SendError> {
    if code.severity == severity {
        Ok(())
    } else {
        Err(SendError::Later(format!("the server answered {code}, which says nothing about the mail")))
    }
}

/// What an error means that a server answers with to a recipient or a message. Only those about the mail system (RFC 5321,
/// 4.2.1: x5z) are about this mail; the others, such as that we have to log in, are the operator's to mend.
fn judge(error: &smtp::Error) -> SendError {
    let about_this_mail = error.status().is_some_and(|code| code.category == Category::MailSystem);
    if error.is_permanent() && about_this_mail {
        SendError::Refused(printable(error))
    } else {
        SendError::Later(printable(error))
    }
}

/// What a server said, or what went wrong, as one line that a log, a terminal and a page can show.
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
