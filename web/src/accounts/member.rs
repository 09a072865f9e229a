//! A member's photos.

use axum::extract::{Query, State};
use pawdium_shared::accounts::{Name, queries};
use pawdium_shared::cache::depend_on;
use pawdium_shared::photos::cached::CachedPhoto;
use pawdium_shared::photos::hub_photos::HubPhotoList;
use pawdium_shared::photos::{self, Photo, PhotoState};
use serde::Deserialize;

use crate::baked::Asked;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::hubs::access::find_profile;
use crate::hubs::head;
use crate::photos::place::Place;
use crate::photos::present;
use crate::state::App;
use crate::views::baked::{BakedHtml, BakedMember};
use crate::views::hubs::HubTab;
use crate::views::members::{MemberPage, PendingPhoto};
use crate::views::{Paging, PhotoCard};

/// Photos per page.
const PER_PAGE: usize = 24;

/// The query of a profile page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProfileQuery {
    page: String,
}

/// `GET /members/{name}/photos`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(name): Path<String>,
    Query(choice): Query<ProfileQuery>,
) -> Result<Page<MemberPage>, Error> {
    let profile = find_profile(&app, &name).await?;
    let name = Name::new(&name).map_err(|_| Error::NotFound)?;
    let head = head::load(&app, &viewing, &profile, HubTab::Photos).await?;
    let mut db = app.db.acquire().await?;
    let member = queries::find_by_name(&mut db, name.as_str()).await?.ok_or(Error::NotFound)?;
    let own = viewing.visitor.id() == member.id;
    let activity = queries::count_activity(&mut db, member.id).await?;
    let photos = photos::queries::list_by_owner(&mut db, member.id, own).await?;
    drop(db);
    let (live, pending): (Vec<_>, Vec<_>) =
        photos.into_iter().partition(|photo| photo.state == PhotoState::Live);
    let (photos, paging) = shown(&name, &live, &choice);
    Ok(Page(MemberPage {
        chrome: viewing.chrome,
        head,
        photos,
        paging,
        name: member.name.unwrap_or_default(),
        since: member.created_at,
        ratings_cast: activity.ratings_cast,
        photo_count: activity.photos,
        own,
        may_moderate: viewing.visitor.moderates() && !own,
        pending: pending
            .iter()
            .map(|photo| PendingPhoto {
                id: photo.id.0,
                title: photo.title.clone(),
                state: photo.state,
                reason: photo.reason.clone(),
                created_at: photo.created_at,
            })
            .collect(),
    }))
}

/// [`page`] for everybody.
///
/// # Errors
/// [`Error::NotFound`], or a database error.
pub async fn bake(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let profile = find_profile(&app, asked.name()).await?;
    let name = Name::new(asked.name()).map_err(|_| Error::NotFound)?;
    let head = head::load_public(&app, &profile, asked.path()).await?;
    depend_on(HubPhotoList(profile.id));
    let mut db = app.db.acquire().await?;
    let member = queries::find_by_name(&mut db, name.as_str()).await?.ok_or(Error::NotFound)?;
    let activity = queries::count_activity(&mut db, member.id).await?;
    let live = photos::queries::list_by_owner(&mut db, member.id, false).await?;
    drop(db);
    for photo in &live {
        depend_on(CachedPhoto(photo.id));
    }
    let (photos, paging) = shown(&name, &live, &asked.query()?);
    let page = BakedMember {
        head,
        photos,
        paging,
        name: member.name.unwrap_or_default(),
        since: member.created_at,
        ratings_cast: activity.ratings_cast,
        photo_count: activity.photos,
    };
    asked.bake(&app, page)
}

/// A page of a member's photos.
fn shown(name: &Name, live: &[Photo], choice: &ProfileQuery) -> (Vec<PhotoCard>, Paging) {
    let last_page = live.len().div_ceil(PER_PAGE).max(1);
    let page = choice.page.parse::<usize>().unwrap_or(1).clamp(1, last_page);
    let place = Place::Member(name.clone());
    let number = |page: usize| u32::try_from(page).unwrap_or(u32::MAX);
    let cards = live.iter().skip((page - 1) * PER_PAGE).take(PER_PAGE);
    let paging = Paging {
        page: number(page),
        last_page: number(last_page),
        base: format!("/members/{}/photos", name.as_str()),
    };
    (cards.map(|photo| present::card_in(&place, photo, false)).collect(), paging)
}
