//! Acts on one job.

use axum::extract::{Form, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_queue::JobId;
use pawdium_shared::operate::{self, Act};
use serde::Deserialize;

use crate::error::Error;
use crate::http::access::Admin;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::state::App;

/// The form of an act: the page to return to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Back {
    back: Option<String>,
}

/// `POST /admin/jobs/{job}/{act}`: `retry`, `cancel` or `delete`.
pub async fn act(
    State(app): State<App>,
    admin: Admin,
    jar: CookieJar,
    Path((job, act)): Path<(JobId, Act)>,
    Form(back): Form<Back>,
) -> Result<(CookieJar, Redirect), Error> {
    let done = operate::act(&app.db, admin.actor(), act, &[job]).await?;
    let notice = match act {
        _ if done.is_empty() => Notice::JobGone,
        Act::Retry => Notice::JobRetried,
        Act::Cancel => Notice::JobCancelled,
        Act::Delete => Notice::JobDeleted,
    };
    let page = format!("/admin/jobs/{job}");
    let back = match back.back.as_deref() {
        // The job's own page no longer exists after a deletion.
        Some("") if act == Act::Delete => "/admin/jobs",
        Some("") => &page,
        Some(path) if is_own(path) => path,
        _ => "/admin",
    };
    Ok((jar.add(notice.cookie()), Redirect::to(back)))
}

/// Whether a path is a list of jobs on this site, the only pages to return to.
fn is_own(path: &str) -> bool {
    let rest = path.strip_prefix("/admin").unwrap_or("\\");
    (rest.is_empty() || rest == "/jobs" || rest.starts_with("/jobs?"))
        && !path.contains('\\')
        && !path.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn only_lists_of_jobs_are_gone_back_to() {
        for own in ["/admin", "/admin/jobs", "/admin/jobs?state=dead&before=7"] {
            assert!(is_own(own), "{own}");
        }
        for foreign in
            ["", "//evil.test", "/admin.evil", "https://evil.test", "/top", "/admin/jobs?\r\nx", "/admin\\x"]
        {
            assert!(!is_own(foreign), "{foreign}");
        }
    }
}
