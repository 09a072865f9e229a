//! Mail.

use std::time::Duration;

use chrono::{DateTime, Utc};
use pawdium_queue::{Backoff, Job, Queue, Subject};
use serde::{Deserialize, Serialize};

use crate::accounts::Origin;
use crate::accounts::links::Purpose;
use crate::ids::{CaseId, ExportId, HubId, SanctionId, UserId};
use crate::queues;

/// Sends one mail, rendered when it is sent. Running twice sends it twice with the same Message-ID, so mail programs
/// drop the second. Links in both work until one is used.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum SendMail {
    /// A link that verifies a user's address.
    Verification {
        /// The user whose address it is.
        user: UserId,
        /// The domain of the address. Domains take turns, so a slow one delays only its own mail.
        #[serde(default)]
        domain: Option<String>,
    },
    /// A link to a form for a new password, if the address belongs to an account. The payload holds the address and not
    /// the user, so that the request takes the same time either way.
    PasswordReset {
        /// The address as typed.
        email: String,
    },
    /// Tells the previous address of an account that the account has a new one.
    AddressChanged {
        /// The user whose address it was.
        user: UserId,
        /// The previous address.
        email: String,
    },
    /// Tells an owner of a hub that somebody asks to become a member. Nothing is sent if nobody waits any more.
    HubAsked {
        /// The owner.
        user: UserId,
        /// The hub.
        hub: HubId,
        /// The domain of the owner's address.
        domain: Option<String>,
    },
    /// Tells a member that drafts are about to expire. Nothing is sent if none are any more.
    DraftsExpire {
        /// The member.
        user: UserId,
        /// The domain of the member's address.
        domain: Option<String>,
    },
    /// Tells somebody who asked to become a member of a hub what its owners answered.
    HubAnswered {
        /// Who asked.
        user: UserId,
        /// The hub.
        hub: HubId,
        /// Whether they are a member now.
        accepted: bool,
        /// The domain of their address.
        domain: Option<String>,
    },
    /// Tells a member that somebody logged in from where the account was never used. Nothing is sent to an address that
    /// isn't verified.
    LoginElsewhere {
        /// The member.
        user: UserId,
        /// The browser in words.
        device: String,
        /// The network in words.
        place: String,
        /// When.
        at: DateTime<Utc>,
        /// The domain of the member's address.
        domain: Option<String>,
    },
    /// Tells a member that an archive can be downloaded. Nothing is sent if it is gone.
    ExportReady {
        /// The member.
        user: UserId,
        /// The export.
        export: ExportId,
        /// The domain of the member's address.
        domain: Option<String>,
    },
    /// Tells a member what is unread, at most once a day. Nothing is sent if nothing is.
    Digest {
        /// The member.
        user: UserId,
        /// The domain of the member's address.
        domain: Option<String>,
    },
    /// Tells a moderator of a new case. Nothing is sent if it is closed.
    NewCase {
        /// The moderator.
        user: UserId,
        /// The case.
        case: CaseId,
        /// The domain of the moderator's address.
        domain: Option<String>,
    },
    /// Tells a moderator what was reported since the last digest, at most once a day. Nothing is sent if nothing was.
    CaseDigest {
        /// The moderator.
        user: UserId,
        /// The domain of the moderator's address.
        domain: Option<String>,
    },
    /// Tells a member of a sanction. Nothing is sent of one that is lifted before the mail that tells that it holds.
    Sanction {
        /// The member.
        user: UserId,
        /// The sanction.
        sanction: SanctionId,
        /// What has become of it.
        news: SanctionNews,
        /// The domain of the member's address.
        domain: Option<String>,
    },
    /// Tells a member that a second factor of the account has changed, or a recovery code was used.
    FactorsChanged {
        /// The member.
        user: UserId,
        /// What changed.
        change: FactorChange,
        /// The domain of the member's address.
        domain: Option<String>,
    },
}

/// What a member is told of a sanction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SanctionNews {
    /// It was imposed.
    Imposed,
    /// It was lifted.
    Lifted,
    /// It was lifted because of an appeal.
    Accepted,
    /// The appeal against it was refused.
    Refused,
}

/// What has changed about the second factors of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum FactorChange {
    /// An authenticator app is set up.
    AppOn,
    /// The authenticator app is turned off.
    AppOff,
    /// A passkey is added.
    PasskeyAdded {
        /// What its owner calls it.
        name: String,
    },
    /// A passkey is removed.
    PasskeyRemoved {
        /// What its owner called it.
        name: String,
    },
    /// There are new recovery codes, and the former ones are void.
    CodesMade,
    /// A recovery code was used.
    CodeUsed {
        /// How many are left.
        left: i64,
    },
    /// An operator has removed all second factors.
    Reset,
}

