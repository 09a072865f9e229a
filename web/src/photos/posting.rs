//! Photos in hubs: posting and removing them, and a hub's list of photos.

use axum::Json;
use axum::extract::{Form, OriginalUri, Query, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_shared::cache::depend_on;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::hubs::Visibility;
use pawdium_shared::hubs::shown::ShownHub;
use pawdium_shared::ids::{HubId, PhotoId};
use pawdium_shared::paging::{Page as List, PageOf};
use pawdium_shared::photos::hub_photos::{HubPhotoList, PhotoHubs as ShownHubs};
use pawdium_shared::photos::posting::{self, Remover, Showing};
use pawdium_shared::photos::{Photo, PhotoState};
use serde::Deserialize;

use super::place::{LAST_OF_HUB, Place};
use super::show::find_visible;
use super::{find, present};
use crate::api::caller::Caller;
use crate::api::paging::PageParams;
use crate::api::shapes::{ErrorShape, ListShape};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::hubs::access::{find_hub_at, find_visible_hub};
use crate::hubs::head;
use crate::state::App;
use crate::views::hub_photos::{HubPhotosPage, PhotoHub, PhotoHubs};
use crate::views::hubs::{HubTab, Standing};
use crate::views::{HubLink, Paging};

/// Photos per page.
pub(super) const PER_PAGE: i64 = 24;

/// The most hubs for a new photo.
const MOST: usize = 10;

/// The form that names a hub.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HubForm {
    hub: String,
}

/// `POST /photos/{photo}/hubs`
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(photo): Path<PhotoId>,
    Form(form): Form<HubForm>,
) -> Result<(CookieJar, Redirect), Error> {
    add(&app, &visitor, &form.hub, photo).await?;
    Ok((jar.add(Notice::PhotoPosted.cookie()), Redirect::to(&format!("/photos/{photo}"))))
}

/// `POST /photos/{photo}/hubs/remove`
pub async fn unpost(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(photo): Path<PhotoId>,
    Form(form): Form<HubForm>,
) -> Result<(CookieJar, Redirect), Error> {
    remove(&app, &visitor, &form.hub, photo).await?;
    Ok((jar.add(Notice::PhotoUnposted.cookie()), Redirect::to(&format!("/photos/{photo}"))))
}

/// The query of a hub's list. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    page: String,
}

impl ListQuery {
    /// The page, within what is served.
    #[must_use]
    pub fn page_of(&self) -> PageOf {
        PageOf { page: self.page.parse().unwrap_or(1).clamp(1, LAST_OF_HUB), limit: PER_PAGE }
    }
}

/// `GET /h/{slug}/photos`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<ListQuery>,
) -> Result<Page<HubPhotosPage>, Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    let head = head::load(&app, &viewing, &hub, HubTab::Photos).await?;
    let mut list = list(&app, hub.id, query.page_of()).await?;
    if list.page > list.last_page {
        list = self::list(&app, hub.id, PageOf { page: list.last_page, limit: PER_PAGE }).await?;
    }
    let path = hub.path();
    let place = Place::in_hub(&hub, false, list.page);
    Ok(Page(HubPhotosPage {
        chrome: viewing.chrome,
        may_post: !hub.is_archived() && matches!(head.standing, Standing::Member | Standing::Owner),
        head,
        photos: list.photos.iter().map(|photo| present::card_in(&place, photo, false)).collect(),
        paging: Paging::of(list.page, list.last_page, format!("{path}/photos")),
        path,
        name: hub.name,
    }))
}

/// A page of a hub's list.
///
/// # Errors
/// When the database fails.
pub(crate) async fn list(app: &App, hub: HubId, page: PageOf) -> Result<List<Photo>, Error> {
    let list = app.cache.get(&app.db, HubPhotoList(hub), page).await?;
    let photos = find::list_live(app, &list.photos).await?;
    Ok(List { photos, page: list.page, last_page: list.last_page })
}

/// Lists a hub's photos, the latest posted first.
#[utoipa::path(get, path = "/hubs/{slug}/photos", tag = "hubs", security((), ("token" = ["read"])),
    params(("slug" = String, Path, description = "The hub's slug"), PageParams), responses(
    (status = 200, description = "A page of the list", body = ListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 404, description = "No hub that the caller may see", body = ErrorShape),
))]
pub async fn list_photos(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(params): Query<PageParams>,
) -> Result<Json<ListShape>, Error> {
    let visitor = caller.as_ref().map_or_else(Visitor::nobody, Caller::visitor);
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    let list = list(&app, hub.id, params.page_of()?).await?;
    Ok(Json(ListShape::of(&app, list)))
}

