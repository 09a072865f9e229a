//! Lists of hubs and of their people.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::types::{Hub, HubRole, Joining, Visibility};
use crate::ids::{HubId, UserId};

/// The order of a list of hubs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum HubSort {
    /// Where something happened last.
    #[default]
    Active,
    /// Newest first.
    New,
    /// By name.
    Name,
}

impl HubSort {
    /// The name in URLs.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Which hubs to list. Only what the viewer may see: public ones, and private ones that they belong to.
#[derive(Clone, Debug, Default)]
pub struct HubFilter {
    /// Text in name, slug or summary, or something like it. Empty for all.
    pub text: String,
    /// The order.
    pub sort: HubSort,
    /// Only hubs in which the viewer has a role.
    pub own: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The entries, in order.
    pub entries: Vec<T>,
    /// The page, from 1.
    pub page: i64,
    /// The last page, at least 1.
    pub last_page: i64,
}

/// Lists hubs that `viewer` may see. A page after the last is the last one.
pub async fn list(
    db: &mut PgConnection,
    viewer: UserId,
    filter: &HubFilter,
    page: i64,
    limit: i64,
) -> sqlx::Result<Listed<Hub>> {
    let pattern = like(&filter.text);
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from hubs
           where slug is not null
             and ($2 = '' or (name || ' ' || coalesce(slug, '') || ' ' || summary) ilike $3
                          or $2 <% (name || ' ' || coalesce(slug, '') || ' ' || summary))
             and (visibility = 'public'
                  or exists (select from hub_roles
                             where hub_id = hubs.id and user_id = $1 and role in ('member', 'owner')))
             and (not $4 or exists (select from hub_roles where hub_id = hubs.id and user_id = $1))"#,
        viewer.0,
        filter.text,
        pattern,
        filter.own,
    )
    .fetch_one(&mut *db)
    .await?;
    let last_page = ((count + limit - 1) / limit).max(1);
    let page = page.clamp(1, last_page);
    // A literal order for each, so that the indexes on it serve the first pages.
    macro_rules! entries {
        ($order:literal) => {
            sqlx::query_as!(
                Hub,
                r#"select id as "id: HubId", slug, profile_of as "profile_of: UserId", name, summary,
                          joining as "joining: Joining", visibility as "visibility: Visibility", layout_version,
                          archived_at, active_at, created_at, time_zone
                   from hubs
                   where slug is not null
                     and ($2 = '' or (name || ' ' || coalesce(slug, '') || ' ' || summary) ilike $3
                                  or $2 <% (name || ' ' || coalesce(slug, '') || ' ' || summary))
                     and (visibility = 'public'
                          or exists (select from hub_roles
                                     where hub_id = hubs.id and user_id = $1 and role in ('member', 'owner')))
                     and (not $4 or exists (select from hub_roles where hub_id = hubs.id and user_id = $1))
                   order by "#
                    + $order
                    + " limit $5 offset $6",
                viewer.0,
                filter.text,
                pattern,
                filter.own,
                limit,
                (page - 1) * limit,
            )
            .fetch_all(db)
            .await?
        };
    }
    let entries = match filter.sort {
        HubSort::Active => entries!("active_at desc, id desc"),
        HubSort::New => entries!("created_at desc, id desc"),
        HubSort::Name => entries!("lower(name), id"),
    };
    Ok(Listed { entries, page, last_page })
}

/// A pattern that finds a text anywhere, whatever characters it has.
fn like(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// Somebody with a role in a hub.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user.
    pub user: UserId,
    /// The user's name.
    pub name: String,
    /// The key of the user's portrait.
    pub avatar: Option<String>,
    /// The role.
    pub role: HubRole,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Lists who has a role in a hub: one of these, owners first, then by time.
pub async fn people(
    db: &mut PgConnection,
    hub: HubId,
    roles: &[HubRole],
    page: i64,
    limit: i64,
) -> sqlx::Result<Listed<Person>> {
    let roles: Vec<String> = roles.iter().map(|role| role.name().to_owned()).collect();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from hub_roles where hub_id = $1 and role = any($2)"#,
        hub.0,
        &roles,
    )
    .fetch_one(&mut *db)
    .await?;
    let last_page = ((count + limit - 1) / limit).max(1);
    let page = page.clamp(1, last_page);
    let entries = sqlx::query_as!(
        Person,
        r#"select user_id as "user: UserId", name as "name!", avatar, hub_roles.role as "role: HubRole", since
           from hub_roles join users on users.id = user_id
           where hub_id = $1 and hub_roles.role = any($2) and name is not null
           order by hub_roles.role = 'owner' desc, since, user_id, hub_roles.role
           limit $3 offset $4"#,
        hub.0,
        &roles,
        limit,
        (page - 1) * limit,
    )
    .fetch_all(db)
    .await?;
    Ok(Listed { entries, page, last_page })
}

/// Whether somebody with this name belongs to a hub.
pub async fn is_member_by_name(db: &mut PgConnection, hub: HubId, name: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from hub_roles join users on users.id = user_id
                          where hub_id = $1 and hub_roles.role in ('member', 'owner')
                            and lower(name) = lower($2)) as "is!""#,
        hub.0,
        name,
    )
    .fetch_one(db)
    .await
}
