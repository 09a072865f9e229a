//! Sending mail over SMTP, through lettre.

use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;

use crate::config::MailConfig;
use crate::ids::JobId;

/// The way out.
#[derive(Clone, Debug)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
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

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server refuses it and will go on refusing.
    #[error("the mail was refused for good: {0}")]
    Refused(String),
    /// The server is away, busy or asks to try later.
    #[error("the mail could not be handed over: {0}")]
    Later(String),
}

impl Mailer {
    /// Prepares the connection; it is made when first needed.
    ///
    /// # Errors
    /// When the URL in the configuration is malformed.
    pub fn new(config: &MailConfig) -> Result<Self, smtp::Error> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(config.smtp_url.expose_secret())?
            .timeout(Some(Duration::from_secs(config.timeout_seconds)))
            .build();
        Ok(Self { transport, from: config.from.clone() })
    }

    /// Hands one mail to the server. Its Message-ID is the job's, so that a mail sent twice can be told to be one.
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
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(refused(&error)),
            Err(error) => Err(SendError::Later(error.to_string())),
        }
    }
}
