//! The newest photos as thumbnails, to be looked through by keyboard.

use axum::extract::{Query, State};
use pawdium_shared::photos::Photo;
use pawdium_shared::ranking::lists::{NewList, PageOf};
use serde::Deserialize;

use crate::error::Error;
use crate::http::access::AdminViewing;
use crate::http::page::Page;
use crate::ranking::lists::{self, LAST};
use crate::state::App;
use crate::views::Paging;
use crate::views::moderation::{NewestPage, Thumbnail};

/// Thumbnails on a page.
const PER_PAGE: i64 = 48;

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewestQuery {
    page: String,
}

/// `GET /moderation`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(query): Query<NewestQuery>,
) -> Result<Page<NewestPage>, Error> {
    let page = PageOf { page: query.page.parse().unwrap_or(1).clamp(1, LAST), limit: PER_PAGE };
    let list = lists::read(&app, NewList { species: None }, page).await?;
    let number = |page: i64| u32::try_from(page).unwrap_or(u32::MAX);
    Ok(Page(NewestPage {
        chrome: viewing.chrome,
        photos: list.photos.iter().map(thumbnail).collect(),
        paging: Paging {
            page: number(list.page),
            last_page: number(list.last_page),
            base: "/moderation".to_owned(),
        },
    }))
}

fn thumbnail(photo: &Photo) -> Thumbnail {
    Thumbnail {
        id: photo.id.0,
        title: photo.title.clone(),
        alt: photo.alt.clone(),
        owner: photo.owner_name.clone(),
        picture: crate::views::Picture::of(photo),
    }
}
