//! Conversions from the errors of lower layers.

use std::io::ErrorKind;

use pawdium_media::{MediaError, Refusal};
use pawdium_shared::db::Conflict;
use pawdium_shared::hubs;
use pawdium_shared::moderation::{review, sanctions};
use pawdium_shared::photos::NotChanged;
use pawdium_shared::photos::posting::NotPosted;
use pawdium_shared::ratings::queries::NotRecorded;
use pawdium_shared::references::{Gone, gone};
use pawdium_shared::{accounts, comments, moderation, photos, talks};
use pawdium_widgets::layout;
use tracing::error;

use super::Error;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match gone(&error) {
            Some(Gone::User) => return Self::SessionEnded,
            Some(Gone::Photo | Gone::Hub) => return Self::NotFound,
            None => {}
        }
        match error {
            error if is_away(&error) => {
                error!(%error, "the database is away");
                Self::Unavailable
            }
            error if is_full(&error) => {
                error!(%error, "the database has no room");
                Self::Full
            }
            error => Self::Internal(error.into()),
        }
    }
}

impl Conflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Internal(cause) if cause.is_conflict())
    }
}

/// Whether the database's disk is full.
fn is_full(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("53100")
}

/// SQLSTATEs of transient overload: too many connections (53300), lock not available (55P03) and query canceled
/// (57014).
const BUSY: [&str; 3] = ["53300", "55P03", "57014"];

/// Whether the database can't be reached, is starting or stopping, has ended the session, or accepts no more sessions
/// (PostgreSQL, appendix A, classes 08, 53 and 57). A connection that a proxy closes at once looks like a protocol
/// violation.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || BUSY.contains(&&*code)),
        _ => false,
    }
}

impl From<accounts::Refused> for Error {
    fn from(refused: accounts::Refused) -> Self {
        Self::Field { field: refused.field, message: refused.message.to_owned() }
    }
}

impl From<hubs::Refusal> for Error {
    fn from(refusal: hubs::Refusal) -> Self {
        use hubs::Refusal;
        let message = refusal.message();
        match refusal {
            Refusal::Database(error) => error.into(),
            Refusal::Gone => Self::NotFound,
            Refusal::NoUser => Self::SessionEnded,
            Refusal::SlugTaken | Refusal::SlugKept => Self::Taken { field: "slug", message },
            Refusal::LastOwner => Self::Conflict(message),
            Refusal::NoTimeZone => Self::Field { field: "time_zone", message: message.to_owned() },
            Refusal::Archived
            | Refusal::NotOwner
            | Refusal::MayNotDelete
            | Refusal::Quarantined
            | Refusal::NotMadeOwner
            | Refusal::NotInvited => Self::Forbidden(message),
        }
    }
}

