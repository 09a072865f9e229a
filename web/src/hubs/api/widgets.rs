//! Widgets through the API.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{OriginalUri, State};
use axum::http::header::{CACHE_CONTROL, ETAG, IF_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::hubs::{Hub, queries};
use pawdium_shared::ids::{HubId, WidgetId};
use pawdium_widgets::layout::{self, Change, NotChanged, Placed, Spot};
use pawdium_widgets::{KINDS, Side, Viewer, cached, find_kind};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::visitor_of;
use super::widget_shapes::{ConflictShape, KindShape, WidgetDataShape, WidgetShape};
use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::extract::{Json, Path};
use crate::http::tags::is_known;
use crate::http::visitor::Visitor;
use crate::hubs::access::find_hub_at;
use crate::hubs::widgets::{self, Shown};
use crate::state::App;

/// A new widget.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWidgetBody {
    /// The name of its kind.
    #[serde(default)]
    #[schema(example = "newest-photos")]
    kind: String,
    /// left or right.
    #[serde(default)]
    #[schema(example = "left")]
    column: String,
    /// Its place in the column, from 0; the end if left out.
    position: Option<i32>,
    /// Its settings; the defaults if left out.
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
}

/// Changes of a widget. Fields that are left out keep their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WidgetBody {
    /// left or right.
    column: Option<String>,
    /// Its place in the column, from 0.
    position: Option<i32>,
    /// All its settings. Those that are left out have their defaults.
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
}

/// The caller, as far as widgets know them. A ballot would make each answer another; `rate/next` has one.
async fn viewer(app: &App, visitor: &Visitor, hub: &Hub) -> Result<Viewer, Error> {
    Ok(Viewer { ballots: None, ..widgets::viewer(app, visitor, hub).await? })
}

/// The widgets of a hub, with the versions of their data.
pub(super) async fn shapes(app: &App, visitor: &Visitor, hub: &Arc<Hub>) -> Result<Vec<WidgetShape>, Error> {
    let placed = layout::list(&mut *app.db.acquire().await?, hub.id).await?;
    let viewer = viewer(app, visitor, hub).await?;
    let shown = widgets::load(app, hub, &viewer, &placed).await?;
    let version = |one: &Placed| shown.get(&one.id).map_or(0, |shown: &Shown| shown.loaded.version);
    Ok(placed
        .into_iter()
        .map(|one| (version(&one), one))
        .map(|(version, one)| WidgetShape::of(one, version))
        .collect())
}

/// Lists the kinds of widgets.
#[utoipa::path(get, path = "/widget-kinds", tag = "hubs", responses(
    (status = 200, description = "The kinds, in the order of the gallery", body = Vec<KindShape>),
))]
pub async fn kinds() -> Answer<Vec<KindShape>> {
    let shape = |kind: &pawdium_widgets::Kind| KindShape {
        kind: kind.name,
        title: kind.title,
        about: kind.about,
        columns: kind.columns.name(),
        pages: kind.pages.name(),
        config: kind.schema(),
    };
    Answer(KINDS.iter().map(shape).collect())
}

/// Adds a widget. For the hub's owners.
#[utoipa::path(post, path = "/hubs/{slug}/widgets", tag = "hubs",
    security(("token" = ["submit"])), request_body = NewWidgetBody,
    params(("slug" = String, Path, description = "The hub"),
           ("If-Match" = Option<String>, Header, description = "The layout's version, quoted")), responses(
    (status = 201, description = "The widget", body = WidgetShape),
    (status = 400, description = "A field is invalid; `field` names it, as in `config.limit`", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such hub, or it is private", body = ErrorShape),
    (status = 409, description = "Somebody else has changed the layout", body = ConflictShape),
))]
pub async fn add(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Json(body): Json<NewWidgetBody>,
) -> Result<Response, Error> {
    let hub = find_hub_at(&app, &caller.visitor(), &slug, &uri).await?;
    let kind = find_kind(&body.kind).ok_or_else(|| Error::Field {
        field: "kind",
        message: "There is no such kind of widget. /api/v1/widget-kinds lists them.".to_owned(),
    })?;
    widgets::require_page(kind, &hub)?;
    let side = side(&body.column)?;
    if !kind.columns.allow(side) {
        return Err(wrong_column());
    }
    let config = kind.check(&body.config.unwrap_or_else(|| Value::Object(serde_json::Map::new())))?;
    let spot = Spot { side, position: position(body.position)? };
    let add = Change::Add { kind: kind.name.to_owned(), spot, config };
    let widget = match change(&app, &caller, &hub, &headers, &add).await? {
        Ok(widget) => widget,
        Err(conflict) => return Ok(conflict),
    };
    Ok((StatusCode::CREATED, Answer(changed(&app, &caller.visitor(), hub, widget).await?)).into_response())
}

