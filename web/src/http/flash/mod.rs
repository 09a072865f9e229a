//! Messages shown once, on the page after a redirect. A cookie holds only the name of the message.

mod refused;

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
use crate::views::{Flash, grouped};

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

    /// The message.
    pub fn flash(self) -> Flash {
        match self {
            Self::PhotoDeleted => Flash::good("The photo is deleted."),
            Self::PhotoPosted => Flash::good("The photo is posted to the hub."),
            Self::PhotoUnposted => Flash::good("The photo is removed from the hub. It stays on the site."),
            Self::FeedLinkRenewed => Flash::good("Your feed has a new address. The old one no longer works."),
            Self::PhotoTakenDown => Flash::good("The photo is hidden. You can undo it for 30 days."),
            Self::ActUndone => Flash::good("It is undone. Everything is as it was before."),
            Self::PictureBlocked => Flash::good("The photo is hidden and its picture is blocked."),
            Self::PhotoHidden => {
                Flash::info("The photo is hidden. It is too old for its picture to be blocked.")
            }
            Self::PhotosHidden => Flash::good("The other photos are hidden too."),
            Self::PictureUnblocked => Flash::good("The picture is unblocked."),
            Self::TopicsChanged => Flash::good("Done. You can undo it below."),
            Self::NameChanged => Flash::good("Your name is changed."),
            Self::EmailChanged => Flash::good("Your address is changed. We sent you a link to verify it."),
            Self::PasswordChanged => Flash::good(
                "Your password is changed. Other devices are logged out, and API tokens are ended.",
            ),
            Self::PasswordReset => Flash::good("Your password is set. Log in with it."),
            Self::EmailVerified => Flash::good("Your address is verified. Thank you!"),
            Self::LinkSent => Flash::info("We sent you a link. It works for 24 hours."),
            Self::AccountDeleted => Flash::info("Your account is deleted. Goodbye!"),
            Self::JobRetried => Flash::good("The job will be retried."),
            Self::JobCancelled => Flash::good("The job is cancelled."),
            Self::JobDeleted => Flash::good("The job is deleted."),
            Self::JobGone => Flash::bad("Nothing was done: the job has changed or no longer exists."),
            Self::Rated => Flash::good("Your rating counts. Here is the next one."),
            Self::RatingChanged => Flash::good("Your rating is saved."),
            Self::DraftKept => Flash::good("Saved as a draft. Only you can see it."),
            Self::DraftKeptLonger => Flash::good("The draft is kept. Its time starts anew."),
            Self::ChangesSaved => Flash::good("Your changes are saved."),
            Self::RemixMade => {
                Flash::good("This draft is your remix. Give it a crop and a title of its own.")
            }
            Self::QueuePaused => Flash::good("The queue is paused. None of its jobs will start."),
            Self::QueueResumed => Flash::good("The queue is resumed."),
            Self::LimitsSet => Flash::good("The limits are saved."),
            Self::ScheduleRequested => Flash::good("The job will start within seconds."),
            Self::ImportCancelled => {
                Flash::info("The import is cancelled. The drafts that it has made stay.")
            }
            Self::ImportRetried => Flash::good("What has failed is tried again."),
            Self::ImportUndone => {
                Flash::good("Its drafts are being deleted, except those that you have changed.")
            }
            Self::HubMade => Flash::good("The hub is yours. Tell people about it!"),
            Self::HubSaved => Flash::good("The settings are saved."),
            Self::HubArchived => {
                Flash::info("The hub is archived. Nothing in it can change until you reopen it.")
            }
            Self::HubReopened => Flash::good("The hub is open again."),
            Self::HubDeleted => Flash::info("The hub is deleted. Its photos stay with their owners."),
            Self::HubJoined => Flash::good("You are a member now. Welcome!"),
            Self::HubAsked => Flash::info("The owners will answer. We will write to you."),
            Self::HubLeft => Flash::info("You left. Come back any time."),
            Self::RequestWithdrawn => Flash::info("Your request is withdrawn."),
            Self::MemberAdded => Flash::good("The hub has a new member."),
            Self::MemberChanged => Flash::good("The role is changed."),
            Self::MemberRemoved => Flash::info("That member is removed."),
            Self::RequestDeclined => Flash::info("The request is declined. We will write to them."),
            Self::LastOwner => Flash::bad("A hub needs an owner. Make another member an owner first."),
            Self::CallMade => Flash::good("The draft is saved. Only owners see it until it opens."),
            Self::CallSaved => Flash::good("The call is saved."),
            Self::CallMovedBefore => Flash::bad("Another owner was faster. This is where the call is now."),
            Self::PitchesOpen => Flash::good("The call is open for pitches. Tell people about it!"),
            Self::VotingOpen => Flash::good("The vote is open. Tell people about it!"),
            Self::VotingClosed => Flash::good("The vote is closed, and the votes are counted."),
            Self::ResultsAnnounced => Flash::good("The results are announced."),
            Self::TalkPitched => {
                Flash::good("Your talk is pitched. You can change it until the vote begins.")
            }
            Self::TalkWaits => {
                Flash::info("Your talk waits for an owner, who reads it before others see it.")
            }
            Self::TalkSaved => Flash::good("Your talk is saved."),
            Self::TalkWithdrawn => Flash::info("Your talk is withdrawn."),
            Self::TalkApproved => Flash::good("Everybody sees the talk now."),
            Self::TalkHidden => Flash::info("Nobody but its author and owners sees the talk now."),
            Self::VotesSetAside => Flash::good("The votes are set aside. They aren't counted."),
            Self::VotesRestored => Flash::good("The votes are restored. They are counted again."),
            Self::CommentPosted => Flash::good("Your comment is there."),
            Self::CommentWaits => {
                Flash::info("Your comment waits for review. Others see it once a moderator has read it.")
            }
            Self::CommentSaved => Flash::good("Your comment is saved."),
            Self::CommentDeleted => Flash::info("Your comment is deleted."),
            Self::CommentRemoved => Flash::good("The comment is removed."),
            Self::CommentApproved => Flash::good("Everybody sees the comment now."),
            Self::CommentsOn => Flash::good("Every member can comment on this photo."),
            Self::CommentsOff => Flash::info("Nobody can comment on this photo any more."),
            Self::MemberBlocked => Flash::good("You won't meet in comments and notifications any more."),
            Self::MemberUnblocked => Flash::good("You see each other's comments again."),
            Self::NotificationsSaved => Flash::good("Your choices are saved."),
            Self::Reported => {
                Flash::good("Thank you. Moderators will look at it, and we tell you what came of it.")
            }
            Self::ReportedBefore => {
                Flash::info("You have reported this already. Moderators will look at it.")
            }
            Self::CaseClaimed => Flash::good("The case is yours for 15 minutes."),
            Self::CaseGivenBack => Flash::info("The case is free for others."),
            Self::CaseActed => Flash::good("Done. The case is still open."),
            Self::CaseClosed => Flash::good("The case is closed. Its reporters hear of it."),
            Self::CaseClosedBefore => Flash::bad("Nothing was done: the case is closed already."),
            Self::Cases { done, left } => cases(done, left),
            Self::MemberSanctioned => Flash::good("Done. The member gets a mail."),
            Self::SanctionLifted => Flash::good("Lifted. What it took away comes back within a minute."),
            Self::AppealMade => Flash::good("Your appeal is sent. You get the answer by mail."),
            Self::AppealRefused => Flash::good("The appeal is refused. The member gets your answer by mail."),
            Self::FactorRequired => Flash::info(
                "Your role needs a second factor. Until you set one up, you have a member's rights.",
            ),
            Self::LoginOver => Flash::info("That took too long, or it was done already. Log in again."),
            Self::ProveFirst => Flash::info("Confirm that it's you first. Nothing was changed."),
            Self::Proven => Flash::good("Thank you. You can change everything here for ten minutes."),
            Self::AppOn => Flash::good("Your authenticator app is set up."),
            Self::AppOff => Flash::info("Your authenticator app is turned off."),
            Self::PasskeyAdded => Flash::good("The passkey is added."),
            Self::PasskeyRemoved => Flash::info("The passkey is removed."),
            Self::SessionEnded => Flash::good("The session is ended."),
            Self::OtherSessionsEnded => Flash::good("All your other sessions are ended."),
            Self::AllSessionsEnded => Flash::info("You are logged out everywhere."),
            Self::TokenEnded => Flash::good("The token is ended."),
            Self::ExportRequested => Flash::good("Your archive is being written. We will send you a mail."),
            Self::PortraitSent => Flash::good("Your portrait is being made. It appears in a moment."),
            Self::PortraitRemoved => Flash::info("The portrait is removed."),
            Self::AboutRemoved => Flash::info("The line is removed."),
            Self::RatingTakenBack => Flash::good("Your rating is taken back."),
            Self::Jobs { act, done, left } => jobs(act, done, left),
        }
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

fn cases(done: u32, left: u32) -> Flash {
    let done_text =
        if done == 1 { "1 case is closed.".to_owned() } else { format!("{done} cases are closed.") };
    let rest = match left {
        0 => String::new(),
        1 => " 1 was skipped, because it had changed.".to_owned(),
        left => format!(" {left} were skipped, because they had changed."),
    };
    let text = format!("{done_text}{rest}");
    if done > 0 { Flash::good(text) } else { Flash::bad(text) }
}

fn jobs(act: Act, done: u32, left: u32) -> Flash {
    let count =
        |count| if count == 1 { "1 job".to_owned() } else { format!("{} jobs", grouped(i64::from(count))) };
    let was = match act {
        Act::Retry => "will be retried",
        Act::Cancel if done == 1 => "is cancelled",
        Act::Cancel => "are cancelled",
        Act::Delete if done == 1 => "is deleted",
        Act::Delete => "are deleted",
    };
    let rest = match left {
        0 => String::new(),
        1 => " 1 changed in the meantime and was skipped.".to_owned(),
        left => format!(" {} changed in the meantime and were skipped.", grouped(i64::from(left))),
    };
    let text = format!("{} {was}.{rest}", count(done));
    if done > 0 { Flash::good(text) } else { Flash::bad(text) }
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
