//! A member's photos.

use axum::extract::{Query, State};
use pawdium_shared::accounts::{Name, queries};
use pawdium_shared::photos::{self, PhotoState};
use serde::Deserialize;

use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::hubs::access::find_profile;
use crate::hubs::head;
use crate::photos::place::Place;
use crate::photos::present;
use crate::state::App;
use crate::views::Paging;
use crate::views::hubs::HubTab;
use crate::views::members::{MemberPage, PendingPhoto};

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
    let (live, pending): (Vec<_>, Vec<_>) =
        photos.into_iter().partition(|photo| photo.state == PhotoState::Live);
    let last_page = live.len().div_ceil(PER_PAGE).max(1);
    let page = choice.page.parse::<usize>().unwrap_or(1).clamp(1, last_page);
    let place = Place::Member(name.clone());
    let number = |page: usize| u32::try_from(page).unwrap_or(u32::MAX);
    Ok(Page(MemberPage {
        chrome: viewing.chrome,
        head,
        photos: live
            .iter()
            .skip((page - 1) * PER_PAGE)
            .take(PER_PAGE)
            .map(|photo| present::card_in(&place, photo, false))
            .collect(),
        paging: Paging {
            page: number(page),
            last_page: number(last_page),
            base: format!("/members/{}/photos", name.as_str()),
        },
        name: member.name.unwrap_or_default(),
        since: member.created_at,
        ratings_cast: activity.ratings_cast,
        photo_count: activity.photos,
        own,
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
