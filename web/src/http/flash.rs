//! Messages that are shown once, on the page after a redirect. The cookie names the message; the text stays here.

use axum::extract::Request;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use pawdium_shared::operate::Act;
use strum::EnumString;

use crate::views::{Flash, grouped};

const COOKIE: &str = "notice";

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, strum::VariantNames)]
pub enum Notice {
    /// A photo was deleted.
    PhotoDeleted,
    /// A photo is down, and its picture is kept out.
    PictureBlocked,
    /// A photo is down, but there is nothing to know its picture by.
    PhotoTakenDown,
    /// Other photos of a picture that was blocked are taken down.
    PhotosTakenDown,
    /// A picture is let in again.
    PictureUnblocked,
    /// The name was changed.
    NameChanged,
    /// The address was changed and a link is on its way.
    EmailChanged,
    /// The password was changed.
    PasswordChanged,
    /// The password was set through a reset link.
    PasswordReset,
    /// The address is verified.
    EmailVerified,
    /// A verification link is on its way.
    LinkSent,
    /// The account is gone.
    AccountDeleted,
    /// A job will be tried again.
    JobRetried,
    /// A job was cancelled.
    JobCancelled,
    /// A job was deleted.
    JobDeleted,
    /// The job is not there any more, or runs.
    JobGone,
    /// The rating was changed.
    RatingChanged,
    /// A photo was kept as a draft.
    DraftKept,
    /// Nothing of a queue starts any more.
    QueuePaused,
    /// A queue runs again.
    QueueResumed,
    /// A queue's limits are set.
    LimitsSet,
    /// A schedule's job was asked for.
    ScheduleRequested,
    /// Something was done to many jobs.
    #[strum(disabled)]
    Jobs {
        /// What.
        act: Act,
        /// To how many.
        done: u32,
        /// How many were left alone, because they had changed.
        left: u32,
    },
}

impl Notice {
    /// Something was done to so many jobs, and to others not.
    #[must_use]
    pub fn jobs(act: Act, done: usize, left: usize) -> Self {
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Self::Jobs { act, done: number(done), left: number(left) }
    }

    /// What the cookie carries.
    fn code(self) -> String {
        match self {
            Self::Jobs { act, done, left } => format!("Jobs.{}.{done}.{left}", act.name()),
            named => format!("{named:?}"),
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        let Some(jobs) = code.strip_prefix("Jobs.") else {
            return code.parse().ok();
        };
        let mut parts = jobs.split('.');
        let act = parts.next()?.parse().ok()?;
        let mut number = || parts.next()?.parse().ok();
        Some(Self::Jobs { act, done: number()?, left: number()? })
    }

    fn flash(self) -> Flash {
        match self {
            Self::PhotoDeleted => Flash::good("The photo is gone."),
            Self::PictureBlocked => {
                Flash::good("The photo is taken down, and its picture is refused from now on.")
            }
            Self::PhotoTakenDown => {
                Flash::info("The photo is taken down. It is too old for its picture to be known again.")
            }
            Self::PhotosTakenDown => Flash::good("They are taken down, too."),
            Self::PictureUnblocked => Flash::good("The picture may be submitted again."),
            Self::NameChanged => Flash::good("Your name is changed."),
            Self::EmailChanged => Flash::good("Your address is changed. A link to verify it is on its way."),
            Self::PasswordChanged => Flash::good("Your password is changed. Other devices are logged out."),
            Self::PasswordReset => Flash::good("Your password is set. Log in with it."),
            Self::EmailVerified => Flash::good("Your address is verified. Thank you!"),
            Self::LinkSent => Flash::info("A link is on its way; it works for 24 hours."),
            Self::AccountDeleted => Flash::info("Your account is deleted. Be well."),
            Self::JobRetried => Flash::good("The job will be tried again."),
            Self::JobCancelled => Flash::good("The job is cancelled."),
            Self::JobDeleted => Flash::good("The job is deleted."),
            Self::JobGone => {
                Flash::bad("That can't be done to the job any more: it has changed, or is gone.")
            }
            Self::RatingChanged => Flash::good("Your rating is saved."),
            Self::DraftKept => Flash::good("Kept as a draft; only you can see it."),
            Self::QueuePaused => Flash::good("The queue is paused: nothing of it starts any more."),
            Self::QueueResumed => Flash::good("The queue runs again."),
            Self::LimitsSet => Flash::good("The limits are set."),
            Self::ScheduleRequested => Flash::good("The next scheduler that looks starts it."),
            Self::Jobs { act, done, left } => jobs(act, done, left),
        }
    }

    /// The cookie that carries it to the next page.
    #[must_use]
    pub fn cookie(self) -> Cookie<'static> {
        Cookie::build((COOKIE, self.code())).path("/").http_only(true).same_site(SameSite::Lax).build()
    }
}

/// The message that the request brings along.
#[must_use]
pub fn read(jar: &CookieJar) -> Option<Flash> {
    Notice::from_code(jar.get(COOKIE)?.value()).map(Notice::flash)
}

fn jobs(act: Act, done: u32, left: u32) -> Flash {
    let count =
        |count| if count == 1 { "1 job".to_owned() } else { format!("{} jobs", grouped(i64::from(count))) };
    let was = match act {
        Act::Retry => "will be tried again",
        Act::Cancel if done == 1 => "is cancelled",
        Act::Cancel => "are cancelled",
        Act::Delete if done == 1 => "is deleted",
        Act::Delete => "are deleted",
    };
    let rest = match left {
        0 => String::new(),
        1 => " 1 had changed meanwhile and was left alone.".to_owned(),
        left => format!(" {} had changed meanwhile and were left alone.", grouped(i64::from(left))),
    };
    let text = format!("{} {was}.{rest}", count(done));
    if done > 0 { Flash::good(text) } else { Flash::bad(text) }
}

/// Forgets a message once a page has shown it.
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
        let jobs = Notice::jobs(Act::Retry, 1312, 2);
        for name in Notice::VARIANTS.iter().filter(|name| **name != "Jobs") {
            let notice = Notice::from_code(name).expect("it is read back");
            assert_eq!(notice.code(), *name);
        }
        assert_eq!(Notice::from_code(&jobs.code()), Some(jobs));
        assert_eq!(
            jobs.flash().text,
            "1,312 jobs will be tried again. 2 had changed meanwhile and were left alone."
        );
        for forged in ["Jobs", "Jobs.explode.1.1", "Jobs.retry.1", "Jobs.retry.x.1", "<b>"] {
            assert_eq!(Notice::from_code(forged), None, "{forged}");
        }
    }
}
