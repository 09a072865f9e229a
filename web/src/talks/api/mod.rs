//! Calls for talks through the API.

#![expect(clippy::option_option, reason = "a field that is null differs from one that is left out")]

pub mod board;
pub mod dashboard;
pub mod pitches;
pub mod results;
pub mod shapes;
pub mod votes;

use axum::Json as Answer;
use axum::extract::{OriginalUri, Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use pawdium_shared::hubs;
use pawdium_shared::ids::CallId;
use pawdium_shared::talks::{Phase, calls, lists, readers};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use self::shapes::{CallListShape, CallPageShape, CallShape, TalkShape};
use super::access::{find_call, viewer_of};
use super::acts::{self, WantedCall};
use crate::api::caller::Caller;
use crate::api::paging::{PageParams, given, number};
use crate::api::shapes::{ErrorShape, PagingShape};
use crate::error::Error;
use crate::http::extract::{Json, Path};
use crate::http::visitor::Visitor;
use crate::hubs::access::find_hub_at;
use crate::state::App;

/// A call, or its changes. Fields that are left out have their defaults, or keep their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallBody {
    /// 1 to 120 characters. A new call needs it.
    title: Option<String>,
    /// What it is about, in Markdown, up to 5,000 characters.
    text: Option<String>,
    /// When members begin to pitch; null for when an owner says so. A time that has passed stays.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pitch_from: Option<Option<String>>,
    /// When voting begins.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    voting_from: Option<Option<String>>,
    /// When voting ends.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    closes_at: Option<Option<String>>,
    /// When the result is announced.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    announced_at: Option<Option<String>>,
    /// Who votes: members (of the hub, the default), verified (members of the site) or anybody. It is settled when
    /// voting begins, as are the fields below.
    #[schema(example = "members")]
    voters: Option<String>,
    /// The most votes of a voter, 1 to 100; null for as many as there are talks.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    votes_each: Option<Option<i64>>,
    /// Who sees the counts before the close: hidden (those who have voted, the default) or shown (everybody).
    #[schema(example = "hidden")]
    totals: Option<String>,
    /// Whether authors stay unnamed until the close.
    blind: Option<bool>,
    /// Whether a pitch waits for an owner before others see it.
    moderated: Option<bool>,
    /// The phase that begins now: pitch, voting, closed or announced, forwards only. Not for a new call, which begins
    /// as its times say.
    #[schema(example = "voting")]
    phase: Option<String>,
}

impl CallBody {
    fn wanted(&self) -> Result<WantedCall<'_>, Error> {
        Ok(WantedCall {
            title: self.title.as_deref(),
            text: self.text.as_deref(),
            pitch_from: time("pitch_from", self.pitch_from.as_ref())?,
            voting_from: time("voting_from", self.voting_from.as_ref())?,
            closes_at: time("closes_at", self.closes_at.as_ref())?,
            announced_at: time("announced_at", self.announced_at.as_ref())?,
            voters: self.voters.as_deref(),
            votes_each: self.votes_each,
            totals: self.totals.as_deref(),
            blind: self.blind,
            moderated: self.moderated,
        })
    }
}

/// Selects a page of a call's talks.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct TalkParams {
    /// The page, from 1.
    page: Option<String>,
    /// Talks per page, 1 to 100; all of them if left out.
    limit: Option<String>,
}

/// Tells a field that is null from one that is left out.
fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// The visitor behind an optional token.
fn visitor_of(caller: Option<&Caller>) -> Visitor {
    caller.map_or_else(Visitor::nobody, Caller::visitor)
}

type Time = Option<Option<DateTime<Utc>>>;

fn time(field: &'static str, given: Option<&Option<String>>) -> Result<Time, Error> {
    let Some(Some(text)) = given else { return Ok(given.map(|_| None)) };
    let message = || "Give a time with its offset, as in 2026-05-01T18:00:00Z.".to_owned();
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| Error::Field { field, message: message() })?;
    Ok(Some(Some(time.to_utc())))
}

/// Lists the calls of a hub, newest first. Drafts are listed only for its owners and moderators.
#[utoipa::path(get, path = "/hubs/{slug}/calls", tag = "talks", security((), ("token" = ["read"])),
    params(("slug" = String, Path, description = "The hub"), PageParams), responses(
    (status = 200, description = "A page of the list", body = CallListShape),
    (status = 308, description = "The hub has another slug"),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 401, description = "An invalid token", body = ErrorShape),
    (status = 404, description = "There is no such hub, or it is private", body = ErrorShape),
))]
pub async fn list(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(params): Query<PageParams>,
) -> Result<Answer<CallListShape>, Error> {
    let visitor = visitor_of(caller.as_ref());
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    let page = params.page_of()?;
    let mut db = app.db.acquire().await?;
    let roles = hubs::queries::list_roles(&mut db, hub.id, visitor.id()).await?;
    let found = calls::of_hub(&mut db, hub.id, viewer_of(&visitor, &roles).runs_it).await?;
    let (found, paging) = part(found, page.page, page.limit);
    Ok(Answer(CallListShape {
        data: found.into_iter().map(|call| CallShape::of(call, &hub)).collect(),
        paging,
    }))
}

