//! What sanctioned members may do. Every handler that acts for a user finds the user through an extractor, and every
//! such extractor asks here, so a new route is refused to them unless it stands in the table.

use axum::extract::MatchedPath;
use axum::http::Method;
use axum::http::request::Parts;
use pawdium_shared::accounts::{Act, Standing, User};
use pawdium_shared::ids::UserId;
use pawdium_shared::moderation::sanctions::{Sanction, list};
use sqlx::PgConnection;

use crate::error::Error;
use crate::state::App;

/// What is more than reading, and isn't publishing.
pub const ACTS: &[(&str, &str, Act)] = &[
    ("POST", "/login", Act::Leave),
    ("POST", "/login/second-factor", Act::Leave),
    ("POST", "/login/second-factor/start", Act::Leave),
    ("POST", "/login/passkey", Act::Leave),
    ("POST", "/login/passkey/start", Act::Leave),
    ("POST", "/logout", Act::Leave),
    ("POST", "/theme", Act::Leave),
    ("POST", "/forgot", Act::Leave),
    ("POST", "/reset/{token}", Act::Leave),
    ("POST", "/unsubscribe/{token}", Act::Leave),
    ("POST", "/api/v1/tokens", Act::Leave),
    ("DELETE", "/api/v1/tokens/current", Act::Leave),
    ("POST", "/api/v1/password-resets", Act::Leave),
    ("POST", "/appeals/{token}", Act::Appeal),
    ("POST", "/photos/{photo}/rating", Act::Rate),
    ("PUT", "/api/v1/photos/{id}/rating", Act::Rate),
    ("POST", "/verify/{token}", Act::Manage),
    ("POST", "/notifications/read", Act::Manage),
    ("POST", "/feed/link", Act::Manage),
    ("POST", "/photos/{photo}/keep", Act::Manage),
    ("POST", "/api/v1/photos/{id}/keep", Act::Manage),
    ("POST", "/ratings/{photo}", Act::Rate),
    ("DELETE", "/api/v1/photos/{id}/rating", Act::Withdraw),
    ("PATCH", "/api/v1/users/me", Act::Manage),
    ("DELETE", "/api/v1/users/me", Act::Manage),
    ("POST", "/photos/{photo}/delete", Act::Withdraw),
    ("POST", "/photos/{photo}/hubs/remove", Act::Withdraw),
    ("POST", "/comments/{comment}/delete", Act::Withdraw),
    ("POST", "/talks/{talk}/withdraw", Act::Withdraw),
    ("POST", "/imports/{import}/cancel", Act::Withdraw),
    ("POST", "/imports/{import}/undo", Act::Withdraw),
    ("POST", "/api/v1/imports/{id}/cancel", Act::Withdraw),
    ("POST", "/api/v1/imports/{id}/undo", Act::Withdraw),
    ("POST", "/h/{slug}/roles/{role}", Act::Withdraw),
    ("POST", "/members/{name}/roles/{role}", Act::Withdraw),
    ("DELETE", "/api/v1/photos/{id}", Act::Withdraw),
    ("DELETE", "/api/v1/comments/{id}", Act::Withdraw),
    ("DELETE", "/api/v1/talks/{id}", Act::Withdraw),
    ("DELETE", "/api/v1/hubs/{slug}/photos/{id}", Act::Withdraw),
    ("DELETE", "/api/v1/hubs/{slug}/roles/{role}", Act::Withdraw),
];

/// Below these is the own account.
const OWN_ACCOUNT: [&str; 2] = ["/settings/", "/api/v1/users/me/"];

/// What others see of the own account.
const OWN_FACE: [&str; 3] = ["/settings/name", "/settings/about", "/settings/avatar"];

/// What a request does.
#[must_use]
pub fn act_of(method: &Method, route: Option<&str>) -> Act {
    if method.is_safe() {
        return Act::Read;
    }
    let Some(route) = route else { return Act::Publish };
    let listed = ACTS.iter().find(|(of, path, _)| method == of && *path == route);
    let is_own = OWN_ACCOUNT.iter().any(|account| route.starts_with(account));
    match listed {
        Some((_, _, act)) => *act,
        None if OWN_FACE.contains(&route) => Act::Publish,
        // A portrait can be removed.
        None if route == "/api/v1/users/me/avatar" && method != Method::DELETE => Act::Publish,
        None if is_own => Act::Manage,
        None => Act::Publish,
    }
}

/// Refuses what the user's sanctions forbid. Asks the database for them only if there are any.
///
/// # Errors
/// [`Error::Sanctioned`] says why and until when.
pub async fn admit(app: &App, parts: &Parts, user: &User) -> Result<(), Error> {
    let route = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    require(app, user, act_of(&parts.method, route)).await
}

/// Like [`admit`], for an act that its route doesn't tell.
///
/// # Errors
/// Those of [`admit`].
pub async fn require(app: &App, user: &User, act: Act) -> Result<(), Error> {
    if user.standing.allows(act) {
        return Ok(());
    }
    let forbidding = list::that_forbids(&mut *app.db.acquire().await?, user.id, act).await?;
    match forbidding {
        Some(sanction) => Err(refused(app, &sanction)),
        // It has just ended.
        None => Ok(()),
    }
}

/// Refuses a member who was sanctioned while the request came in, which takes a client as long as it likes. For acts that
/// others see, in their transaction, before it locks anything else.
///
/// # Errors
/// Those of [`admit`].
pub async fn require_still(db: &mut PgConnection, app: &App, user: UserId) -> Result<(), Error> {
    match list::that_still_forbids(db, user, Act::Publish).await? {
        Some(sanction) => Err(refused(app, &sanction)),
        None => Ok(()),
    }
}

/// The refusal of what a sanction forbids.
#[must_use]
pub fn refused(app: &App, sanction: &Sanction) -> Error {
    Error::Sanctioned { message: sanction.sentence(), url: app.appeal_links.path(sanction.id) }
}

/// Whether a user's session counts. Those of members who are suspended or banned are ended; one that isn't is void.
#[must_use]
pub fn is_admitted(user: &User) -> bool {
    user.standing != Standing::Barred
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_listed_publishes() {
        for (method, route, act) in [
            (Method::GET, Some("/photos/{photo}"), Act::Read),
            (Method::HEAD, None, Act::Read),
            (Method::POST, None, Act::Publish),
            (Method::POST, Some("/submit"), Act::Publish),
            (Method::POST, Some("/photos/{photo}/comments"), Act::Publish),
            (Method::PUT, Some("/photos/{photo}/rating"), Act::Publish),
            (Method::POST, Some("/photos/{photo}/rating"), Act::Rate),
            (Method::POST, Some("/talks/{talk}/vote"), Act::Publish),
            (Method::POST, Some("/settings/password"), Act::Manage),
            (Method::POST, Some("/settings/name"), Act::Publish),
            (Method::POST, Some("/settings/avatar"), Act::Publish),
            (Method::POST, Some("/settings/avatar/remove"), Act::Manage),
            (Method::PUT, Some("/api/v1/users/me/avatar"), Act::Publish),
            (Method::DELETE, Some("/api/v1/users/me/avatar"), Act::Manage),
            (Method::DELETE, Some("/api/v1/users/me/sessions/{id}"), Act::Manage),
            (Method::DELETE, Some("/api/v1/photos/{id}"), Act::Withdraw),
            (Method::PATCH, Some("/api/v1/photos/{id}"), Act::Publish),
            (Method::POST, Some("/appeals/{token}"), Act::Appeal),
        ] {
            assert_eq!(act_of(&method, route), act, "{method} {route:?}");
        }
    }
}