/// A widget that the caller has just changed. Its data doesn't come from the cache, which may be late by a moment.
async fn changed(app: &App, visitor: &Visitor, hub: Hub, widget: WidgetId) -> Result<WidgetShape, Error> {
    let placed = find(app, hub.id, widget).await?;
    let kind = find_kind(&placed.kind).ok_or(Error::NotFound)?;
    let viewer = viewer(app, visitor, &hub).await?;
    let loaded = cached::load(kind, &placed, Arc::new(hub), viewer, app.db.clone()).await;
    Ok(WidgetShape::of(placed, loaded.version))
}

/// Shows a widget with its data.
#[utoipa::path(get, path = "/hubs/{slug}/widgets/{id}", tag = "hubs", security((), ("token" = ["read"])),
    params(("slug" = String, Path, description = "The hub"), ("id" = i64, Path, description = "The widget")), responses(
    (status = 200, description = "The widget; its version is the ETag", body = WidgetDataShape),
    (status = 304, description = "The caller has this version: `If-None-Match`"),
    (status = 401, description = "An invalid token", body = ErrorShape),
    (status = 404, description = "There is no such hub or widget, or the hub is private", body = ErrorShape),
))]
pub async fn show(
    State(app): State<App>,
    caller: Option<Caller>,
    headers: HeaderMap,
    Path((slug, widget)): Path<(String, WidgetId)>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Error> {
    let visitor = visitor_of(caller.as_ref());
    let hub = Arc::new(find_hub_at(&app, &visitor, &slug, &uri).await?);
    let placed = find(&app, hub.id, widget).await?;
    let viewer = viewer(&app, &visitor, &hub).await?;
    let mut shown = widgets::load(&app, &hub, &viewer, std::slice::from_ref(&placed)).await?;
    let shown = shown.remove(&widget);
    let loaded = shown.as_ref().map(|shown| &shown.loaded);
    let json = loaded.and_then(|loaded| loaded.json());
    let version = loaded.map_or(0, |loaded| loaded.version);
    let failed = json.is_none() || shown.as_ref().is_some_and(|shown| shown.is_old);
    let tag = format!("\"{version}\"");
    let about = [(ETAG, tag.clone()), (CACHE_CONTROL, "private, no-cache".to_owned())];
    if !failed && is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    let shape = WidgetDataShape {
        data: json.map_or(Ok(Value::Null), serde_json::from_str).map_err(anyhow::Error::from)?,
        as_of: json.and(loaded).map(|loaded| loaded.as_of),
        failed: failed.then_some("This part couldn't be refreshed."),
        widget: WidgetShape::of(placed, version),
    };
    Ok((about, Answer(shape)).into_response())
}

/// Moves or configures a widget. For the hub's owners.
#[utoipa::path(patch, path = "/hubs/{slug}/widgets/{id}", tag = "hubs", security(("token" = ["submit"])),
    request_body = WidgetBody,
    params(("slug" = String, Path, description = "The hub"), ("id" = i64, Path, description = "The widget"),
           ("If-Match" = Option<String>, Header, description = "The layout's version, quoted")), responses(
    (status = 200, description = "The widget as it is now", body = WidgetShape),
    (status = 400, description = "A field is invalid; `field` names it, as in `config.limit`", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such hub or widget, or the hub is private", body = ErrorShape),
    (status = 409, description = "Somebody else has changed the layout", body = ConflictShape),
))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path((slug, widget)): Path<(String, WidgetId)>,
    OriginalUri(uri): OriginalUri,
    Json(body): Json<WidgetBody>,
) -> Result<Response, Error> {
    let hub = find_hub_at(&app, &caller.visitor(), &slug, &uri).await?;
    let placed = find(&app, hub.id, widget).await?;
    let kind = find_kind(&placed.kind).ok_or(Error::NotFound)?;
    let to = body.column.as_deref().map(side).transpose()?.unwrap_or(placed.side);
    if !kind.columns.allow(to) {
        return Err(wrong_column());
    }
    let stays = body.column.is_none() && body.position.is_none();
    let spot =
        Spot { side: to, position: if stays { Some(placed.position) } else { position(body.position)? } };
    let config = match &body.config {
        Some(config) => kind.check(config)?,
        None => placed.config.clone(),
    };
    let wanted = match (&body.config, stays) {
        (None, _) => Change::Move(widget, spot),
        (Some(_), true) => Change::Configure(widget, config),
        (Some(_), false) => Change::Replace(widget, spot, config),
    };
    if let Err(conflict) = change(&app, &caller, &hub, &headers, &wanted).await? {
        return Ok(conflict);
    }
    Ok(Answer(changed(&app, &caller.visitor(), hub, widget).await?).into_response())
}

