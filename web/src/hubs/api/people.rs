//! The people of a hub through the API: roles, members and requests.

use axum::Json as Answer;
use axum::extract::{OriginalUri, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use pawdium_shared::hubs::members::Taken;
use pawdium_shared::hubs::{HubRole, lists, queries, requests};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::shapes::{PendingShape, PeopleShape, PersonShape, RequestsShape};
use super::visitor_of;
use crate::api::caller::Caller;
use crate::api::paging::{given, number};
use crate::api::shapes::{ErrorShape, PagingShape};
use crate::error::Error;
use crate::http::extract::{Json, Path};
use crate::hubs::access::{find_hub_at, find_hub_to_leave};
use crate::hubs::acts::{self, Act};
use crate::state::App;

/// What a member shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberBody {
    /// member or owner.
    #[serde(default)]
    #[schema(example = "member")]
    role: String,
}

/// The answer to a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// Whether the asker becomes a member.
    accept: bool,
}

/// The query of a list of people.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PeopleParams {
    /// subscriber, stargazer, member or owner; members and owners if left out.
    role: Option<String>,
    /// The page, from 1.
    page: Option<String>,
    /// People per page, 1 to 100; 25 if left out.
    limit: Option<String>,
}

/// Gives the caller a role. Twice is once. Membership may need an answer of the owners.
#[utoipa::path(put, path = "/hubs/{slug}/roles/{role}", tag = "hubs", security(("token" = ["submit"])),
    params(("slug" = String, Path, description = "The hub"),
           ("role" = String, Path, description = "subscriber, stargazer, member or owner")), responses(
    (status = 202, description = "The owners have to answer", body = PendingShape),
    (status = 204, description = "The caller has the role"),
    (status = 308, description = "The hub has another slug"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Not registered, not invited, or the hub is archived", body = ErrorShape),
    (status = 404, description = "There is no such hub or role, or the hub is private", body = ErrorShape),
))]
pub async fn take_role(
    State(app): State<App>,
    caller: Caller,
    Path((slug, role)): Path<(String, HubRole)>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Error> {
    let visitor = caller.visitor();
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    Ok(match acts::take(&app, &visitor, hub.id, role).await? {
        Taken::Yes => StatusCode::NO_CONTENT.into_response(),
        Taken::Pending => (StatusCode::ACCEPTED, Answer(PendingShape { pending: true })).into_response(),
    })
}

/// Ends a role of the caller. Giving up `member` withdraws a request, and ends ownership too. A private hub is also found by
/// those who have a role in it without belonging to it.
#[utoipa::path(delete, path = "/hubs/{slug}/roles/{role}", tag = "hubs", security(("token" = ["submit"])),
    params(("slug" = String, Path, description = "The hub"),
           ("role" = String, Path, description = "subscriber, stargazer, member or owner")), responses(
    (status = 204, description = "The caller doesn't have the role"),
    (status = 308, description = "The hub has another slug"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller is not registered", body = ErrorShape),
    (status = 404, description = "There is no such hub or role, or the hub is private", body = ErrorShape),
    (status = 409, description = "The caller is the last owner", body = ErrorShape),
))]
pub async fn drop_role(
    State(app): State<App>,
    caller: Caller,
    Path((slug, role)): Path<(String, HubRole)>,
    OriginalUri(uri): OriginalUri,
) -> Result<StatusCode, Error> {
    let visitor = caller.visitor();
    let hub = find_hub_to_leave(&app, &visitor, &slug, &uri).await?;
    acts::drop_role(&app, &visitor, hub.id, role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the people of a hub.
#[utoipa::path(get, path = "/hubs/{slug}/members", tag = "hubs", security((), ("token" = ["read"])),
    params(("slug" = String, Path, description = "The hub"), PeopleParams), responses(
    (status = 200, description = "A page of the list", body = PeopleShape),
    (status = 308, description = "The hub has another slug"),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 401, description = "An invalid token", body = ErrorShape),
    (status = 404, description = "There is no such hub, or it is private", body = ErrorShape),
))]
pub async fn list_members(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(params): Query<PeopleParams>,
) -> Result<Answer<PeopleShape>, Error> {
    let hub = find_hub_at(&app, &visitor_of(caller.as_ref()), &slug, &uri).await?;
    let roles = match given(params.role.as_ref()) {
        None => vec![HubRole::Owner, HubRole::Member],
        Some(role) => vec![role.parse().map_err(|_| Error::Field {
            field: "role",
            message: "Choose subscriber, stargazer, member or owner.".to_owned(),
        })?],
    };
    let page = number("page", params.page.as_ref(), 1, 10_000)?;
    let limit = number("limit", params.limit.as_ref(), 25, 100)?;
    let listed = lists::people(&mut *app.db.acquire().await?, hub.id, &roles, page, limit).await?;
    Ok(Answer(PeopleShape {
        data: listed.entries.into_iter().map(PersonShape::of).collect(),
        paging: PagingShape { page: listed.page, last_page: listed.last_page },
    }))
}