impl From<moderation::Refusal> for Error {
    fn from(refusal: moderation::Refusal) -> Self {
        use moderation::Refusal;
        match refusal {
            Refusal::Database(error) => error.into(),
            Refusal::Store(error) => error.into(),
            Refusal::Gone | Refusal::WentWithAccount => Self::NotFound,
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}

impl From<talks::Refusal> for Error {
    fn from(refusal: talks::Refusal) -> Self {
        use talks::Refusal;
        if let Some(field) = refusal.field() {
            return match refusal {
                Refusal::SameTitle => {
                    Self::Taken { field, message: "You have a talk with that title here already." }
                }
                refusal => Self::Field { field, message: refusal.to_string() },
            };
        }
        match refusal {
            Refusal::Database(error) => error.into(),
            Refusal::Gone => Self::NotFound,
            Refusal::NoUser => Self::SessionEnded,
            Refusal::NotOwner => hubs::Refusal::NotOwner.into(),
            Refusal::Archived => hubs::Refusal::Archived.into(),
            Refusal::NotOwn => Self::Forbidden("It is somebody else's talk."),
            Refusal::NotServed => Self::Forbidden("Load the page, and vote there."),
            Refusal::Moved(_) => Self::Conflict("The call is in another phase by now. Load the page again."),
            Refusal::Frozen => Self::Conflict("The result is frozen."),
            Refusal::Backwards | Refusal::ThereAlready => {
                Self::Field { field: "phase", message: refusal.to_string() }
            }
            refusal => Self::OutOfTurn(refusal.to_string()),
        }
    }
}

impl From<sanctions::Refusal> for Error {
    fn from(refusal: sanctions::Refusal) -> Self {
        use sanctions::Refusal;
        if let Some(field) = refusal.field() {
            return Self::Field { field, message: refusal.to_string() };
        }
        match refusal {
            Refusal::Database(error) => error.into(),
            Refusal::Gone => Self::NotFound,
            Refusal::NoUser => Self::SessionEnded,
            Refusal::NotAllowed => Self::Forbidden("Only moderators can do that."),
            Refusal::Own => Self::Forbidden("You can't decide about yourself."),
            Refusal::Admin => Self::Forbidden("Only admins can do that to an admin."),
            Refusal::Over => Self::Conflict("This sanction doesn't hold any more."),
            Refusal::Appealed => {
                Self::Conflict("You have appealed against this already. A moderator will answer.")
            }
            Refusal::Judged => Self::Conflict("This appeal is answered already."),
            Refusal::Case(refusal) => refusal.into(),
            Refusal::Endless(_)
            | Refusal::NothingToHide
            | Refusal::Past
            | Refusal::TooLong
            | Refusal::Text(_) => Self::Refused(refusal.to_string()),
        }
    }
}

impl From<comments::Refusal> for Error {
    fn from(refusal: comments::Refusal) -> Self {
        use comments::Refusal;
        match refusal {
            Refusal::Database(error) => error.into(),
            Refusal::Gone => Self::NotFound,
            Refusal::NoUser => Self::SessionEnded,
            Refusal::NotOwn => Self::Forbidden("It is somebody else's comment."),
            Refusal::NoParent => Self::Field { field: "parent", message: refusal.to_string() },
            Refusal::TooManyLinks => Self::Field { field: "text", message: refusal.to_string() },
            // Rounded up, so that trying again then works.
            Refusal::TooFast(wait) => Self::TooMany(wait.num_seconds().unsigned_abs() + 1),
            Refusal::OwnHeld => Self::Conflict("It is yours. Another moderator has to approve it."),
            Refusal::InCase => Self::Conflict("It was reported, and waits with its case. Decide there."),
            Refusal::Closed | Refusal::Blocked | Refusal::TooLate => Self::OutOfTurn(refusal.to_string()),
        }
    }
}

impl From<review::Refusal> for Error {
    fn from(refusal: review::Refusal) -> Self {
        use review::Refusal;
        match refusal {
            Refusal::Database(error) => error.into(),
            Refusal::Store(error) => Self::Internal(error),
            Refusal::Gone => Self::NotFound,
            Refusal::NoUser => Self::SessionEnded,
            Refusal::Own => Self::OutOfTurn(refusal.to_string()),
            // Rounded up, so that trying again then works.
            Refusal::TooFast(wait) => Self::TooMany(wait.num_seconds().unsigned_abs() + 1),
            Refusal::NoReason => Self::Field { field: "reason", message: refusal.to_string() },
            Refusal::NotFitting | Refusal::Refused(_) => Self::Refused(refusal.to_string()),
            Refusal::Closed(_) => Self::Conflict("This case is closed."),
            Refusal::Claimed(_) => Self::Conflict("Another moderator works on this case."),
            Refusal::Undecided => {
                Self::Conflict("It is hidden until you decide: take it down, or show it again first.")
            }
            Refusal::OwnCase => {
                Self::Conflict("It is about something of yours. Another moderator has to decide.")
            }
            Refusal::NotConcerned => Self::Conflict("This case isn't about that member."),
            Refusal::Changed => {
                Self::Conflict("It has changed since you opened this page. Look at it once more.")
            }
            Refusal::AlreadyDown => Self::Conflict("It is taken down already. Close the case."),
            Refusal::ThingGone => {
                Self::Conflict("It is gone, so there is nothing to take down. Close the case.")
            }
            Refusal::PictureBlocked => {
                Self::Conflict("Its picture is blocked by now, so it can't be shown again. Take it down.")
            }
        }
    }
}

impl From<pawdium_widgets::config::Refused> for Error {
    fn from(refused: pawdium_widgets::config::Refused) -> Self {
        Self::Key { field: refused.field(), message: refused.message }
    }
}

impl From<layout::NotChanged> for Error {
    fn from(error: layout::NotChanged) -> Self {
        match error {
            layout::NotChanged::Conflict => {
                Self::Conflict("Somebody else has changed the page meanwhile. Look at it and try again.")
            }
            layout::NotChanged::NotFound => Self::NotFound,
            layout::NotChanged::Full => Self::Refused(error.to_string()),
            layout::NotChanged::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<photos::InvalidDraft> for Error {
    fn from(refused: photos::InvalidDraft) -> Self {
        Self::Field { field: refused.field, message: refused.message }
    }
}

impl From<NotChanged> for Error {
    fn from(error: NotChanged) -> Self {
        let message = error.to_string();
        match error {
            NotChanged::Database(error) => error.into(),
            NotChanged::Posted(error) => error.into(),
            NotChanged::Gone | NotChanged::NoRevision => Self::NotFound,
            NotChanged::NotOwn => Self::Forbidden("You can only change your own photos."),
            NotChanged::Stale => Self::Conflict("This photo has been changed since you loaded it."),
            NotChanged::SameTitle(photo) => {
                Self::Existing { field: "title", message, url: format!("/photos/{photo}") }
            }
            NotChanged::Unchangeable => Self::Conflict("Only drafts and live photos can be changed."),
            NotChanged::Processing => {
                Self::Conflict("This photo is being processed. Choose its crop again when it is live.")
            }
            NotChanged::NoPicture => Self::Field { field: "photo", message },
            NotChanged::NoSource | NotChanged::Crop(_) => Self::Field { field: "crop", message },
            NotChanged::TooDeep => Self::Field { field: "from", message },
            // Owners may change their minds while somebody looks at the page.
            NotChanged::NotRemixable => Self::OutOfTurn(message),
        }
    }
}

impl From<MediaError> for Error {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Refused(refusal @ Refusal::TooManyBytes { .. }) => {
                Self::TooLarge(refusal.to_string())
            }
            MediaError::Refused(refusal) => Self::Field { field: "photo", message: refusal.to_string() },
            MediaError::Io(error) => match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    error!(%error, "the media store has no room");
                    Self::Full
                }
                ErrorKind::NotConnected => {
                    error!(%error, "the media store is away");
                    Self::Unavailable
                }
                _ => Self::Internal(error.into()),
            },
        }
    }
}

impl From<NotRecorded> for Error {
    fn from(error: NotRecorded) -> Self {
        match error {
            NotRecorded::Database(error) => error.into(),
            NotRecorded::Gone => Self::NotFound,
            NotRecorded::NoRater => Self::SessionEnded,
            NotRecorded::Barred => Self::OutOfTurn(error.to_string()),
            NotRecorded::Own => Self::Forbidden("You can't rate your own photo."),
            NotRecorded::NotServed => {
                Self::Forbidden("You can rate a photo when it is shown to you, or through a shared link.")
            }
            NotRecorded::Ballot(refused) => Self::Field { field: "ballot", message: refused.to_string() },
        }
    }
}

impl From<NotPosted> for Error {
    fn from(error: NotPosted) -> Self {
        match error {
            NotPosted::Database(error) => error.into(),
            NotPosted::NoHub | NotPosted::NoPhoto => Self::NotFound,
            NotPosted::NotOwn => Self::Forbidden("You can only post your own photos."),
            NotPosted::NoMember => Self::Forbidden("Only members of the hub can post photos to it."),
            NotPosted::NotAllowed => Self::Forbidden(
                "Only its owner, the hub's owners and moderators can remove a photo from a hub.",
            ),
            NotPosted::Archived => Self::Forbidden("This hub is archived, so nothing in it can change."),
        }
    }
}