/// Removes a widget. For the hub's owners.
#[utoipa::path(delete, path = "/hubs/{slug}/widgets/{id}", tag = "hubs", security(("token" = ["submit"])),
    params(("slug" = String, Path, description = "The hub"), ("id" = i64, Path, description = "The widget"),
           ("If-Match" = Option<String>, Header, description = "The layout's version, quoted")), responses(
    (status = 204, description = "Gone"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such hub or widget, or the hub is private", body = ErrorShape),
    (status = 409, description = "Somebody else has changed the layout", body = ConflictShape),
))]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path((slug, widget)): Path<(String, WidgetId)>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Error> {
    let hub = find_hub_at(&app, &caller.visitor(), &slug, &uri).await?;
    Ok(match change(&app, &caller, &hub, &headers, &Change::Remove(widget)).await? {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(conflict) => conflict,
    })
}

/// Changes the layout. The inner error is the answer to a change of an older layout.
async fn change(
    app: &App,
    caller: &Caller,
    hub: &Hub,
    headers: &HeaderMap,
    wanted: &Change,
) -> Result<Result<WidgetId, Response>, Error> {
    let owner = caller.visitor().member()?.id;
    let version = if_match(headers)?;
    let changed = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let widget = layout::change(&mut tx, hub.id, owner, version, wanted).await?;
        tx.commit().await?;
        Ok::<_, NotChanged>(widget)
    });
    match changed.await {
        Ok(widget) => Ok(Ok(widget)),
        Err(error @ NotChanged::Conflict) => {
            let hub = queries::find(&mut *app.db.acquire().await?, hub.id).await?.ok_or(Error::NotFound)?;
            let (layout_version, hub) = (hub.layout_version, Arc::new(hub));
            let shape = ConflictShape {
                code: StatusCode::CONFLICT.as_u16(),
                message: error.to_string(),
                layout_version,
                widgets: shapes(app, &caller.visitor(), &hub).await?,
            };
            Ok(Err((StatusCode::CONFLICT, Answer(shape)).into_response()))
        }
        Err(error) => Err(error.into()),
    }
}

/// The version in `If-Match`, if there is one. `*` is any.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(header) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version =
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    let malformed =
        || Error::Refused("If-Match must be the layout's version in quotes, as in \"12\".".to_owned());
    version.map(Some).ok_or_else(malformed)
}

async fn find(app: &App, hub: HubId, widget: WidgetId) -> Result<Placed, Error> {
    layout::find(&mut *app.db.acquire().await?, hub, widget).await?.ok_or(Error::NotFound)
}

fn side(text: &str) -> Result<Side, Error> {
    text.parse().map_err(|_| Error::Field { field: "column", message: "Choose left or right.".to_owned() })
}

fn wrong_column() -> Error {
    Error::Field { field: "column", message: "This kind of widget can't stand in that column.".to_owned() }
}

fn position(given: Option<i32>) -> Result<Option<i32>, Error> {
    let refused = || Error::Field { field: "position", message: "Count places from 0.".to_owned() };
    if given.is_some_and(|position| position < 0) { Err(refused()) } else { Ok(given) }
}
