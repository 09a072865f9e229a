//! Rating through the API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::Photo;
use pawdium_shared::ratings::serving::Served;
use pawdium_shared::ratings::{Derpiness, Lane};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{page, rate};
use crate::api::caller::Caller;
use crate::api::shapes::{ErrorShape, PhotoShape, RatingShape};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::{Json, Path};
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
#[utoipa::path(get, path = "/rate/next", tag = "ratings", security(("token" = [])), responses(
    (status = 200, description = "A photo and its ballot", body = BallotShape),
    (status = 204, description = "All photos are rated"),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn next(State(app): State<App>, caller: Caller) -> Result<Response, Error> {
    let served = page::current(&app, &caller.visitor()).await?;
    let Some(Served { photo, lane }) = served else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    Ok(match app.photos.call(photo).await? {
        Some(photo) => axum::Json(BallotShape::of(&app, &caller, photo, lane)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Rates a photo, or changes its rating.
#[utoipa::path(put, path = "/photos/{id}/rating", tag = "ratings", security(("token" = [])),
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
    let recorded = rate::record(&app, &visitor, client, photo, value, body.ballot.as_deref()).await?;
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
        let ballot = app.ballots.issue(photo.id, caller.user.rater_key, lane, Utc::now());
        Self { photo: PhotoShape::unrated(app, photo), ballot }
    }
}
