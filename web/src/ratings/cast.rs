//! The ratings that the visitor has cast: seeing them, changing them, and taking them back.

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use chrono::{DateTime, Utc};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::ratings::Derpiness;
use pawdium_shared::ratings::cast::{self, Cast, Position};
use pawdium_shared::ratings::serving::Scope;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::rate;
use crate::api::caller::Caller;
use crate::api::paging::{given, number};
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::photos::find;
use crate::state::App;
use crate::views::Picture;
use crate::views::ratings::{CastLine, CastPage, CastPhoto};

/// Ratings on a page.
const PER_PAGE: i64 = 24;

/// The query of the page. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    /// The last rating before those on this page.
    before: String,
}

/// `GET /ratings`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Query(query): Query<PageQuery>,
) -> Result<Page<CastPage>, Error> {
    let before = query.before.parse().ok();
    let (found, older) = load(&app, viewing.visitor.id(), before, PER_PAGE).await?;
    let ids: Vec<_> = found.iter().map(|rating| rating.photo).collect();
    let photos = find::list_live(&app, &ids).await?;
    let line = |rating: Cast| CastLine {
        photo: rating.photo.0,
        value: rating.value.into(),
        rated_at: rating.rated_at,
        shown: photos.iter().find(|photo| photo.id == rating.photo).map(|photo| CastPhoto {
            title: photo.title.clone(),
            alt: photo.alt.clone(),
            picture: Picture::of(photo),
        }),
    };
    Ok(Page(CastPage {
        lines: found.into_iter().map(line).collect(),
        before: before.map(|before| before.to_string()),
        older: older.map(|older| older.to_string()),
        chrome: viewing.chrome,
    }))
}

/// Loads a page of ratings, and the place after which the next begins; `None` if that is all.
async fn load(
    app: &App,
    rater: UserId,
    after: Option<Position>,
    limit: i64,
) -> Result<(Vec<Cast>, Option<Position>), Error> {
    let mut found = cast::list(&mut *app.db.acquire().await?, rater, after, limit + 1).await?;
    let is_more = i64::try_from(found.len()).is_ok_and(|length| length > limit);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| is_more).map(Cast::position);
    Ok((found, next))
}

/// The form of a rating on the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CastForm {
    /// `change` or `take-back`.
    act: String,
    value: String,
    /// The page to go back to.
    before: String,
}

/// `POST /ratings/{photo}`: changes a rating of the visitor's, or takes it back.
pub async fn act(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
    Path(photo): Path<PhotoId>,
    Form(form): Form<CastForm>,
) -> Result<(CookieJar, Redirect), Error> {
    if visitor.user.is_none() {
        return Err(Error::SessionEnded);
    }
    let notice = match form.act.as_str() {
        "change" => {
            let value = form.value.parse::<Derpiness>();
            let refused = |message: String| Error::Field { field: "value", message };
            let value = value.map_err(|error| refused(error.to_string()))?;
            rate::record(&app, &visitor, client, photo, (value, None), Scope::Site).await?;
            Notice::RatingChanged
        }
        "take-back" => {
            take_back(&app, &visitor, client, photo).await?;
            Notice::RatingTakenBack
        }
        _ => return Err(Error::Refused("Choose change or take-back.".to_owned())),
    };
    let page = match form.before.parse::<Position>() {
        Ok(before) => format!("/ratings?before={before}"),
        Err(_) => "/ratings".to_owned(),
    };
    Ok((jar.add(notice.cookie()), Redirect::to(&page)))
}

/// Takes a rating of the visitor's back. Does nothing if there is none.
async fn take_back(app: &App, visitor: &Visitor, client: Client, photo: PhotoId) -> Result<(), Error> {
    app.pace.count(visitor.key, client)?;
    let rater = visitor.id();
    let taken = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        cast::take_back(&mut tx, photo, rater).await?;
        tx.commit().await
    });
    Ok(taken.await?)
}

/// A rating of the caller's.
#[derive(Debug, Serialize, ToSchema)]
pub struct CastShape {
    /// The photo's id.
    pub photo: i64,
    /// 1 to 10.
    pub value: i64,
    /// When it was given, or last changed.
    pub rated_at: DateTime<Utc>,
}

/// The caller's ratings.
#[derive(Debug, Serialize, ToSchema)]
pub struct CastsShape {
    /// The ratings, newest first.
    pub data: Vec<CastShape>,
    /// The position in the list.
    pub paging: CastPaging,
}

/// The position in a list of ratings.
#[derive(Debug, Serialize, ToSchema)]
pub struct CastPaging {
    /// The value of `before` for the next page; null if this is the last.
    pub next: Option<String>,
}

/// Selects a page of ratings.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CastParams {
    /// Where the page begins, as `paging.next` says it.
    before: Option<String>,
    /// Ratings per page, 1 to 100; 25 if left out.
    limit: Option<String>,
}

/// The ratings that the caller has cast, newest first.
#[utoipa::path(get, path = "/users/me/ratings", tag = "ratings", security(("token" = ["read"])),
    params(CastParams), responses(
    (status = 200, description = "A page of ratings", body = CastsShape),
    (status = 400, description = "before or limit is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(params): Query<CastParams>,
) -> Result<axum::Json<CastsShape>, Error> {
    let limit = number("limit", params.limit.as_ref(), 25, 100)?;
    let unknown = |_| Error::Field { field: "before", message: "Give the value of paging.next.".to_owned() };
    let before = given(params.before.as_ref()).map(str::parse::<Position>).transpose().map_err(unknown)?;
    let (found, next) = load(&app, caller.user.id, before, limit).await?;
    let shape = |rating: Cast| CastShape {
        photo: rating.photo.0,
        value: rating.value.into(),
        rated_at: rating.rated_at,
    };
    let paging = CastPaging { next: next.map(|next| next.to_string()) };
    Ok(axum::Json(CastsShape { data: found.into_iter().map(shape).collect(), paging }))
}

/// Takes back the caller's rating of a photo, as if it had never been given. The photo comes again when all others are
/// rated.
#[utoipa::path(delete, path = "/photos/{id}/rating", tag = "ratings", security(("token" = ["rate"])),
    params(("id" = i64, Path, description = "The photo's id")), responses(
    (status = 204, description = "Gone, or never there"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 429, description = "Too many ratings", body = ErrorShape),
))]
pub async fn undo(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path(photo): Path<PhotoId>,
) -> Result<StatusCode, Error> {
    take_back(&app, &caller.visitor(), client, photo).await?;
    Ok(StatusCode::NO_CONTENT)
}