/// Opens a call in a hub. For its owners.
#[utoipa::path(post, path = "/hubs/{slug}/calls", tag = "talks",
    security(("token" = ["submit"])), request_body = CallBody,
    params(("slug" = String, Path, description = "The hub")), responses(
    (status = 201, description = "The call", body = CallShape),
    (status = 308, description = "The hub has another slug"),
    (status = 400, description = "A field is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such hub, or it is private", body = ErrorShape),
))]
pub async fn open(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Json(body): Json<CallBody>,
) -> Result<(StatusCode, Answer<CallShape>), Error> {
    let visitor = caller.visitor();
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    if body.phase.is_some() {
        let message = "A new call begins as its times say. Move it on when it is made.".to_owned();
        return Err(Error::Field { field: "phase", message });
    }
    let call = acts::open_call(&app, &visitor, hub.id, body.wanted()?).await?;
    let call = calls::find(&mut *app.db.acquire().await?, call).await?.ok_or(Error::NotFound)?;
    Ok((StatusCode::CREATED, Answer(CallShape::of(call, &hub))))
}

/// Shows a call with its talks, in the caller's own order while it takes votes.
#[utoipa::path(get, path = "/calls/{id}", tag = "talks", security((), ("token" = ["read"])),
    params(("id" = i64, Path, description = "The call"), TalkParams), responses(
    (status = 200, description = "The call", body = CallPageShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 401, description = "An invalid token", body = ErrorShape),
    (status = 404, description = "There is no such call, or its hub is private", body = ErrorShape),
))]
pub async fn show(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(call): Path<CallId>,
    Query(params): Query<TalkParams>,
) -> Result<Answer<CallPageShape>, Error> {
    let seen = find_call(&app, &visitor_of(caller.as_ref()), call).await?;
    let page = number("page", params.page.as_ref(), 1, 10_000)?;
    let limit =
        given(params.limit.as_ref()).map(|_| number("limit", params.limit.as_ref(), 25, 100)).transpose()?;
    let mut db = app.db.acquire().await?;
    let talks = lists::talks_for(&mut db, &seen.call, &seen.viewer).await?;
    let (talks, paging) = part(talks, page, limit.unwrap_or(i64::MAX));
    if seen.call.phase == Phase::Voting && !talks.is_empty() {
        let before = limit.map_or(0, |limit| usize::try_from((page - 1) * limit).unwrap_or(usize::MAX));
        readers::record(&mut db, &seen.call, &seen.viewer, before + talks.len()).await?;
    }
    Ok(Answer(CallPageShape {
        call: CallShape::of(seen.call, &seen.hub),
        talks: talks.into_iter().map(TalkShape::of).collect(),
        paging,
    }))
}

/// Changes a call, or moves it on: all of that or nothing. For the hub's owners.
#[utoipa::path(patch, path = "/calls/{id}", tag = "talks", security(("token" = ["submit"])), request_body = CallBody,
    params(("id" = i64, Path, description = "The call")), responses(
    (status = 200, description = "The call as it is now", body = CallShape),
    (status = 400, description = "A field is invalid, or can't change any more", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such call, or its hub is private", body = ErrorShape),
    (status = 409, description = "Somebody else has moved the call on", body = ErrorShape),
))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(call): Path<CallId>,
    Json(body): Json<CallBody>,
) -> Result<Answer<CallShape>, Error> {
    let visitor = caller.visitor();
    let seen = find_call(&app, &visitor, call).await?;
    visitor.member()?;
    seen.require_owner()?;
    let moved = body.phase.as_deref().map(acts::phase).transpose()?.map(|to| (seen.call.phase, to));
    let call = acts::change_call(&app, &visitor, call, body.wanted()?, moved).await?;
    Ok(Answer(CallShape::of(call, &seen.hub)))
}

/// A page of a list that is known as a whole.
fn part<T>(all: Vec<T>, page: i64, limit: i64) -> (Vec<T>, PagingShape) {
    let size = usize::try_from(limit).unwrap_or(usize::MAX).max(1);
    let last_page = i64::try_from(all.len().div_ceil(size)).unwrap_or(i64::MAX).max(1);
    let skipped = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(size);
    (all.into_iter().skip(skipped).take(size).collect(), PagingShape { page, last_page })
}
