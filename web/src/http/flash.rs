//! Messages that are shown once, on the page after a redirect. The cookie names the message; the text stays here.

use axum::extract::Request;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::views::Flash;

const COOKIE: &str = "notice";

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A photo was deleted.
    PhotoDeleted,
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
    /// A job was deleted.
    JobDeleted,
    /// The job is not there any more, or runs.
    JobGone,
    /// The rating was changed.
    RatingChanged,
    /// A photo was kept as a draft.
    DraftKept,
}

impl Notice {
    const ALL: [Self; 13] = [
        Self::PhotoDeleted,
        Self::NameChanged,
        Self::EmailChanged,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::EmailVerified,
        Self::LinkSent,
        Self::AccountDeleted,
        Self::JobRetried,
        Self::JobDeleted,
        Self::JobGone,
        Self::RatingChanged,
        Self::DraftKept,
    ];

    fn flash(self) -> Flash {
        match self {
            Self::PhotoDeleted => Flash::good("The photo is gone."),
            Self::NameChanged => Flash::good("Your name is changed."),
            Self::EmailChanged => Flash::good("Your address is changed. A link to verify it is on its way."),
            Self::PasswordChanged => Flash::good("Your password is changed. Other devices are logged out."),
            Self::PasswordReset => Flash::good("Your password is set. Log in with it."),
            Self::EmailVerified => Flash::good("Your address is verified. Thank you!"),
            Self::LinkSent => Flash::info("A link is on its way; it works for 24 hours."),
            Self::AccountDeleted => Flash::info("Your account is deleted. Be well."),
            Self::JobRetried => Flash::good("The job will be tried again."),
            Self::JobDeleted => Flash::good("The job is deleted."),
            Self::JobGone => Flash::bad("That job is running now, or is not there any more."),
            Self::RatingChanged => Flash::good("Your rating is saved."),
            Self::DraftKept => Flash::good("Kept as a draft; only you can see it."),
        }
    }

    /// The cookie that carries it to the next page.
    #[must_use]
    pub fn cookie(self) -> Cookie<'static> {
        Cookie::build((COOKIE, format!("{self:?}")))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .build()
    }
}

/// The message that the request brings along.
#[must_use]
pub fn read(jar: &CookieJar) -> Option<Flash> {
    let name = jar.get(COOKIE)?.value();
    Notice::ALL.into_iter().find(|notice| format!("{notice:?}") == name).map(Notice::flash)
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
