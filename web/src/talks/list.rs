//! The calls of a hub.

use axum::extract::{OriginalUri, State};
use pawdium_shared::cache::Whole;
use pawdium_shared::hubs::{Hub, HubRole, queries};
use pawdium_shared::talks::facts::{CachedCallFacts, CallFacts};
use pawdium_shared::talks::{Call, Phase, calls};
use sqlx::PgConnection;

use super::access::viewer_of;
use super::present;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::hubs::access::find_hub_at;
use crate::hubs::head;
use crate::state::App;
use crate::views::hubs::HubTab;
use crate::views::talks::calls::{CallCard, CallGroup, CallList, CallsPage};

/// The order of the phases on the page: what needs attention first.
const GROUPS: [Phase; 5] = [Phase::Voting, Phase::Pitch, Phase::Closed, Phase::Draft, Phase::Announced];

/// `GET /h/{slug}/talks`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Page<CallsPage>, Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    let head = head::load(&app, &viewing, &hub, HubTab::Talks).await?;
    let list = load(&app, &viewing.visitor, &hub).await?;
    Ok(Page(CallsPage { chrome: viewing.chrome, head, may_make: list.may_make, list }))
}

/// `GET /h/{slug}/talks/part`: the part that a live refresh fetches.
pub async fn part(
    State(app): State<App>,
    visitor: Visitor,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Page<CallList>, Error> {
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    Ok(Page(load(&app, &visitor, &hub).await?))
}

/// The calls that a visitor sees.
pub(super) async fn load(app: &App, visitor: &Visitor, hub: &Hub) -> Result<CallList, Error> {
    let mut db = app.db.acquire().await?;
    let roles = match &visitor.user {
        Some(user) => queries::list_roles(&mut db, hub.id, user.id).await?,
        None => Vec::new(),
    };
    let is_owner = roles.contains(&HubRole::Owner);
    let found = calls::of_hub(&mut db, hub.id, viewer_of(visitor, &roles).runs_it).await?;
    let cards = cards(&mut db, hub, &found).await?;
    drop(db);
    let keys: Vec<_> = found.iter().map(|call| CachedCallFacts(call.id)).collect();
    let facts = app.cache.find_each(&app.db, &keys, Whole).await?;
    let group = |phase| {
        let in_phase = found.iter().zip(&cards).filter(|(call, _)| call.phase == phase);
        let card = |(call, card): (&Call, &CallCard)| CallCard {
            facts: facts.get(&CachedCallFacts(call.id)).copied().unwrap_or_default(),
            ..card.clone()
        };
        CallGroup { phase, calls: in_phase.map(card).collect() }
    };
    Ok(CallList {
        part: format!("{}/talks/part", hub.path()),
        groups: GROUPS.into_iter().map(group).filter(|group| !group.calls.is_empty()).collect(),
        zone: hub.time_zone.clone(),
        may_make: is_owner && !hub.is_archived(),
        hub: hub.path(),
    })
}

/// Cards without what is counted.
async fn cards(db: &mut PgConnection, hub: &Hub, calls: &[Call]) -> Result<Vec<CallCard>, Error> {
    let at = |call: &Call| {
        let [(_, pitch), (_, voting), (_, closes), (_, announced)] = call.times.each();
        match call.phase {
            Phase::Draft => pitch,
            Phase::Pitch => voting,
            Phase::Voting => closes,
            Phase::Closed | Phase::Announced => announced,
        }
    };
    let times: Vec<_> = calls.iter().filter_map(at).collect();
    let mut whens = present::moments(db, &hub.time_zone, &times).await?.into_iter();
    let card = |call: &Call| CallCard {
        id: call.id.0,
        title: call.title.clone(),
        facts: CallFacts::default(),
        when: at(call).and_then(|_| whens.next()),
    };
    Ok(calls.iter().map(card).collect())
}
