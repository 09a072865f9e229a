//! What is counted in hubs, through the cache.

use std::collections::HashMap;

use pawdium_shared::cache::Whole;
use pawdium_shared::hubs::facts::{CachedFacts, HubFacts};
use pawdium_shared::ids::HubId;

use crate::error::Error;
use crate::state::App;

/// What is counted in a hub.
///
/// # Errors
/// When the database fails.
pub async fn find(app: &App, hub: HubId) -> Result<HubFacts, Error> {
    Ok(app.cache.find(&app.db, CachedFacts(hub), Whole).await?.unwrap_or_default())
}

/// What is counted in hubs.
///
/// # Errors
/// When the database fails.
pub async fn find_each(app: &App, hubs: &[HubId]) -> Result<HashMap<HubId, HubFacts>, Error> {
    let hubs: Vec<_> = hubs.iter().copied().map(CachedFacts).collect();
    let found = app.cache.find_each(&app.db, &hubs, Whole).await?;
    Ok(found.into_iter().map(|(hub, facts)| (hub.0, facts)).collect())
}
