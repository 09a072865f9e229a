//! Hubs through the API.

pub mod feed;
pub mod people;
pub mod shapes;
pub mod widget_shapes;
pub mod widgets;

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{OriginalUri, Query, State};
use axum::http::StatusCode;
use pawdium_shared::hubs::facts::list_roles;
use pawdium_shared::hubs::lists::{self, HubFilter, HubSort};
use pawdium_shared::hubs::{Hub, queries};
use pawdium_shared::ids::UserId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use self::shapes::{HubListShape, HubPageShape, HubShape};
use super::access::find_hub_at;
use super::acts::{self, Wanted};
use super::facts;
use crate::api::caller::Caller;
use crate::api::paging::{given, number};
use crate::api::shapes::{ErrorShape, PagingShape};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::{Json, Path};
use crate::http::visitor::Visitor;
use crate::state::App;

/// The most characters of a search.
const LONGEST_SEARCH: usize = 100;

/// A new hub.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHubBody {
    /// The word in its URL: 2 to 49 letters from a to z or digits, with single hyphens between them.
    #[serde(default)]
    #[schema(example = "orange-cats")]
    slug: String,
    /// 1 to 80 characters.
    #[serde(default)]
    name: String,
    /// One sentence, up to 280 characters.
    summary: Option<String>,
    /// Who may become a member: open (everybody, the default), request or invite.
    #[schema(example = "open")]
    join: Option<String>,
    /// public (the default) or private.
    #[schema(example = "public")]
    visibility: Option<String>,
}

/// Changes of a hub. Fields that are left out keep their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HubBody {
    /// Another word in its URL. The former one redirects from then on.
    slug: Option<String>,
    /// Another name.
    name: Option<String>,
    /// Another sentence.
    summary: Option<String>,
    /// open, request or invite.
    join: Option<String>,
    /// public or private.
    visibility: Option<String>,
    /// Whether nothing in it can change.
    archived: Option<bool>,
    /// The zone in which its pages show times and its owners write them, as in the IANA's database.
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
}

/// The query of a list of hubs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct HubListParams {
    /// Text in the name, the slug or the summary.
    q: Option<String>,
    /// `active` (default), `new` or `name`.
    sort: Option<String>,
    /// The page, from 1.
    page: Option<String>,
    /// Hubs per page, 1 to 100; 25 if left out.
    limit: Option<String>,
}

impl HubListParams {
    fn filter(&self, own: bool) -> Result<HubFilter, Error> {
        let text = given(self.q.as_ref()).unwrap_or_default().trim();
        if text.contains('\0') || text.chars().count() > LONGEST_SEARCH {
            let message = format!("Search for up to {LONGEST_SEARCH} characters of plain text.");
            return Err(Error::Field { field: "q", message });
        }
        let sort = match given(self.sort.as_ref()) {
            None if own => HubSort::Name,
            None => HubSort::default(),
            Some(sort) => sort.parse().map_err(|_| Error::Field {
                field: "sort",
                message: "Choose active, new or name.".to_owned(),
            })?,
        };
        Ok(HubFilter { text: text.to_owned(), sort, own })
    }
}

/// The visitor behind an optional token.
pub(super) fn visitor_of(caller: Option<&Caller>) -> Visitor {
    caller.map_or_else(Visitor::nobody, Caller::visitor)
}

/// Lists hubs. Private ones are listed only for their members.
#[utoipa::path(get, path = "/hubs", tag = "hubs", security((), ("token" = ["read"])), params(HubListParams), responses(
    (status = 200, description = "A page of the list", body = HubListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 401, description = "An invalid token", body = ErrorShape),
))]
pub async fn list(
    State(app): State<App>,
    caller: Option<Caller>,
    Query(params): Query<HubListParams>,
) -> Result<Answer<HubListShape>, Error> {
    list_for(&app, visitor_of(caller.as_ref()).id(), &params, false).await
}

