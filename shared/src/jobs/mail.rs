//! Mail.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::queue::{Backoff, Job, Queue};

/// Sends one mail, rendered when it is sent. Twice sends it twice, with the same Message-ID, by which mail programs
/// drop the second; links in both work until one is used.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum SendMail {
    /// A link that shows that a user's address works.
    Verification {
        /// Whose address.
        user: UserId,
    },
    /// A link to a form for a new password, if the address belongs to somebody. The address and not the user is
    /// given, so that the request took the same time for either.
    PasswordReset {
        /// The address as it was typed.
        email: String,
    },
}

impl Job for SendMail {
    const KIND: &'static str = "mail.send.v1";
    const QUEUE: Queue = Queue::Mail;
    const ATTEMPTS: i16 = 10;
    const TIMEOUT: Duration = Duration::from_mins(1);
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(5), max: Duration::from_mins(30) };
    /// The payload may hold an address, so nothing is kept once it is sent.
    const HISTORY: Option<Duration> = None;
}
