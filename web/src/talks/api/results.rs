//! Results and receipts through the API.

use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use pawdium_shared::ids::CallId;
use pawdium_shared::talks::receipts::{self, VoteReceipt};
use pawdium_shared::talks::results::{self, Results, TalkResult};
use serde::Serialize;
use utoipa::ToSchema;

use super::visitor_of;
use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::extract::Path;
use crate::state::App;
use crate::talks::access::{SeenCall, find_call};
use crate::talks::freezes;

/// The result of a call.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultsShape {
    /// The talks by votes, and those with equally many by title.
    pub talks: Vec<TalkResultShape>,
    /// How many voted, without guests.
    pub voters: i32,
    /// How many guests voted.
    pub guests: i32,
    /// BLAKE3 over the list of receipts, in hexadecimal digits.
    pub hash: String,
    /// When the result was frozen.
    pub frozen_at: DateTime<Utc>,
    /// The Gini coefficient of how often talks were shown to those who voted: 0 if all were shown equally often.
    pub gini: f64,
    /// χ² of these numbers against equal ones.
    pub chi_square: f64,
    /// Its degrees of freedom.
    pub degrees: i32,
}

/// A talk in a result.
#[derive(Debug, Serialize, ToSchema)]
pub struct TalkResultShape {
    /// The talk's id.
    pub id: i64,
    /// The title; null if the talk was hidden since.
    pub title: Option<String>,
    /// The votes, without guests'.
    pub votes: i32,
    /// The guests' votes.
    pub guest_votes: i32,
    /// The part of the voters who voted for it, without guests: 0 to 1.
    pub share: f64,
    /// The place; talks with equally many votes share one.
    pub place: i32,
    /// To whom it was shown.
    pub exposure: ExposureShape,
}

/// How a talk was shown to those who voted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExposureShape {
    /// To how many of them.
    pub shown: i32,
    /// At which place on average; null if to none.
    pub mean_place: Option<f64>,
}

impl From<TalkResult> for TalkResultShape {
    fn from(talk: TalkResult) -> Self {
        Self {
            id: talk.id.0,
            title: talk.title,
            votes: talk.votes,
            guest_votes: talk.guest_votes,
            share: talk.share,
            place: talk.place,
            exposure: ExposureShape { shown: talk.shown, mean_place: talk.mean_place },
        }
    }
}

impl From<Results> for ResultsShape {
    fn from(results: Results) -> Self {
        Self {
            talks: results.talks.into_iter().map(TalkResultShape::from).collect(),
            voters: results.voters,
            guests: results.guests,
            hash: results.hash,
            frozen_at: results.frozen_at,
            gini: results.gini,
            chi_square: results.chi_square,
            degrees: results.degrees,
        }
    }
}

/// The caller's votes with their receipts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptsShape {
    /// The voter's id, over which a receipt is computed.
    pub voter: i64,
    /// The votes, the first first.
    pub data: Vec<ReceiptShape>,
    /// BLAKE3 over the published list of receipts; null before the close.
    pub hash: Option<String>,
}

/// A vote with its receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptShape {
    /// The talk's id.
    pub talk: i64,
    /// Its title; null if it is hidden. Votes for a talk that is hidden at the close aren't counted.
    pub title: Option<String>,
    /// When the vote was cast.
    pub at: DateTime<Utc>,
    /// The key of the receipt, 16 bytes in hexadecimal digits.
    pub nonce: String,
    /// The receipt: BLAKE3 over the ids of call, talk and voter in decimal digits with a space between them, keyed by
    /// the nonce and 16 bytes of 0, in hexadecimal digits.
    pub receipt: String,
    /// Why the owners have set the vote aside; null unless they have.
    pub set_aside: Option<String>,
    /// Whether the receipt is in the list that was published at the close.
    pub published: bool,
}

impl From<VoteReceipt> for ReceiptShape {
    fn from(vote: VoteReceipt) -> Self {
        Self {
            talk: vote.talk.0,
            title: vote.title,
            at: vote.at,
            nonce: vote.nonce,
            receipt: vote.receipt,
            set_aside: vote.set_aside,
            published: vote.published,
        }
    }
}

