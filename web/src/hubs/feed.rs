//! The feed: what happened in the hubs that a member follows.

use std::collections::{HashMap, HashSet};

use axum::extract::State;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_shared::hubs::Hub;
use pawdium_shared::hubs::feed::{self, Activity, Entry};
use pawdium_shared::ids::{HubId, PhotoId};
use pawdium_shared::photos::{self, Photo};

use crate::error::Error;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::photos::{find, present};
use crate::state::App;
use crate::views::feed::{FeedEntry, FeedPage};

/// How many photos an entry shows.
const SHOWN: usize = 4;

/// `GET /feed`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Result<Page<FeedPage>, Error> {
    let origin = app.url("");
    let Ok(member) = viewing.visitor.member() else {
        return Ok(Page(FeedPage { chrome: viewing.chrome, entries: Vec::new(), link: None, origin }));
    };
    let mut db = app.db.acquire().await?;
    let activities = feed::list_followed(&mut db, member.id).await?;
    let token = feed::find_token(&mut db, member.id).await?;
    drop(db);
    let entries = show(&app, activities).await?;
    Ok(Page(FeedPage { chrome: viewing.chrome, entries, link: Some(feed::path_of(&token)), origin }))
}

/// `POST /feed/link`: replaces the address of the member's own feed.
pub async fn renew(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Error> {
    let member = visitor.member()?.id;
    feed::renew_token(&mut *app.db.acquire().await?, member).await?;
    Ok((jar.add(Notice::FeedLinkRenewed.cookie()), Redirect::to("/feed")))
}

/// What a feed tells: its entries, and the hubs and photos in them.
pub(super) struct Told {
    pub(super) entries: Vec<Entry>,
    pub(super) hubs: HashMap<HubId, Hub>,
}

/// Makes entries of activities. Leaves out photos that aren't live: drafts, and those that were hidden or deleted.
pub(super) async fn tell(app: &App, mut activities: Vec<Activity>) -> Result<Told, Error> {
    let mut db = app.db.acquire().await?;
    let named: Vec<_> = activities.iter().filter_map(|activity| activity.photo).collect();
    let live: HashSet<PhotoId> = photos::queries::list_live_of(&mut db, &named).await?.into_iter().collect();
    activities.retain(|activity| activity.photo.is_none_or(|photo| live.contains(&photo)));
    let entries = feed::collapse(activities);
    let hubs: Vec<_> = entries.iter().map(|entry| entry.hub).collect();
    let hubs = feed::find_hubs(&mut db, &hubs).await?;
    Ok(Told { entries, hubs })
}

/// Makes what a page shows of activities.
pub(super) async fn show(app: &App, activities: Vec<Activity>) -> Result<Vec<FeedEntry>, Error> {
    let Told { entries, hubs } = tell(app, activities).await?;
    let mut shown: Vec<_> =
        entries.iter().flat_map(|entry| entry.photos.iter().take(SHOWN)).copied().collect();
    shown.sort_unstable();
    shown.dedup();
    let photos = find::list_live(app, &shown).await?;
    let photos: HashMap<_, _> = photos.iter().map(|photo| (photo.id, photo)).collect();
    Ok(entries.into_iter().filter_map(|entry| Some(present(hubs.get(&entry.hub)?, entry, &photos))).collect())
}

fn present(hub: &Hub, entry: Entry, photos: &HashMap<PhotoId, &Photo>) -> FeedEntry {
    let cards = entry.photos.iter().take(SHOWN).filter_map(|photo| photos.get(photo));
    FeedEntry {
        id: entry.id,
        since: entry.since,
        at: entry.at,
        verb: entry.verb,
        photos: cards.map(|photo| present::card(photo, false)).collect(),
        photo_count: entry.photos.len(),
        actors: entry.actors,
        hub: hub.name.clone(),
        path: hub.path(),
        is_profile: hub.profile_of.is_some(),
    }
}
