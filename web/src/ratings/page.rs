//! The rating page, which shows one photo until it is rated.

use axum::extract::{OriginalUri, Query, State};
use axum_extra::extract::CookieJar;
use chrono::Utc;
use pawdium_shared::accounts::{self, RaterKey};
use pawdium_shared::cache::Whole;
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::Photo;
use pawdium_shared::photos::cached::PhotoCount;
use pawdium_shared::ratings::queries::HubProgress;
use pawdium_shared::ratings::serving::{self, Scope, Served};
use pawdium_shared::ratings::{self, Lane, Shown};
use serde::Deserialize;

use crate::baked::Asked;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor, pin_cookie};
use crate::hubs::access::{find_hub_at, find_visible_hub};
use crate::photos::find;
use crate::state::App;
use crate::views::Picture;
use crate::views::baked::{BakedHtml, BakedRate, FirstPhoto};
use crate::views::rate::{RateFeedback, RateHub, RatePage, RatePhoto, RateProgress, RateStage};

/// The query of the redirect after a rating without JavaScript.
#[derive(Debug, Deserialize)]
pub struct After {
    /// The photo that was rated.
    rated: Option<String>,
}

/// `GET /`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Query(after): Query<After>,
) -> Result<(CookieJar, Page<RatePage>), Error> {
    show_page(&app, viewing, jar, None, after).await
}

/// `GET /h/{slug}/rate`
pub async fn hub_page(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(after): Query<After>,
) -> Result<(CookieJar, Page<RatePage>), Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    show_page(&app, viewing, jar, Some(&hub), after).await
}

/// How many photos visitors whom the site doesn't know are shown first, each to its share of them. Others take their
/// place after an hour.
pub const FIRST_PHOTOS: u32 = 64;

/// The first page for everybody, with a photo that is drawn for nobody. The same visitors see the same one for an hour.
///
/// # Errors
/// When the database fails.
pub async fn bake(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let hour = Utc::now().timestamp().div_euclid(3600);
    let digest = app.pins.digest(&format!("first photo {} {hour}", asked.variant));
    let key = digest.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
    let drawn = serving::preview(&mut *app.db.acquire().await?, Scope::Site, RaterKey(key)).await?;
    let shown = find::list_live(&app, drawn.as_slice()).await?.pop();
    if drawn.is_some() && shown.is_none() {
        // It has just been hidden. The visitor is served like others.
        return Err(Error::NotFound);
    }
    let total = app.cache.get(&app.db, PhotoCount, Whole).await?;
    let photo =
        shown.map(|photo| FirstPhoto::new(Shown::of(&photo), |ballot| RatePhoto { ballot, ..show(&photo) }));
    asked.bake(&app, BakedRate { photo, total })
}

/// Shows the rating page, of a hub or of the site.
async fn show_page(
    app: &App,
    mut viewing: Viewing,
    jar: CookieJar,
    hub: Option<&Hub>,
    after: After,
) -> Result<(CookieJar, Page<RatePage>), Error> {
    viewing.visitor.renew_key(app).await?;
    let served = current(app, &viewing.visitor, scope(hub)).await?;
    let jar = match (&viewing.visitor.user, served) {
        (None, Some(served)) => {
            // Only the site's photo is pinned; a hub's follows from the key.
            let pinned = if hub.is_some() { viewing.visitor.pinned } else { Some(served.photo) };
            jar.add(pin_cookie(app, viewing.visitor.key, pinned))
        }
        _ => jar,
    };
    let feedback = match after.rated.and_then(|id| id.parse().ok()) {
        Some(photo) => feedback(app, &viewing.visitor, photo).await?,
        None => None,
    };
    let stage = stage(app, &viewing.visitor, hub, served, feedback, None).await?;
    Ok((jar, Page(RatePage { chrome: viewing.chrome, stage })))
}

/// The photos of a hub, or of the whole site.
#[must_use]
pub fn scope(hub: Option<&Hub>) -> Scope {
    hub.map_or(Scope::Site, |hub| Scope::Hub(hub.id))
}

