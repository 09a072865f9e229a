//! What the messages say.

use pawdium_shared::operate::Act;

use super::Notice;
use crate::views::{Flash, grouped};

impl Notice {
    /// The message.
    #[expect(clippy::too_many_lines, reason = "a list of texts")]
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
            Self::Proven => Flash::good("Thank you. For ten minutes you can make changes."),
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
