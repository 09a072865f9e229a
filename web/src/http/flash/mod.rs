//! Messages shown once, on the page after a redirect. A cookie holds only the name of the message.

mod refused;
mod texts;

use axum::extract::Request;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use pawdium_shared::operate::Act;
use strum::EnumString;

use self::refused::read_refused;
pub use self::refused::refused_vote;
use super::pins::Pins;
use crate::views::Flash;

/// The cookie with the name of the message.
pub const COOKIE: &str = "notice";

/// A message to show after a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, strum::VariantNames)]
pub enum Notice {
    /// A photo was deleted.
    PhotoDeleted,
    /// A photo was posted to a hub.
    PhotoPosted,
    /// A photo was removed from a hub.
    PhotoUnposted,
    /// The address of a member's feed was replaced.
    FeedLinkRenewed,
    /// A photo is hidden.
    PhotoTakenDown,
    /// What a moderator did is undone.
    ActUndone,
    /// A photo is hidden and its picture is blocked.
    PictureBlocked,
    /// A photo is hidden, but its picture has no fingerprint to block it by.
    PhotoHidden,
    /// Other photos of a blocked picture are hidden.
    PhotosHidden,
    /// A picture is unblocked.
    PictureUnblocked,
    /// A moderator changed topics or sections.
    TopicsChanged,
    /// The name was changed.
    NameChanged,
    /// The address was changed and a verification link was sent.
    EmailChanged,
    /// The password was changed.
    PasswordChanged,
    /// The password was set through a reset link.
    PasswordReset,
    /// The address is verified.
    EmailVerified,
    /// A verification link was sent.
    LinkSent,
    /// The account was deleted.
    AccountDeleted,
    /// A job will be retried.
    JobRetried,
    /// A job was cancelled.
    JobCancelled,
    /// A job was deleted.
    JobDeleted,
    /// The job no longer exists, or its state rules the act out.
    JobGone,
    /// A rating was stored.
    Rated,
    /// The rating was changed.
    RatingChanged,
    /// A photo was saved as a draft.
    DraftKept,
    /// A draft's time starts anew.
    DraftKeptLonger,
    /// A live photo or a setting was changed.
    ChangesSaved,
    /// A remix was made.
    RemixMade,
    /// A queue was paused.
    QueuePaused,
    /// A queue was resumed.
    QueueResumed,
    /// A queue's limits were saved.
    LimitsSet,
    /// A run of a schedule was requested.
    ScheduleRequested,
    /// An import was cancelled.
    ImportCancelled,
    /// What has failed in an import is tried again.
    ImportRetried,
    /// An import is being undone.
    ImportUndone,
    /// A hub was made.
    HubMade,
    /// A hub's settings were saved.
    HubSaved,
    /// A hub was archived.
    HubArchived,
    /// A hub was opened again.
    HubReopened,
    /// A hub was deleted.
    HubDeleted,
    /// The visitor joined a hub.
    HubJoined,
    /// The visitor asked to join a hub.
    HubAsked,
    /// The visitor left a hub, or doesn't own it any more.
    HubLeft,
    /// A hub got a member.
    MemberAdded,
    /// A member has another role in a hub.
    MemberChanged,
    /// A hub lost a member.
    MemberRemoved,
    /// The visitor's request to join a hub was withdrawn.
    RequestWithdrawn,
    /// A request to join a hub was declined.
    RequestDeclined,
    /// The last owner can't leave a hub.
    LastOwner,
    /// A call was saved as a draft.
    CallMade,
    /// A call was changed.
    CallSaved,
    /// Another owner has moved a call on meanwhile.
    CallMovedBefore,
    /// A call is open for pitches.
    PitchesOpen,
    /// The vote of a call is open.
    VotingOpen,
    /// The vote of a call is closed.
    VotingClosed,
    /// The results of a call are announced.
    ResultsAnnounced,
    /// A talk was pitched.
    TalkPitched,
    /// A talk was pitched or edited, and waits for an owner.
    TalkWaits,
    /// A talk was edited.
    TalkSaved,
    /// A talk was withdrawn.
    TalkWithdrawn,
    /// A talk was approved, or shown again.
    TalkApproved,
    /// A talk was declined or hidden.
    TalkHidden,
    /// Votes were set aside.
    VotesSetAside,
    /// Votes were restored.
    VotesRestored,
    /// A comment is there.
    CommentPosted,
    /// A comment waits for a moderator.
    CommentWaits,
    /// A comment was changed.
    CommentSaved,
    /// A comment was deleted by its author.
    CommentDeleted,
    /// A comment was removed by a moderator.
    CommentRemoved,
    /// A comment that waited is shown.
    CommentApproved,
    /// A photo takes comments.
    CommentsOn,
    /// A photo takes no more comments.
    CommentsOff,
    /// A member was blocked.
    MemberBlocked,
    /// A member was unblocked.
    MemberUnblocked,
    /// What a member is notified of was saved.
    NotificationsSaved,
    /// A report was sent.
    Reported,
    /// The visitor's report of the same thing is still open.
    ReportedBefore,
    /// A case was claimed.
    CaseClaimed,
    /// A case was given back.
    CaseGivenBack,
    /// Something was done in a case, which is still open.
    CaseActed,
    /// A case was closed.
    CaseClosed,
    /// Somebody else has closed the case.
    CaseClosedBefore,
    /// An act on many cases.
    #[strum(disabled)]
    Cases {
        /// How many were closed.
        done: u32,
        /// How many were skipped.
        left: u32,
    },
    /// A member was warned, silenced, suspended or banned.
    MemberSanctioned,
    /// A sanction was lifted.
    SanctionLifted,
    /// An appeal was made.
    AppealMade,
    /// An appeal was refused.
    AppealRefused,
    /// A role needs a second factor.
    FactorRequired,
    /// The login took too long.
    LoginOver,
    /// Something needs a fresh proof.
    ProveFirst,
    /// A fresh proof was given.
    Proven,
    /// An authenticator app is on.
    AppOn,
    /// An authenticator app is off.
    AppOff,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A session was ended.
    SessionEnded,
    /// All other sessions were ended.
    OtherSessionsEnded,
    /// All sessions were ended.
    AllSessionsEnded,
    /// An API token was ended.
    TokenEnded,
    /// An archive was asked for.
    ExportRequested,
    /// A rating was taken back.
    RatingTakenBack,
    /// A picture was sent that is to become a portrait.
    PortraitSent,
    /// A portrait was removed.
    PortraitRemoved,
    /// What a member says about themselves was removed.
    AboutRemoved,
    /// An act on many jobs.
    #[strum(disabled)]
    Jobs {
        /// The act.
        act: Act,
        /// How many jobs it changed.
        done: u32,
        /// How many it skipped, because they had changed.
        left: u32,
    },
}