/// Lists the hubs in which the caller has a role, by name.
#[utoipa::path(get, path = "/users/me/hubs", tag = "hubs",
    security(("token" = ["read"])), params(HubListParams), responses(
    (status = 200, description = "A page of the list", body = HubListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn list_own(
    State(app): State<App>,
    caller: Caller,
    Query(params): Query<HubListParams>,
) -> Result<Answer<HubListShape>, Error> {
    list_for(&app, caller.user.id, &params, true).await
}

async fn list_for(
    app: &App,
    viewer: UserId,
    params: &HubListParams,
    own: bool,
) -> Result<Answer<HubListShape>, Error> {
    let filter = params.filter(own)?;
    let page = number("page", params.page.as_ref(), 1, 10_000)?;
    let limit = number("limit", params.limit.as_ref(), 25, 100)?;
    let mut db = app.db.acquire().await?;
    let listed = lists::list(&mut db, viewer, &filter, page, limit).await?;
    let ids: Vec<_> = listed.entries.iter().map(|hub| hub.id).collect();
    let mut roles = list_roles(&mut db, &ids, viewer).await?;
    drop(db);
    let mut facts = facts::find_each(app, &ids).await?;
    let shape = |hub: Hub| {
        let facts = facts.remove(&hub.id).unwrap_or_default();
        let roles = roles.remove(&hub.id).unwrap_or_default();
        HubShape::of(hub, facts, roles)
    };
    let data = listed.entries.into_iter().map(shape).collect();
    Ok(Answer(HubListShape { data, paging: PagingShape { page: listed.page, last_page: listed.last_page } }))
}

/// Makes a hub. The caller becomes its owner.
#[utoipa::path(post, path = "/hubs", tag = "hubs",
    security(("token" = ["submit"])), request_body = NewHubBody, responses(
    (status = 201, description = "The hub", body = HubShape),
    (status = 400, description = "A field is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller is not registered", body = ErrorShape),
    (status = 409, description = "The slug is taken", body = ErrorShape),
    (status = 429, description = "Too many new hubs", body = ErrorShape),
))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Json(body): Json<NewHubBody>,
) -> Result<(StatusCode, Answer<HubShape>), Error> {
    let wanted = Wanted {
        slug: Some(&body.slug),
        name: Some(&body.name),
        summary: body.summary.as_deref(),
        join: body.join.as_deref(),
        visibility: body.visibility.as_deref(),
        archived: None,
        time_zone: None,
    };
    let id = acts::create(&app, &caller.visitor(), client, wanted).await?;
    let hub = queries::find(&mut *app.db.acquire().await?, id).await?.ok_or(Error::NotFound)?;
    Ok((StatusCode::CREATED, Answer(shape(&app, hub, caller.user.id).await?)))
}

/// Shows a hub.
#[utoipa::path(get, path = "/hubs/{slug}", tag = "hubs", security((), ("token" = ["read"])),
    params(("slug" = String, Path, description = "The word in its URL")), responses(
    (status = 200, description = "The hub", body = HubPageShape),
    (status = 308, description = "The hub has another slug"),
    (status = 401, description = "An invalid token", body = ErrorShape),
    (status = 404, description = "There is no such hub, or it is private", body = ErrorShape),
))]
pub async fn show(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Answer<HubPageShape>, Error> {
    let visitor = visitor_of(caller.as_ref());
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    let hub = Arc::new(hub);
    let widgets = widgets::shapes(&app, &visitor, &hub).await?;
    let layout_version = hub.layout_version;
    let hub = shape(&app, Arc::unwrap_or_clone(hub), visitor.id()).await?;
    Ok(Answer(HubPageShape { hub, layout_version, widgets }))
}

/// Changes a hub: all given fields or none. For its owners.
#[utoipa::path(patch, path = "/hubs/{slug}", tag = "hubs", security(("token" = ["submit"])), request_body = HubBody,
    params(("slug" = String, Path, description = "The word in its URL")), responses(
    (status = 200, description = "The hub as it is now", body = HubShape),
    (status = 308, description = "The hub has another slug"),
    (status = 400, description = "A field is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such hub, or it is private", body = ErrorShape),
    (status = 409, description = "The slug is taken", body = ErrorShape),
))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Json(body): Json<HubBody>,
) -> Result<Answer<HubShape>, Error> {
    let visitor = caller.visitor();
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    let wanted = Wanted {
        slug: body.slug.as_deref(),
        name: body.name.as_deref(),
        summary: body.summary.as_deref(),
        join: body.join.as_deref(),
        visibility: body.visibility.as_deref(),
        archived: body.archived,
        time_zone: body.time_zone.as_deref(),
    };
    let hub = acts::update(&app, &visitor, hub.id, wanted).await?;
    Ok(Answer(shape(&app, hub, visitor.id()).await?))
}

/// Deletes a hub. Its photos stay. For its owners and moderators.
#[utoipa::path(delete, path = "/hubs/{slug}", tag = "hubs", security(("token" = ["submit"]), ("token" = ["moderate"])),
    params(("slug" = String, Path, description = "The word in its URL")), responses(
    (status = 204, description = "Gone"),
    (status = 308, description = "The hub has another slug"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub", body = ErrorShape),
    (status = 404, description = "There is no such hub, or it is private", body = ErrorShape),
))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<StatusCode, Error> {
    let visitor = caller.visitor();
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    acts::delete(&app, &visitor, hub.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn shape(app: &App, hub: Hub, viewer: UserId) -> Result<HubShape, Error> {
    let facts = facts::find(app, hub.id).await?;
    let roles = queries::list_roles(&mut *app.db.acquire().await?, hub.id, viewer).await?;
    Ok(HubShape::of(hub, facts, roles))
}
