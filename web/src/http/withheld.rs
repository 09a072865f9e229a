//! Roles that don't count yet, because the configuration requires a second factor of them and their user has none.

use pawdium_shared::accounts::{Role, User, factors};

use crate::error::Error;
use crate::state::App;

/// Gives a user the rights of a member while the role needs a second factor that isn't there. Returns whether it did.
///
/// # Errors
/// When the database fails.
pub async fn withhold(app: &App, user: &mut User) -> Result<bool, Error> {
    if !app.config.security.require_second_factor.is_required_of(user.role)
        || factors::has(&mut *app.db.acquire().await?, user.id).await?
    {
        return Ok(false);
    }
    user.role = Role::Member;
    Ok(true)
}