impl Notice {
    /// The result of an act on many jobs.
    #[must_use]
    pub fn jobs(act: Act, done: usize, left: usize) -> Self {
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Self::Jobs { act, done: number(done), left: number(left) }
    }

    /// The cookie's value.
    fn code(self) -> String {
        match self {
            Self::Jobs { act, done, left } => format!("Jobs.{}.{done}.{left}", act.name()),
            Self::Cases { done, left } => format!("Cases.{done}.{left}"),
            named => format!("{named:?}"),
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        if let Some(cases) = code.strip_prefix("Cases.") {
            let (done, left) = cases.split_once('.')?;
            return Some(Self::Cases { done: done.parse().ok()?, left: left.parse().ok()? });
        }
        let Some(jobs) = code.strip_prefix("Jobs.") else {
            return code.parse().ok();
        };
        let mut parts = jobs.split('.');
        let act = parts.next()?.parse().ok()?;
        let mut number = || parts.next()?.parse().ok();
        Some(Self::Jobs { act, done: number()?, left: number()? })
    }

    /// The cookie that carries it to the next page.
    #[must_use]
    pub fn cookie(self) -> Cookie<'static> {
        Cookie::build((COOKIE, self.code())).path("/").http_only(true).same_site(SameSite::Lax).build()
    }
}

/// The message in the request's cookie.
#[must_use]
pub fn read(pins: &Pins, jar: &CookieJar) -> Option<Flash> {
    let value = jar.get(COOKIE)?.value();
    read_refused(pins, value).or_else(|| Notice::from_code(value).map(Notice::flash))
}

/// Removes the cookie once a page has shown its message.
pub async fn forget_shown(jar: CookieJar, request: Request, next: Next) -> Response {
    let shown = request.method() == Method::GET && jar.get(COOKIE).is_some();
    let response = next.run(request).await;
    let is_page =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if shown && is_page {
        (CookieJar::new().add(Cookie::build((COOKIE, "")).path("/").removal().build()), response)
            .into_response()
    } else {
        response
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantNames as _;

    use super::*;

    #[test]
    fn every_notice_comes_back_from_its_cookie() {
        let cases = Notice::Cases { done: 1, left: 3 };
        assert_eq!(Notice::from_code(&cases.code()), Some(cases));
        assert_eq!(cases.flash().text, "1 case is closed. 3 were skipped, because they had changed.");
        let jobs = Notice::jobs(Act::Retry, 1312, 2);
        for name in Notice::VARIANTS.iter().filter(|name| !matches!(**name, "Jobs" | "Cases")) {
            let notice = Notice::from_code(name).expect("it is read back");
            assert_eq!(notice.code(), *name);
        }
        assert_eq!(Notice::from_code(&jobs.code()), Some(jobs));
        assert_eq!(
            jobs.flash().text,
            "1,312 jobs will be retried. 2 changed in the meantime and were skipped."
        );
        for forged in ["Jobs", "Jobs.explode.1.1", "Jobs.retry.1", "Jobs.retry.x.1", "<b>"] {
            assert_eq!(Notice::from_code(forged), None, "{forged}");
        }
    }
}
