//! Who sees which hub.

use axum::http::Uri;
use pawdium_shared::accounts::{Name, User};
use pawdium_shared::cache::depend_on;
use pawdium_shared::hubs::shown::ShownHub;
use pawdium_shared::hubs::{Hub, HubRole, Slug, queries};
use pawdium_shared::ids::HubId;
use sqlx::PgConnection;

use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;

/// Finds a hub by its current slug.
///
/// # Errors
/// [`Error::NotFound`] also for a private hub, unless the visitor belongs to it or moderates the site.
pub async fn find_visible_hub(app: &App, visitor: &Visitor, slug: &str) -> Result<Hub, Error> {
    let slug = Slug::new(slug).map_err(|_| Error::NotFound)?;
    let mut db = app.db.acquire().await?;
    let hub = queries::find_by_slug(&mut db, slug.as_str()).await?;
    visible(&mut db, hub, visitor.user.as_ref()).await?.ok_or(Error::NotFound)
}

/// Like [`find_visible_hub`]. A slug that the hub has had leads to the same path with the current one. `uri` is the
/// request's own: `OriginalUri`.
///
/// # Errors
/// [`Error::Moved`] for a former slug, and those of [`find_visible_hub`].
pub async fn find_hub_at(app: &App, visitor: &Visitor, slug: &str, uri: &Uri) -> Result<Hub, Error> {
    match find_visible_hub(app, visitor, slug).await {
        Err(Error::NotFound) => {}
        found => return found,
    }
    let slug = Slug::new(slug).map_err(|_| Error::NotFound)?;
    let mut db = app.db.acquire().await?;
    let hub = queries::find_by_former_slug(&mut db, slug.as_str()).await?;
    let hub = visible(&mut db, hub, visitor.user.as_ref()).await?.ok_or(Error::NotFound)?;
    match &hub.slug {
        Some(current) if current != slug.as_str() => Err(Error::Moved(with_slug(uri, current))),
        _ => Err(Error::NotFound),
    }
}

/// Like [`find_hub_at`], for a visitor who gives up a role. It also finds a private hub for those who are still subscribed
/// to it without being members.
///
/// # Errors
/// Those of [`find_hub_at`].
pub async fn find_hub_to_leave(app: &App, visitor: &Visitor, slug: &str, uri: &Uri) -> Result<Hub, Error> {
    let user = match (find_hub_at(app, visitor, slug, uri).await, &visitor.user) {
        (Err(Error::NotFound), Some(user)) => user.id,
        (found, _) => return found,
    };
    let slug = Slug::new(slug).map_err(|_| Error::NotFound)?;
    let own = queries::find_own(&mut *app.db.acquire().await?, slug.as_str(), user).await?;
    own.ok_or(Error::NotFound)
}

/// Finds a member's profile.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find_profile(app: &App, name: &str) -> Result<Hub, Error> {
    let name = Name::new(name).map_err(|_| Error::NotFound)?;
    let profile = queries::find_profile(&mut *app.db.acquire().await?, name.as_str()).await?;
    profile.inspect(|profile| depend_on(ShownHub(profile.id))).ok_or(Error::NotFound)
}

/// The hub if the user may see it. A hub that doesn't exist takes the same statements as one that the user may not
/// see, so that the time doesn't tell them apart.
async fn visible(db: &mut PgConnection, hub: Option<Hub>, user: Option<&User>) -> Result<Option<Hub>, Error> {
    match (hub, user) {
        (Some(hub), _) => {
            depend_on(ShownHub(hub.id));
            Ok(may_see(db, &hub, user).await?.then_some(hub))
        }
        (None, Some(user)) if !user.role.moderates() => {
            queries::list_roles(db, HubId(0), user.id).await?;
            Ok(None)
        }
        (None, _) => Ok(None),
    }
}

/// Whether a user may see a hub: everybody a public one; its members and owners and the site's moderators a private
/// one.
///
/// # Errors
/// When the database fails.
pub async fn may_see(db: &mut PgConnection, hub: &Hub, user: Option<&User>) -> sqlx::Result<bool> {
    let Some(user) = user.filter(|_| !hub.is_public()) else { return Ok(hub.is_public()) };
    if user.role.moderates() {
        return Ok(true);
    }
    Ok(queries::list_roles(db, hub.id, user.id).await?.into_iter().any(HubRole::is_membership))
}

/// The path and query with another slug after `h` or `hubs`.
fn with_slug(uri: &Uri, slug: &str) -> String {
    let mut parts: Vec<_> = uri.path().split('/').collect();
    if let Some(place) = parts.iter().position(|part| matches!(*part, "h" | "hubs"))
        && let Some(part) = parts.get_mut(place + 1)
    {
        *part = slug;
    }
    let path = parts.join("/");
    uri.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_slug_of_a_path_changes() {
        for (before, after) in [
            ("/h/cats", "/h/dogs"),
            ("/h/cats/members?page=2", "/h/dogs/members?page=2"),
            ("/h/%63ats/photos", "/h/dogs/photos"),
            ("/api/v1/hubs/cats", "/api/v1/hubs/dogs"),
            ("/api/v1/hubs/hubs2/members/hubs", "/api/v1/hubs/dogs/members/hubs"),
        ] {
            assert_eq!(with_slug(&before.parse().expect("a URI"), "dogs"), after);
        }
    }
}
