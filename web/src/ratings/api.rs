//! Rating through the API.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::Photo;
use pawdium_shared::ratings::serving::{Scope, Served};
use pawdium_shared::ratings::{Derpiness, Lane, Shown};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{page, rate};
use crate::api::caller::Caller;
use crate::api::shapes::{ErrorShape, PhotoShape, RatingShape};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::{Json, Path};
use crate::hubs::access::find_hub_at;
use crate::state::App;

/// A photo to rate, with its ballot.
#[derive(Debug, Serialize, ToSchema)]
pub struct BallotShape {
    /// The photo, without its ratings.
    pub photo: PhotoShape,
    /// The permission to rate the photo once, to send back with the rating.
    pub ballot: String,
}

/// A rating.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RateBody {
    /// 1 to 10.
    #[schema(value_type = i64, minimum = 1, maximum = 10)]
    #[serde(default)]
    pub value: serde_json::Value,
    /// The ballot that came with the photo. Optional if the caller has already rated the photo.
    pub ballot: Option<String>,
    /// The slug of the hub whose next photo to answer with; the site's if left out.
    pub hub: Option<String>,
}

/// The result of a rating.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatedShape {
    /// All ratings of the photo, including the caller's.
    pub rating: RatingShape,
    /// The next photo to rate; null when all are rated.
    pub next: Option<BallotShape>,
}

/// Shows the photo to rate. It stays the same until it is rated.
#[utoipa::path(get, path = "/rate/next", tag = "ratings", security(("token" = ["rate"])), responses(
    (status = 200, description = "A photo and its ballot", body = BallotShape),
    (status = 204, description = "All photos are rated"),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn next(State(app): State<App>, caller: Caller) -> Result<Response, Error> {
    serve(&app, &caller, Scope::Site).await
}

/// Shows the photo of a hub to rate. It stays the same until it is rated. The rating counts for the photo everywhere.
#[utoipa::path(get, path = "/hubs/{slug}/rate/next", tag = "hubs", security(("token" = ["rate"])),
    params(("slug" = String, Path, description = "The hub's slug")), responses(
    (status = 200, description = "A photo and its ballot", body = BallotShape),
    (status = 204, description = "All photos of the hub are rated"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 404, description = "No hub that the caller may see", body = ErrorShape),
))]
pub async fn next_in_hub(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Error> {
    let hub = find_hub_at(&app, &caller.visitor(), &slug, &uri).await?;
    serve(&app, &caller, Scope::Hub(hub.id)).await
}

async fn serve(app: &App, caller: &Caller, scope: Scope) -> Result<Response, Error> {
    let served = page::current(app, &caller.visitor(), scope).await?;
    let Some(Served { photo, lane }) = served else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    Ok(match app.photos.call(photo).await? {
        Some(photo) => axum::Json(BallotShape::of(app, caller, photo, lane)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Rates a photo, or changes its rating.
#[utoipa::path(put, path = "/photos/{id}/rating", tag = "ratings", security(("token" = ["rate"])),
    params(("id" = i64, Path, description = "The photo's id")), request_body = RateBody, responses(
    (status = 200, description = "Recorded", body = RatedShape),
    (status = 400, description = "Not a whole number from 1 to 10, or an invalid ballot", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller's own photo, or one that was not served", body = ErrorShape),
    (status = 404, description = "No such photo", body = ErrorShape),
    (status = 429, description = "Too many ratings", body = ErrorShape),
))]
pub async fn rate(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path(photo): Path<PhotoId>,
    Json(body): Json<RateBody>,
) -> Result<axum::Json<RatedShape>, Error> {
    let value = serde_json::from_value::<Derpiness>(body.value).map_err(|_| Error::Field {
        field: "value",
        message: pawdium_shared::ratings::OutOfRange.to_string(),
    })?;
    let visitor = caller.visitor();
    let hub = page::find_hub(&app, &visitor, body.hub.as_deref()).await?;
    let given = (value, body.ballot.as_deref());
    let recorded = rate::record(&app, &visitor, client, photo, given, page::scope(hub.as_ref())).await?;
    let next = async {
        match recorded.next {
            Some(next) => Ok(app.photos.call(next.photo).await?.map(|photo| (photo, next.lane))),
            None => Ok(None),
        }
    };
    let (rated, next) = tokio::try_join!(app.photos.call(photo), next)?;
    let rating = RatingShape { value: Some(value.get()), ..RatingShape::of(&rated.ok_or(Error::NotFound)?) };
    let next = next.map(|(photo, lane)| BallotShape::of(&app, &caller, photo, lane));
    Ok(axum::Json(RatedShape { rating, next }))
}

impl BallotShape {
    fn of(app: &App, caller: &Caller, photo: Photo, lane: Lane) -> Self {
        let key = caller.user.rater_key;
        let ballot = app.ballots.issue(Shown::of(&photo), key, lane, Utc::now());
        Self { photo: PhotoShape::unrated(app, photo), ballot }
    }
}
