//! Who may see a hub.

use pawdium_shared::hubs::{Hub, HubRole, queries};

use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;

/// Finds a hub that the visitor may see. Everybody sees public hubs; only members and moderators see private ones.
///
/// # Errors
/// [`Error::NotFound`], or a database error.
pub async fn find_visible_hub(app: &App, visitor: &Visitor, slug: &str) -> Result<Hub, Error> {
    // Postgres refuses a text with a zero byte.
    if !slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Error::NotFound);
    }
    let mut db = app.db.acquire().await?;
    let hub = queries::find_by_slug(&mut db, slug).await?.ok_or(Error::NotFound)?;
    if hub.is_public() || visitor.moderates() {
        return Ok(hub);
    }
    let roles = queries::list_roles(&mut db, hub.id, visitor.id()).await?;
    let belongs = roles.iter().any(|role| matches!(role, HubRole::Member | HubRole::Owner));
    if belongs { Ok(hub) } else { Err(Error::NotFound) }
}
