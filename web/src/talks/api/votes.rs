//! Voting through the API.

use axum::Json as Answer;
use axum::extract::State;
use axum_extra::extract::CookieJar;
use pawdium_shared::ids::TalkId;

use super::shapes::VotedShape;
use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::device::Device;
use crate::http::extract::Path;
use crate::state::App;
use crate::talks::access::find_talk;
use crate::talks::acts::{self, Wish};

/// Votes for a talk, or takes the vote back.
#[utoipa::path(post, path = "/talks/{id}/vote", tag = "talks", security(("token" = ["rate"])),
    params(("id" = i64, Path, description = "The talk")), responses(
    (status = 200, description = "What was done", body = VotedShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller's own talk, not a voter, no vote left, or not in this phase", body = ErrorShape),
    (status = 404, description = "There is no such talk, or its hub is private", body = ErrorShape),
    (status = 429, description = "Too many votes", body = ErrorShape),
))]
pub async fn toggle(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    device: Device,
    Path(talk): Path<TalkId>,
) -> Result<(CookieJar, Answer<VotedShape>), Error> {
    cast(&app, &caller, client, device, talk, Wish::Toggle).await
}

/// Votes for a talk. Twice is once.
#[utoipa::path(put, path = "/talks/{id}/vote", tag = "talks", security(("token" = ["rate"])),
    params(("id" = i64, Path, description = "The talk")), responses(
    (status = 200, description = "The caller votes for it", body = VotedShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller's own talk, not a voter, no vote left, or not in this phase", body = ErrorShape),
    (status = 404, description = "There is no such talk, or its hub is private", body = ErrorShape),
    (status = 429, description = "Too many votes", body = ErrorShape),
))]
pub async fn vote(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    device: Device,
    Path(talk): Path<TalkId>,
) -> Result<(CookieJar, Answer<VotedShape>), Error> {
    cast(&app, &caller, client, device, talk, Wish::Vote).await
}

/// Takes a vote back. Twice is once.
#[utoipa::path(delete, path = "/talks/{id}/vote", tag = "talks", security(("token" = ["rate"])),
    params(("id" = i64, Path, description = "The talk")), responses(
    (status = 200, description = "The caller doesn't vote for it", body = VotedShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller's own talk, or not in this phase", body = ErrorShape),
    (status = 404, description = "There is no such talk, or its hub is private", body = ErrorShape),
    (status = 429, description = "Too many votes", body = ErrorShape),
))]
pub async fn unvote(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    device: Device,
    Path(talk): Path<TalkId>,
) -> Result<(CookieJar, Answer<VotedShape>), Error> {
    cast(&app, &caller, client, device, talk, Wish::Unvote).await
}

/// A token serves a guest as a page does: the site has given it to one caller, and counts how many it gives. The cookie
/// identifies nobody here. It tells the owners which votes came from one browser.
async fn cast(
    app: &App,
    caller: &Caller,
    client: Client,
    device: Device,
    talk: TalkId,
    wish: Wish,
) -> Result<(CookieJar, Answer<VotedShape>), Error> {
    let visitor = caller.visitor();
    find_talk(app, &visitor, talk).await?;
    let from = acts::Source { client, device: Some(device.id), served: true };
    let (voted, _) = acts::vote(app, &visitor, from, talk, wish).await?;
    let jar = CookieJar::new();
    let jar = device.cookie(app).map_or(jar.clone(), |cookie| jar.add(cookie));
    Ok((jar, Answer(voted.into())))
}
