//! Mail.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::accounts::links::Purpose;
use crate::ids::UserId;
use crate::queues;
use pawdium_queue::{Backoff, Job, Queue, Subject};

/// Sends one mail, rendered when it is sent. Twice sends it twice, with the same Message-ID, by which mail programs
/// drop the second; links in both work until one is used.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum SendMail {
    /// A link that shows that a user's address works.
    Verification {
        /// Whose address.
        user: UserId,
        /// The domain of their address: domains take turns, and a slow one holds up none but its own.
        #[serde(default)]
        domain: Option<String>,
    },
    /// A link to a form for a new password, if the address belongs to somebody. The address and not the user is
    /// given, so that the request took the same time for either.
    PasswordReset {
        /// The address as it was typed.
        email: String,
    },
    /// Tells an address that its account has another one now.
    AddressChanged {
        /// Whose address it was.
        user: UserId,
        /// The address that was left.
        email: String,
    },
}

impl SendMail {
    /// The mail that verifies a user's address.
    #[must_use]
    pub fn verification(user: UserId, email: &str) -> Self {
        Self::Verification { user, domain: domain(email) }
    }
}

fn domain(email: &str) -> Option<String> {
    email.rsplit_once('@').map(|(_, domain)| domain.to_lowercase())
}

impl Job for SendMail {
    const KIND: &'static str = "mail.send.v1";
    const QUEUE: Queue = queues::MAIL;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(2);
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(5), max: Duration::from_mins(10) };
    /// The payload may hold an address, so nothing is kept once it is sent.
    const HISTORY: Option<Duration> = None;

    /// For as long as somebody waits for the mail, or can do something about what it tells. A link in it begins to count
    /// when it is sent.
    fn patience(&self) -> Duration {
        let of = |purpose: Purpose| Duration::from_mins(purpose.minutes().unsigned_abs().into());
        match self {
            Self::Verification { .. } => of(Purpose::Verify),
            Self::PasswordReset { .. } => of(Purpose::Reset),
            Self::AddressChanged { .. } => Duration::from_hours(3 * 24),
        }
    }

    fn partition(&self) -> Option<String> {
        match self {
            Self::Verification { domain, .. } => domain.clone(),
            Self::PasswordReset { email } | Self::AddressChanged { email, .. } => domain(email),
        }
    }

    fn subject(&self) -> Option<Subject> {
        match self {
            Self::Verification { user, .. } | Self::AddressChanged { user, .. } => Some(Subject::from(*user)),
            Self::PasswordReset { .. } => None,
        }
    }
}
