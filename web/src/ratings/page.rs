//! The rating page, which shows one photo until it is rated.

use axum::extract::{Query, State};
use axum_extra::extract::CookieJar;
use chrono::Utc;
use pawdium_shared::accounts;
use pawdium_shared::cache::Whole;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::Photo;
use pawdium_shared::photos::cached::PhotoCount;
use pawdium_shared::ratings::serving::{self, Served};
use pawdium_shared::ratings::{self, Lane};
use serde::Deserialize;

use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor, pin_cookie};
use crate::views::Picture;
use crate::state::App;
use crate::views::rate::{RateFeedback, RatePage, RatePhoto, RateProgress, RateStage};

/// The query of the redirect after a rating without JavaScript.
#[derive(Debug, Deserialize)]
pub struct After {
    /// The photo that was rated.
    rated: Option<String>,
}

/// `GET /`
pub async fn page(
    State(app): State<App>,
    mut viewing: Viewing,
    jar: CookieJar,
    Query(after): Query<After>,
) -> Result<(CookieJar, Page<RatePage>), Error> {
    viewing.visitor.renew_key(&app).await?;
    let served = current(&app, &viewing.visitor).await?;
    let jar = match (&viewing.visitor.user, served) {
        (None, Some(served)) => jar.add(pin_cookie(&app, viewing.visitor.key, Some(served.photo))),
        _ => jar,
    };
    let feedback = match after.rated.and_then(|id| id.parse().ok()) {
        Some(photo) => feedback(&app, &viewing.visitor, photo).await?,
        None => None,
    };
    let stage = stage(&app, &viewing.visitor, served, feedback, None).await?;
    Ok((jar, Page(RatePage { chrome: viewing.chrome, stage })))
}

/// The photo on the visitor's page, picked if there is none yet.
///
/// # Errors
/// When the database fails.
pub async fn current(app: &App, visitor: &Visitor) -> Result<Option<Served>, Error> {
    match serve(app, visitor).await {
        Err(Error::SessionEnded) => serve(app, &visitor.find_again(app).await?).await,
        served => served,
    }
}

async fn serve(app: &App, visitor: &Visitor) -> Result<Option<Served>, Error> {
    let served = if let Some(user) = &visitor.user {
        app.servings.current(user.id, visitor.key).await?
    } else {
        let mut db = app.db.acquire().await?;
        let pinned = match visitor.pinned {
            Some(photo) if serving::ratable(&mut db, photo, visitor.id()).await? => Some(photo),
            _ => serving::preview(&mut db, visitor.key).await?,
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
    served: Option<Served>,
    feedback: Option<RateFeedback>,
    error: Option<String>,
) -> Result<RateStage, Error> {
    let photo = match served {
        Some(served) => app.photos.call(served.photo).await?.map(|photo| (photo, served.lane)),
        None => None,
    };
    let activity = accounts::queries::count_activity(&mut *app.db.acquire().await?, visitor.id()).await?;
    let live = app.cache.get(&app.db, PhotoCount, Whole).await?;
    let total = (live - activity.photos).max(activity.ratings_cast);
    Ok(RateStage {
        photo: photo.map(|(photo, lane)| show(app, visitor, &photo, lane)),
        feedback,
        progress: RateProgress { rated: activity.ratings_cast, total },
        error,
    })
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

fn show(app: &App, visitor: &Visitor, photo: &Photo, lane: Lane) -> RatePhoto {
    RatePhoto {
        id: photo.id.0,
        title: photo.title.clone(),
        alt: photo.alt.clone(),
        species: photo.species.name().to_owned(),
        owner: photo.owner_name.clone(),
        picture: Picture::of(photo),
        ballot: app.ballots.issue(photo.id, visitor.key, lane, Utc::now()),
    }
}