/// Shows the result of a call that has closed.
#[utoipa::path(get, path = "/calls/{id}/results", tag = "talks", security((), ("token" = ["read"])),
    params(("id" = i64, Path, description = "The call")), responses(
    (status = 200, description = "The result", body = ResultsShape),
    (status = 401, description = "An invalid token", body = ErrorShape),
    (status = 403, description = "The call hasn't closed", body = ErrorShape),
    (status = 404, description = "There is no such call, or its hub is private", body = ErrorShape),
    (status = 503, description = "The votes are still being counted after 20 seconds", body = ErrorShape),
))]
pub async fn show(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(call): Path<CallId>,
) -> Result<Answer<ResultsShape>, Error> {
    let seen = find_call(&app, &visitor_of(caller.as_ref()), call).await?;
    Ok(Answer(find_results(&app, &seen, freezes::PATIENTLY).await?.into()))
}

/// The result of a call. The first to ask after the close freezes it, if the tally hasn't yet.
///
/// # Errors
/// [`Error::OutOfTurn`] before the close, and [`Error::Counting`] if counting takes longer than that.
pub(crate) async fn find_results(app: &App, seen: &SeenCall, patience: Duration) -> Result<Results, Error> {
    if !seen.call.phase.is_over() {
        return Err(Error::OutOfTurn("The call hasn't closed, so there is no result yet.".to_owned()));
    }
    let call = seen.call.id;
    if seen.call.frozen_at.is_none() {
        app.freezes.wait(app, call, patience).await;
    }
    results::find(&mut *app.db.acquire().await?, call).await?.ok_or(Error::Counting)
}

/// Shows the caller's votes in a call with their receipts, by which they find them in the published list.
#[utoipa::path(get, path = "/calls/{id}/receipts", tag = "talks", security(("token" = ["read"])),
    params(("id" = i64, Path, description = "The call")), responses(
    (status = 200, description = "The receipts", body = ReceiptsShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 404, description = "There is no such call, or its hub is private", body = ErrorShape),
))]
pub async fn own_receipts(
    State(app): State<App>,
    caller: Caller,
    Path(call): Path<CallId>,
) -> Result<Answer<ReceiptsShape>, Error> {
    let seen = find_call(&app, &caller.visitor(), call).await?;
    let hash = match find_results(&app, &seen, freezes::PATIENTLY).await {
        Ok(results) => Some(results.hash),
        Err(Error::OutOfTurn(_) | Error::Counting) => None,
        Err(error) => return Err(error),
    };
    let votes = receipts::of_voter(&mut *app.db.acquire().await?, call, caller.user.id).await?;
    let data = votes.into_iter().map(ReceiptShape::from).collect();
    Ok(Answer(ReceiptsShape { voter: caller.user.id.0, data, hash }))
}

/// The list of all receipts that was published at the close. BLAKE3 over this text is the call's hash.
#[utoipa::path(get, path = "/calls/{id}/receipts.txt", tag = "talks", security((), ("token" = ["read"])),
    params(("id" = i64, Path, description = "The call")), responses(
    (status = 200, description = "A line for each vote: the talk's id, the receipt, and `guest` for a guest's", body = String,
     content_type = "text/plain"),
    (status = 401, description = "An invalid token", body = ErrorShape),
    (status = 403, description = "The call hasn't closed", body = ErrorShape),
    (status = 404, description = "There is no such call, or its hub is private", body = ErrorShape),
    (status = 503, description = "The votes are still being counted after 20 seconds", body = ErrorShape),
))]
pub async fn all_receipts(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(call): Path<CallId>,
) -> Result<Response, Error> {
    let seen = find_call(&app, &visitor_of(caller.as_ref()), call).await?;
    find_results(&app, &seen, freezes::PATIENTLY).await?;
    let text = receipts::text(&mut *app.db.acquire().await?, call).await?.ok_or(Error::NotFound)?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