/// Posts one of the caller's photos to a hub of which the caller is a member. A photo that isn't live yet appears there
/// when it is. The photo stays visible on the whole site.
#[utoipa::path(put, path = "/hubs/{slug}/photos/{id}", tag = "hubs", security(("token" = ["submit"])),
    params(("slug" = String, Path, description = "The hub's slug"), ("id" = i64, Path, description = "The photo's id")),
    responses(
    (status = 204, description = "The hub has the photo"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Somebody else's photo, not a member, or an archived hub", body = ErrorShape),
    (status = 404, description = "No hub or no photo that the caller may see", body = ErrorShape),
))]
pub async fn put_photo(
    State(app): State<App>,
    caller: Caller,
    Path((slug, photo)): Path<(String, PhotoId)>,
) -> Result<StatusCode, Error> {
    add(&app, &caller.visitor(), &slug, photo).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a photo from a hub. The photo's owner, the hub's owners and moderators may. The photo stays on the site.
#[utoipa::path(delete, path = "/hubs/{slug}/photos/{id}", tag = "hubs",
    security(("token" = ["submit"]), ("token" = ["moderate"])),
    params(("slug" = String, Path, description = "The hub's slug"), ("id" = i64, Path, description = "The photo's id")),
    responses(
    (status = 204, description = "The hub doesn't have the photo"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Somebody else's photo, or an archived hub", body = ErrorShape),
    (status = 404, description = "No hub or no photo that the caller may see", body = ErrorShape),
))]
pub async fn delete_photo(
    State(app): State<App>,
    caller: Caller,
    Path((slug, photo)): Path<(String, PhotoId)>,
) -> Result<StatusCode, Error> {
    remove(&app, &caller.visitor(), &slug, photo).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add(app: &App, visitor: &Visitor, slug: &str, photo: PhotoId) -> Result<(), Error> {
    let hub = find_visible_hub(app, visitor, slug).await?.id;
    find_visible(app, visitor, photo).await?;
    let actor = visitor.member()?.id;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        posting::post(&mut tx, hub, photo, actor).await?;
        Ok(tx.commit().await?)
    })
    .await
}

async fn remove(app: &App, visitor: &Visitor, slug: &str, photo: PhotoId) -> Result<(), Error> {
    let id = visitor.member()?.id;
    let hub = find_showing(app, visitor, slug, photo).await?;
    let remover = Remover { id, moderator: visitor.actor().filter(|_| visitor.moderates()) };
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        posting::remove(&mut tx, hub, photo, remover).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// The hub from which a photo is to be removed. A photo's owner may do that also where they can't see the hub any more.
async fn find_showing(app: &App, visitor: &Visitor, slug: &str, photo: PhotoId) -> Result<HubId, Error> {
    match find_visible_hub(app, visitor, slug).await {
        Err(Error::NotFound) => {}
        found => return Ok(found?.id),
    }
    let photo = find_visible(app, visitor, photo).await?;
    if photo.owner != visitor.id() {
        return Err(Error::NotFound);
    }
    let mut db = app.db.acquire().await?;
    let hubs = posting::list_hubs(&mut db, photo.id, visitor.id(), false, true).await?;
    let showing = hubs.into_iter().find(|hub| hub.shows && hub.slug == slug);
    Ok(showing.ok_or(Error::NotFound)?.hub)
}

/// Finds the hubs that a submission names, in the order in which they must be locked.
///
/// # Errors
/// Names a hub that the visitor may not see.
pub(super) async fn find_named(app: &App, visitor: &Visitor, slugs: &str) -> Result<Vec<HubId>, Error> {
    let refused = |message| Error::Field { field: "hubs", message };
    let mut slugs: Vec<_> = slugs.split(',').map(str::trim).filter(|slug| !slug.is_empty()).collect();
    slugs.sort_unstable();
    slugs.dedup();
    if slugs.len() > MOST {
        return Err(refused(format!("Choose at most {MOST} hubs.")));
    }
    let mut hubs = Vec::with_capacity(slugs.len());
    for slug in slugs {
        match find_visible_hub(app, visitor, slug).await {
            Ok(hub) => hubs.push(hub.id),
            Err(Error::NotFound) => {
                return Err(refused("One of these hubs doesn't exist. Choose from yours.".to_owned()));
            }
            Err(error) => return Err(error),
        }
    }
    hubs.sort_unstable();
    Ok(hubs)
}

/// The public hubs that show a photo, each with its slug as the path.
pub(super) async fn public_hubs_of(app: &App, photo: &Photo) -> Result<Vec<HubLink>, Error> {
    depend_on(ShownHubs(photo.id));
    let nobody = Visitor::nobody();
    let mut db = app.db.acquire().await?;
    let hubs = posting::list_hubs(&mut db, photo.id, nobody.id(), false, false).await?;
    drop(db);
    let shown = hubs.into_iter().filter(|hub| hub.shows && hub.visibility == Visibility::Public);
    Ok(shown
        .map(|hub| {
            depend_on(ShownHub(hub.hub));
            HubLink { name: hub.name, path: hub.slug }
        })
        .collect())
}

/// What a photo's page shows of hubs.
pub(super) async fn hubs_of(app: &App, visitor: &Visitor, photo: &Photo) -> Result<PhotoHubs, Error> {
    let own = visitor.id() == photo.owner;
    let (is_member, moderates) = (visitor.member().is_ok(), visitor.moderates());
    let may_post = own && is_member && photo.state != PhotoState::Hidden;
    let mut db = app.db.acquire().await?;
    let hubs = posting::list_hubs(&mut db, photo.id, visitor.id(), moderates, may_post).await?;
    drop(db);
    let (showing, others): (Vec<_>, Vec<_>) = hubs.into_iter().partition(|hub| hub.shows);
    let present = |hub: Showing| PhotoHub {
        is_private: hub.visibility == Visibility::Private,
        may_visit: hub.visibility == Visibility::Public || hub.is_member || moderates,
        may_remove: moderates || (!hub.is_archived && (is_member && own || hub.is_owner)),
        slug: hub.slug,
        name: hub.name,
    };
    Ok(PhotoHubs {
        id: photo.id.0,
        showing: showing.into_iter().map(present).collect(),
        others: others.into_iter().map(present).collect(),
    })
}