/// Makes somebody a member or an owner, or an owner a member. For owners.
#[utoipa::path(put, path = "/hubs/{slug}/members/{name}", tag = "hubs", security(("token" = ["submit"])),
    params(("slug" = String, Path, description = "The hub"), ("name" = String, Path, description = "The public name")),
    request_body = MemberBody, responses(
    (status = 204, description = "They have the role"),
    (status = 308, description = "The hub has another slug"),
    (status = 400, description = "The role is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such hub or member, or the hub is private", body = ErrorShape),
    (status = 409, description = "They are the last owner", body = ErrorShape),
))]
pub async fn set_member(
    State(app): State<App>,
    caller: Caller,
    Path((slug, name)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    Json(body): Json<MemberBody>,
) -> Result<StatusCode, Error> {
    let visitor = caller.visitor();
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    let role = body.role.parse().ok().filter(|role: &HubRole| role.is_membership());
    let role =
        role.ok_or_else(|| Error::Field { field: "role", message: "Choose member or owner.".to_owned() })?;
    acts::act_on(&app, &visitor, hub.id, &name, Act::Set(role)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a member. For owners.
#[utoipa::path(delete, path = "/hubs/{slug}/members/{name}", tag = "hubs", security(("token" = ["submit"])),
    params(("slug" = String, Path, description = "The hub"), ("name" = String, Path, description = "The public name")),
    responses(
    (status = 204, description = "They don't belong to the hub"),
    (status = 308, description = "The hub has another slug"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such hub or member, or the hub is private", body = ErrorShape),
    (status = 409, description = "They are the last owner", body = ErrorShape),
))]
pub async fn remove_member(
    State(app): State<App>,
    caller: Caller,
    Path((slug, name)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
) -> Result<StatusCode, Error> {
    let visitor = caller.visitor();
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    acts::act_on(&app, &visitor, hub.id, &name, Act::Remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists who asks to become a member. For owners.
#[utoipa::path(get, path = "/hubs/{slug}/requests", tag = "hubs", security(("token" = ["read"])),
    params(("slug" = String, Path, description = "The hub")), responses(
    (status = 200, description = "The requests", body = RequestsShape),
    (status = 308, description = "The hub has another slug"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub", body = ErrorShape),
    (status = 404, description = "There is no such hub, or it is private", body = ErrorShape),
))]
pub async fn list_requests(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Answer<RequestsShape>, Error> {
    let visitor = caller.visitor();
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    let owner = visitor.member()?.id;
    let mut db = app.db.acquire().await?;
    if !queries::list_roles(&mut db, hub.id, owner).await?.contains(&HubRole::Owner) {
        return Err(pawdium_shared::hubs::Refusal::NotOwner.into());
    }
    Ok(Answer(RequestsShape::of(requests::list(&mut db, hub.id).await?)))
}

/// Accepts or declines a request. The asker gets a mail. For owners.
#[utoipa::path(post, path = "/hubs/{slug}/requests/{name}", tag = "hubs", security(("token" = ["submit"])),
    params(("slug" = String, Path, description = "The hub"), ("name" = String, Path, description = "Who asks")),
    request_body = AnswerBody, responses(
    (status = 204, description = "Answered"),
    (status = 308, description = "The hub has another slug"),
    (status = 400, description = "The answer is malformed", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such hub or request, or the hub is private", body = ErrorShape),
))]
pub async fn answer_request(
    State(app): State<App>,
    caller: Caller,
    Path((slug, name)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    Json(body): Json<AnswerBody>,
) -> Result<StatusCode, Error> {
    let visitor = caller.visitor();
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    acts::act_on(&app, &visitor, hub.id, &name, Act::Answer { accept: body.accept }).await?;
    Ok(StatusCode::NO_CONTENT)
}
