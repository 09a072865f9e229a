//! The head of a hub's pages.

use chrono::Utc;
use pawdium_shared::accounts::User;
use pawdium_shared::hubs::lists::{self, HubFacts};
use pawdium_shared::hubs::{Hub, HubRole, requests};
use sqlx::PgConnection;

use crate::error::Error;
use crate::http::visitor::Viewing;
use crate::views::hubs::{HubHead, HubTab, Standing};

/// Loads the head of a hub's page for its viewer.
///
/// # Errors
/// When the database fails.
pub async fn load(db: &mut PgConnection, viewing: &Viewing, hub: &Hub, tab: HubTab) -> Result<HubHead, Error> {
    let visitor = &viewing.visitor;
    let facts = lists::facts(db, &[hub.id], visitor.id()).await?.remove(&hub.id).unwrap_or_default();
    let is_waiting = requests::is_waiting(db, hub.id, visitor.id()).await?;
    let standing = standing(visitor.user.as_ref(), &facts, is_waiting);
    Ok(HubHead {
        path: hub.path(),
        here: viewing.chrome.path.clone(),
        hue: HubHead::hue_of(hub.id.0),
        name: hub.name.clone(),
        summary: hub.summary.clone(),
        members: facts.members,
        stars: facts.stars,
        joining: hub.joining,
        is_private: !hub.is_public(),
        archived_at: hub.archived_at,
        is_idle: hub.is_idle(Utc::now()),
        is_subscribed: facts.my_roles.contains(&HubRole::Subscriber),
        is_starred: facts.my_roles.contains(&HubRole::Stargazer),
        has_settings: standing == Standing::Owner || visitor.moderates(),
        standing,
        tab,
    })
}

fn standing(user: Option<&User>, facts: &HubFacts, is_waiting: bool) -> Standing {
    let has = |role| facts.my_roles.contains(&role);
    match user {
        None => Standing::Nobody,
        Some(user) if user.anonymous() => Standing::Nobody,
        Some(_) if has(HubRole::Owner) => Standing::Owner,
        Some(_) if has(HubRole::Member) => Standing::Member,
        Some(_) if is_waiting => Standing::Waiting,
        Some(_) => Standing::Stranger,
    }
}