impl SendMail {
    /// The mail that verifies a user's address.
    #[must_use]
    pub fn verification(user: UserId, email: &str) -> Self {
        Self::Verification { user, domain: domain(email) }
    }

    /// The mail that tells a member of a sanction.
    #[must_use]
    pub fn sanction(user: UserId, sanction: SanctionId, news: SanctionNews, email: &str) -> Self {
        Self::Sanction { user, sanction, news, domain: domain(email) }
    }

    /// The mail that tells a member what has changed about second factors.
    #[must_use]
    pub fn factors_changed(user: UserId, email: &str, change: FactorChange) -> Self {
        Self::FactorsChanged { user, change, domain: domain(email) }
    }

    /// The mail that tells a member of a login from elsewhere, which happens now.
    #[must_use]
    pub fn login_elsewhere(user: UserId, email: &str, origin: &Origin) -> Self {
        let (device, place) = (origin.device(), origin.prefix.words());
        Self::LoginElsewhere { user, device, place, at: Utc::now(), domain: domain(email) }
    }

    /// The mail that tells a member that drafts are about to expire.
    #[must_use]
    pub fn drafts_expire(user: UserId, email: &str) -> Self {
        Self::DraftsExpire { user, domain: domain(email) }
    }

    /// The mail that tells a member that an archive can be downloaded.
    #[must_use]
    pub fn export_ready(user: UserId, export: ExportId, email: &str) -> Self {
        Self::ExportReady { user, export, domain: domain(email) }
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
    /// The payload may hold an address, so it is deleted once the mail is sent.
    const HISTORY: Option<Duration> = None;

    /// After this the recipient no longer waits for the mail or can't act on it. A link's lifetime starts when the mail
    /// is sent.
    fn patience(&self) -> Duration {
        let of = |purpose: Purpose| Duration::from_mins(purpose.minutes().unsigned_abs().into());
        match self {
            Self::Verification { .. } => of(Purpose::Verify),
            Self::PasswordReset { .. } => of(Purpose::Reset),
            // The drafts are gone after three days.
            Self::AddressChanged { .. }
            | Self::HubAsked { .. }
            | Self::HubAnswered { .. }
            | Self::Sanction { .. }
            | Self::FactorsChanged { .. }
            | Self::LoginElsewhere { .. }
            | Self::ExportReady { .. }
            | Self::DraftsExpire { .. }
            | Self::NewCase { .. } => Duration::from_hours(3 * 24),
            // Then the next one is due.
            Self::Digest { .. } | Self::CaseDigest { .. } => Duration::from_hours(20),
        }
    }

    /// A member has one daily mail at a time. Of the others each is sent.
    fn unique_key(&self) -> Option<String> {
        match self {
            Self::Digest { user, .. } => Some(format!("digest:{user}")),
            Self::CaseDigest { user, .. } => Some(format!("cases:{user}")),
            _ => None,
        }
    }

    fn partition(&self) -> Option<String> {
        match self {
            Self::Verification { domain, .. }
            | Self::HubAsked { domain, .. }
            | Self::DraftsExpire { domain, .. }
            | Self::FactorsChanged { domain, .. }
            | Self::ExportReady { domain, .. }
            | Self::HubAnswered { domain, .. }
            | Self::Sanction { domain, .. }
            | Self::LoginElsewhere { domain, .. }
            | Self::Digest { domain, .. }
            | Self::NewCase { domain, .. }
            | Self::CaseDigest { domain, .. } => domain.clone(),
            Self::PasswordReset { email } | Self::AddressChanged { email, .. } => domain(email),
        }
    }

    fn subject(&self) -> Option<Subject> {
        match self {
            Self::Verification { user, .. }
            | Self::AddressChanged { user, .. }
            | Self::HubAsked { user, .. }
            | Self::DraftsExpire { user, .. }
            | Self::FactorsChanged { user, .. }
            | Self::ExportReady { user, .. }
            | Self::HubAnswered { user, .. }
            | Self::Sanction { user, .. }
            | Self::LoginElsewhere { user, .. }
            | Self::Digest { user, .. }
            | Self::NewCase { user, .. }
            | Self::CaseDigest { user, .. } => Some(Subject::from(*user)),
            Self::PasswordReset { .. } => None,
        }
    }
}
