//! The hubs that a member reaches from every page.

use sqlx::PgConnection;

use crate::ids::UserId;

/// The most hubs in the bar, which scrolls: more than people belong to, and few enough for every page.
const BOOKMARKS: i64 = 100;

/// A hub among the bookmarks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// The word in its URL.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// Lists the hubs that a user is a member of or has starred, as far as they may see them, by name. It reads the user's
/// few roles by the index hub_roles_user.
pub async fn list_bookmarks(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Bookmark>> {
    sqlx::query_as!(
        Bookmark,
        r#"select slug as "slug!", name
           from (select hub_id, bool_or(role in ('member', 'owner')) as is_member from hub_roles
                 where user_id = $1 and role in ('stargazer', 'member', 'owner')
                 group by hub_id) as roles
           join hubs on hubs.id = hub_id
           where slug is not null and (visibility = 'public' or is_member)
           order by lower(name), slug
           limit $2"#,
        user.0,
        BOOKMARKS,
    )
    .fetch_all(db)
    .await
}
