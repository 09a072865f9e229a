//! Hubs in the database.

use sqlx::PgConnection;

use super::types::{Hub, HubRole, Joining, Visibility};
use crate::ids::{HubId, UserId};

/// Finds a hub or a profile.
pub async fn find(db: &mut PgConnection, id: HubId) -> sqlx::Result<Option<Hub>> {
    sqlx::query_as!(
        Hub,
        r#"select id as "id: HubId", slug, profile_of as "profile_of: UserId", name, summary,
                  joining as "joining: Joining", visibility as "visibility: Visibility", layout_version, archived_at,
                  active_at, created_at, time_zone
           from hubs where id = $1"#,
        id.0,
    )
    .fetch_optional(db)
    .await
}

/// Finds a hub by its current slug.
pub async fn find_by_slug(db: &mut PgConnection, slug: &str) -> sqlx::Result<Option<Hub>> {
    sqlx::query_as!(
        Hub,
        r#"select id as "id: HubId", slug, profile_of as "profile_of: UserId", name, summary,
                  joining as "joining: Joining", visibility as "visibility: Visibility", layout_version, archived_at,
                  active_at, created_at, time_zone
           from hubs where slug = $1"#,
        slug,
    )
    .fetch_optional(db)
    .await
}

/// Finds a member's profile, regardless of the name's case. Nobody finds that of a member whose content a sanction
/// hides.
pub async fn find_profile(db: &mut PgConnection, name: &str) -> sqlx::Result<Option<Hub>> {
    sqlx::query_as!(
        Hub,
        r#"select hubs.id as "id: HubId", slug, profile_of as "profile_of: UserId", hubs.name, summary,
                  joining as "joining: Joining", visibility as "visibility: Visibility", layout_version, archived_at,
                  active_at, hubs.created_at, time_zone
           from users join hubs on profile_of = users.id
           where lower(users.name) = lower($1)
             and (hidden_until is null or hidden_until <= clock_timestamp())"#,
        name,
    )
    .fetch_optional(db)
    .await
}

/// Lists a user's roles in a hub, in the order of [`HubRole`].
pub async fn list_roles(db: &mut PgConnection, hub: HubId, user: UserId) -> sqlx::Result<Vec<HubRole>> {
    let mut roles = sqlx::query_scalar!(
        r#"select role as "role: HubRole" from hub_roles where hub_id = $1 and user_id = $2"#,
        hub.0,
        user.0,
    )
    .fetch_all(db)
    .await?;
    roles.sort();
    Ok(roles)
}

/// Finds a hub by a slug that it has or has had, if the user has a role in it or asks to become a member.
pub async fn find_own(db: &mut PgConnection, slug: &str, user: UserId) -> sqlx::Result<Option<Hub>> {
    sqlx::query_as!(
        Hub,
        r#"select id as "id: HubId", slug, profile_of as "profile_of: UserId", name, summary,
                  joining as "joining: Joining", visibility as "visibility: Visibility", layout_version, archived_at,
                  active_at, created_at, time_zone
           from hubs
           where (slug = $1 or id = (select hub_id from hub_slugs where slug = $1))
             and (exists (select from hub_roles where hub_id = hubs.id and user_id = $2)
                  or exists (select from hub_requests where hub_id = hubs.id and user_id = $2))"#,
        slug,
        user.0,
    )
    .fetch_optional(db)
    .await
}

/// Finds a hub by a slug that it has had.
pub async fn find_by_former_slug(db: &mut PgConnection, slug: &str) -> sqlx::Result<Option<Hub>> {
    sqlx::query_as!(
        Hub,
        r#"select hubs.id as "id: HubId", hubs.slug, profile_of as "profile_of: UserId", name, summary,
                  joining as "joining: Joining", visibility as "visibility: Visibility", layout_version, archived_at,
                  active_at, created_at, time_zone
           from hub_slugs join hubs on hubs.id = hub_id where hub_slugs.slug = $1"#,
        slug,
    )
    .fetch_optional(db)
    .await
}
