//! Who may see a hub.

use pawdium_shared::accounts::User;
use pawdium_shared::hubs::{Hub, HubRole, queries};
use sqlx::PgConnection;

use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;

/// Finds a hub by its current slug, if the visitor may see it.
///
/// # Errors
/// [`Error::NotFound`], or a database error.
pub async fn find_visible_hub(app: &App, visitor: &Visitor, slug: &str) -> Result<Hub, Error> {
    let mut db = app.db.acquire().await?;
    let hub = queries::find_by_slug(&mut db, slug).await?.ok_or(Error::NotFound)?;
    if may_see(&mut db, &hub, visitor.user.as_ref()).await? { Ok(hub) } else { Err(Error::NotFound) }
}

/// Whether a user may see a hub: everybody a public one; its members and owners and the site's moderators a private one.
///
/// # Errors
/// When the database fails.
pub async fn may_see(db: &mut PgConnection, hub: &Hub, user: Option<&User>) -> sqlx::Result<bool> {
    if hub.is_public() {
        return Ok(true);
    }
    let Some(user) = user else { return Ok(false) };
    if user.role.moderates() {
        return Ok(true);
    }
    let roles = queries::list_roles(db, hub.id, user.id).await?;
    Ok(roles.iter().any(|role| matches!(role, HubRole::Member | HubRole::Owner)))
}
