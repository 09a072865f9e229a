//! The head of a hub's pages.

use chrono::Utc;
use pawdium_shared::accounts::User;
use pawdium_shared::hubs::{Hub, HubRole, queries, requests};
use pawdium_shared::photos::avatars;

use super::facts;
use crate::error::Error;
use crate::http::visitor::Viewing;
use crate::photos::present::media_path;
use crate::state::App;
use crate::views::baked::BakedHead;
use crate::views::hubs::{HubHead, HubTab, Standing};

/// Loads the head of a hub's page for its viewer.
///
/// # Errors
/// When the database fails.
pub async fn load(app: &App, viewing: &Viewing, hub: &Hub, tab: HubTab) -> Result<HubHead, Error> {
    let visitor = &viewing.visitor;
    let facts = facts::find(app, hub.id).await?;
    let (roles, is_waiting) = if visitor.user.is_some() {
        let mut db = app.db.acquire().await?;
        let roles = queries::list_roles(&mut db, hub.id, visitor.id()).await?;
        (roles, requests::is_waiting(&mut db, hub.id, visitor.id()).await?)
    } else {
        (Vec::new(), false)
    };
    let standing = standing(visitor.user.as_ref(), &roles, is_waiting);
    Ok(HubHead {
        path: hub.path(),
        here: viewing.chrome.path.clone(),
        hue: HubHead::hue_of(hub.id.0),
        name: hub.name.clone(),
        summary: hub.summary.clone(),
        portrait: portrait(app, hub).await?,
        members: facts.members,
        stars: facts.stars,
        joining: hub.joining,
        is_private: !hub.is_public(),
        archived_at: hub.archived_at,
        is_idle: hub.is_idle(Utc::now()),
        is_subscribed: roles.contains(&HubRole::Subscriber),
        is_starred: roles.contains(&HubRole::Stargazer),
        has_settings: standing == Standing::Owner || visitor.moderates(),
        standing,
        tab,
    })
}

/// Loads the head of the page at `here` for everybody.
///
/// # Errors
/// When the database fails.
pub async fn load_public(app: &App, hub: &Hub, here: &str) -> Result<BakedHead, Error> {
    let facts = facts::find(app, hub.id).await?;
    Ok(BakedHead {
        path: hub.path(),
        here: here.to_owned(),
        hue: HubHead::hue_of(hub.id.0),
        name: hub.name.clone(),
        summary: hub.summary.clone(),
        portrait: portrait(app, hub).await?,
        members: facts.members,
        stars: facts.stars,
        joining: hub.joining,
        archived_at: hub.archived_at,
        is_idle: hub.is_idle(Utc::now()),
    })
}

/// The path of the portrait of the member whose profile this is. When it changes, so does the hub.
async fn portrait(app: &App, hub: &Hub) -> Result<Option<String>, Error> {
    let Some(member) = hub.profile_of else { return Ok(None) };
    let key = avatars::find_key(&mut *app.db.acquire().await?, member).await?;
    Ok(key.as_deref().map(media_path))
}

fn standing(user: Option<&User>, roles: &[HubRole], is_waiting: bool) -> Standing {
    let has = |role| roles.contains(&role);
    match user {
        None => Standing::Nobody,
        Some(user) if user.anonymous() => Standing::Nobody,
        Some(_) if has(HubRole::Owner) => Standing::Owner,
        Some(_) if has(HubRole::Member) => Standing::Member,
        Some(_) if is_waiting => Standing::Waiting,
        Some(_) => Standing::Stranger,
    }
}