/// The hub that a form names; `None` if it names none, or one that the visitor can't see any more. A rating stands all
/// the same, and the site's next photo follows.
///
/// # Errors
/// When the database fails.
pub async fn find_hub(app: &App, visitor: &Visitor, slug: Option<&str>) -> Result<Option<Hub>, Error> {
    let Some(slug) = slug.filter(|slug| !slug.is_empty()) else { return Ok(None) };
    match find_visible_hub(app, visitor, slug).await {
        Ok(hub) => Ok(Some(hub)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The photo on the visitor's page, picked if there is none yet.
///
/// # Errors
/// When the database fails.
pub async fn current(app: &App, visitor: &Visitor, scope: Scope) -> Result<Option<Served>, Error> {
    match serve(app, visitor, scope).await {
        Err(Error::SessionEnded) => serve(app, &visitor.find_again(app).await?, scope).await,
        served => served,
    }
}

async fn serve(app: &App, visitor: &Visitor, scope: Scope) -> Result<Option<Served>, Error> {
    let served = if let Some(user) = &visitor.user {
        app.servings.current(scope, user.id, visitor.key).await?
    } else {
        let mut db = app.db.acquire().await?;
        let pinned = match visitor.pinned {
            Some(photo) if scope == Scope::Site && serving::ratable(&mut db, photo, visitor.id()).await? => {
                Some(photo)
            }
            _ => serving::preview(&mut db, scope, visitor.key).await?,
        };
        pinned.map(|photo| Served { photo, lane: Lane::Random })
    };
    Ok(served)
}

/// The part of the page that changes with each rating.
///
/// # Errors
/// When the database fails.
pub async fn stage(
    app: &App,
    visitor: &Visitor,
    hub: Option<&Hub>,
    served: Option<Served>,
    feedback: Option<RateFeedback>,
    error: Option<String>,
) -> Result<RateStage, Error> {
    let photo = match served {
        Some(served) => app.photos.call(served.photo).await?.map(|photo| (photo, served.lane)),
        None => None,
    };
    Ok(RateStage {
        photo: photo.map(|(photo, lane)| RatePhoto {
            ballot: app.ballots.issue(Shown::of(&photo), visitor.key, lane, Utc::now()),
            ..show(&photo)
        }),
        feedback,
        progress: progress(app, visitor, hub).await?,
        hub: hub.and_then(|hub| Some(RateHub { slug: hub.slug.clone()?, name: hub.name.clone() })),
        error,
    })
}

async fn progress(app: &App, visitor: &Visitor, hub: Option<&Hub>) -> Result<RateProgress, Error> {
    let mut db = app.db.acquire().await?;
    if let Some(hub) = hub {
        let HubProgress { rated, total } =
            ratings::queries::count_in_hub(&mut db, hub.id, visitor.id()).await?;
        return Ok(RateProgress { rated, total });
    }
    let activity = accounts::queries::count_activity(&mut db, visitor.id()).await?;
    drop(db);
    let live = app.cache.get(&app.db, PhotoCount, Whole).await?;
    let total = (live - activity.photos).max(activity.rated);
    Ok(RateProgress { rated: activity.rated, total })
}

/// Feedback on a rating; `None` if the visitor has not rated that photo.
///
/// # Errors
/// When the database fails.
pub async fn feedback(app: &App, visitor: &Visitor, id: PhotoId) -> Result<Option<RateFeedback>, Error> {
    let value = ratings::queries::find(&mut *app.db.acquire().await?, id, visitor.id()).await?;
    let Some(value) = value else { return Ok(None) };
    let Some(photo) = app.photos.call(id).await? else { return Ok(None) };
    Ok(Some(RateFeedback {
        id: id.0,
        picture: Picture::of(&photo),
        value: value.into(),
        mean: photo.histogram.mean().unwrap_or_default(),
        count: photo.histogram.count(),
        title: photo.title,
    }))
}

/// A photo to rate, without a ballot.
fn show(photo: &Photo) -> RatePhoto {
    RatePhoto {
        id: photo.id.0,
        title: photo.title.clone(),
        alt: photo.alt.clone(),
        species: photo.species.name().to_owned(),
        owner: photo.owner_name.clone(),
        picture: Picture::of(photo),
        ballot: String::new(),
    }
}
