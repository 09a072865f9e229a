//! Owners edit their hub's page: add, move, configure and remove widgets. Everything works without JavaScript.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::WidgetId;
use pawdium_widgets::config::{self, FormField, Refused};
use pawdium_widgets::layout::{self, Change, NotChanged, Placed, Spot};
use pawdium_widgets::{KINDS, Kind, Side, cached, find_kind};
use serde_json::{Map, Value};

use super::here::Here;
use super::page::{self, PageQuery};
use super::{head, widgets};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::state::App;
use crate::views::Flash;
use crate::views::hub_edit::{ConfigField, ConfigInput, ConfigurePage, GalleryPage, KindCard};
use crate::views::hubs::HubTab;

/// The fields of a form, in order.
type Fields = Vec<(String, String)>;

fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// A number, if there is one. An empty field is none.
fn number<T: std::str::FromStr>(fields: &Fields, name: &'static str) -> Result<Option<T>, Error> {
    let refused = |_| Error::Field { field: name, message: "This must be a whole number.".to_owned() };
    field(fields, name).filter(|text| !text.is_empty()).map(str::parse).transpose().map_err(refused)
}

fn side(fields: &Fields) -> Result<Option<Side>, Error> {
    let refused = |_| Error::Field { field: "side", message: "Choose left or right.".to_owned() };
    field(fields, "side").map(str::parse).transpose().map_err(refused)
}

/// `GET /h/{slug}/widgets/new`: the kinds for this page, each as it would look here.
pub async fn gallery(State(app): State<App>, here: Here) -> Result<Page<GalleryPage>, Error> {
    here.require_editor()?;
    let offered = KINDS.iter().filter(|kind| kind.pages.allow(&here.hub));
    let previews: Vec<_> = offered.map(|kind| (kind, preview(kind))).collect();
    let these = previews.iter().map(|(kind, placed)| (*kind, placed));
    let loaded = cached::load_each(these, &here.hub, &here.viewer, &app.db).await;
    let card = |((kind, placed), loaded): (&(&'static Kind, Placed), _)| {
        let shown = widgets::Shown { loaded: Arc::new(loaded), is_old: false };
        Ok::<_, Error>(KindCard {
            kind: kind.name,
            title: kind.title,
            about: kind.about,
            preview: widgets::frame(&app, &here.hub, placed, Some(&shown))?,
            allows_left: kind.columns.allow(Side::Left),
            allows_right: kind.columns.allow(Side::Right),
        })
    };
    let kinds = previews.iter().zip(loaded).map(card).collect::<Result<_, _>>()?;
    let head = head::load(&app, &here.viewing, &here.hub, HubTab::Home).await?;
    Ok(Page(GalleryPage {
        layout_version: here.hub.layout_version,
        chrome: here.viewing.chrome,
        head,
        kinds,
    }))
}

fn preview(kind: &Kind) -> Placed {
    let side = if kind.columns.allow(Side::Right) { Side::Right } else { Side::Left };
    Placed { id: widgets::PREVIEW, kind: kind.name.to_owned(), side, position: 0, config: kind.sample() }
}

/// `POST /h/{slug}/widgets`: adds a widget with its defaults, or puts a removed one back.
pub async fn add(State(app): State<App>, here: Here, Form(fields): Form<Fields>) -> Result<Response, Error> {
    here.require_editor()?;
    let version = number(&fields, "layout_version")?;
    if let Some(removed) = number(&fields, "restore")? {
        change(&app, &here, version, &Change::Restore(WidgetId(removed))).await?;
        return Ok(back(&here, WidgetId(removed), "restore"));
    }
    let refused = |field, message: &str| Error::Field { field, message: message.to_owned() };
    let kind = field(&fields, "kind")
        .and_then(find_kind)
        .ok_or_else(|| refused("kind", "Choose a kind of widget."))?;
    widgets::require_page(kind, &here.hub)?;
    let side = side(&fields)?.unwrap_or(Side::Left);
    if !kind.columns.allow(side) {
        return Err(refused("side", "This widget can't stand in that column."));
    }
    let config = kind.check(&Value::Object(Map::default()))?;
    let add = Change::Add { kind: kind.name.to_owned(), spot: Spot { side, position: None }, config };
    let widget = match change(&app, &here, version, &add).await {
        Err(error @ Error::Conflict(_)) => return conflicting(&app, here, None, &error).await,
        widget => widget?,
    };
    if kind.has_settings() {
        return Ok(Redirect::to(&format!("{}/widgets/{widget}", here.hub.path())).into_response());
    }
    Ok(back(&here, widget, "add"))
}

/// `GET /h/{slug}/widgets/{widget}`: the form of its settings.
pub async fn configure(
    State(app): State<App>,
    here: Here,
    Path((_, widget)): Path<(String, WidgetId)>,
) -> Result<Page<ConfigurePage>, Error> {
    here.require_editor()?;
    let placed = find(&app, &here, widget).await?;
    let config = placed.config.clone();
    form(&app, here, &placed, &config, None).await.map(Page)
}

/// `POST /h/{slug}/widgets/{widget}`: moves, configures or removes it.
pub async fn act(
    State(app): State<App>,
    here: Here,
    Path((_, widget)): Path<(String, WidgetId)>,
    Form(fields): Form<Fields>,
) -> Result<Response, Error> {
    here.require_editor()?;
    let version = number(&fields, "layout_version")?;
    let act = field(&fields, "act").unwrap_or_default();
    let placed = match find(&app, &here, widget).await {
        Err(Error::NotFound) if act == "save" => return of_removed(&app, here, widget, &fields).await,
        placed => placed?,
    };
    let kind = find_kind(&placed.kind);
    let wanted = match act {
        "save" => {
            let kind = kind.ok_or(Error::NotFound)?;
            let given = config::from_form(&kind.schema(), &fields);
            match kind.check(&given) {
                Ok(config) => Change::Configure(widget, config),
                Err(refused) => {
                    let page = form(&app, here, &placed, &given, Some(refused)).await?;
                    return Ok((StatusCode::BAD_REQUEST, Page(page)).into_response());
                }
            }
        }
        "remove" => Change::Remove(widget),
        _ => Change::Move(widget, spot(act, &placed, &fields)?),
    };
    if let Change::Move(_, spot) = &wanted
        && !kind.is_some_and(|kind| kind.columns.allow(spot.side))
    {
        let message = "This widget can't stand in that column.".to_owned();
        return Err(Error::Field { field: "side", message });
    }
    match (change(&app, &here, version, &wanted).await, wanted) {
        (Err(error @ Error::Conflict(_)), Change::Configure(_, given)) => {
            // What the owner wrote isn't lost.
            let refused = Refused { key: String::new(), message: error.to_string() };
            let page = form(&app, here, &placed, &given, Some(refused)).await?;
            Ok((error.status(), Page(page)).into_response())
        }
        (Err(Error::NotFound), Change::Configure(..)) => of_removed(&app, here, widget, &fields).await,
        (Err(error @ Error::Conflict(_)), _) => conflicting(&app, here, Some((widget, act)), &error).await,
        (Err(error), _) => Err(error),
        (Ok(_), Change::Remove(_)) => {
            Ok(Redirect::to(&format!("{}?edit=1&removed={widget}", here.hub.path())).into_response())
        }
        (Ok(_), Change::Configure(..)) => Ok(back(&here, widget, "configure")),
        (Ok(_), _) => Ok(back(&here, widget, act)),
    }
}

/// Where an act moves a widget.
fn spot(act: &str, placed: &Placed, fields: &Fields) -> Result<Spot, Error> {
    match act {
        "up" => Ok(at(placed.side, placed.position - 1)),
        "down" => Ok(at(placed.side, placed.position + 1)),
        "across" => Ok(Spot { side: placed.side.other(), position: None }),
        "place" => {
            let position: Option<i32> = number(fields, "position")?;
            let side = side(fields)?.unwrap_or(placed.side);
            Ok(Spot { side, position: position.map(|position| position.max(0)) })
        }
        _ => {
            let message = "Press one of the widget's buttons.".to_owned();
            Err(Error::Field { field: "act", message })
        }
    }
}

/// The form of a widget that somebody else has removed meanwhile. What the owner wrote isn't lost.
async fn of_removed(app: &App, here: Here, widget: WidgetId, fields: &Fields) -> Result<Response, Error> {
    let removed = layout::find_removed(&mut *app.db.acquire().await?, here.hub.id, widget).await?;
    let placed = removed.ok_or(Error::NotFound)?.placed;
    let given = config::from_form(&find_kind(&placed.kind).ok_or(Error::NotFound)?.schema(), fields);
    let message = "Somebody else has removed this widget. Copy what you wrote, and add the widget again.";
    let page = form(app, here, &placed, &given, Some(Refused::key("", message))).await?;
    Ok((StatusCode::CONFLICT, Page(page)).into_response())
}

/// The page as somebody else has made it meanwhile.
async fn conflicting(
    app: &App,
    here: Here,
    pressed: Option<(WidgetId, &str)>,
    error: &Error,
) -> Result<Response, Error> {
    let placed = layout::list(&mut *app.db.acquire().await?, here.hub.id).await?;
    let (widget, act) = pressed.unwrap_or((WidgetId(0), ""));
    let mut page = page::show(app, here, placed, &PageQuery::editing(widget, act)).await?;
    page.chrome.flash = Some(Flash::bad(error.to_string()));
    Ok((error.status(), Page(page)).into_response())
}

fn at(side: Side, position: i32) -> Spot {
    Spot { side, position: Some(position.max(0)) }
}

/// Back to the page, where the focus returns to the button that was pressed.
fn back(here: &Here, widget: WidgetId, act: &str) -> Response {
    Redirect::to(&format!("{}?edit=1&at={widget}&act={act}", here.hub.path())).into_response()
}

async fn find(app: &App, here: &Here, widget: WidgetId) -> Result<Placed, Error> {
    layout::find(&mut *app.db.acquire().await?, here.hub.id, widget).await?.ok_or(Error::NotFound)
}

/// Makes a change of the layout in a transaction of its own. Returns the widget.
///
/// # Errors
/// [`Error::Conflict`] if somebody has changed the layout since `version`.
pub(super) async fn change(
    app: &App,
    here: &Here,
    version: Option<i64>,
    wanted: &Change,
) -> Result<WidgetId, Error> {
    let owner = here.viewing.visitor.member()?.id;
    let changed = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let widget = layout::change(&mut tx, here.hub.id, owner, version, wanted).await?;
        tx.commit().await?;
        Ok::<_, NotChanged>(widget)
    });
    Ok(changed.await?)
}

async fn form(
    app: &App,
    here: Here,
    placed: &Placed,
    config: &Value,
    refused: Option<Refused>,
) -> Result<ConfigurePage, Error> {
    let kind = find_kind(&placed.kind).ok_or(Error::NotFound)?;
    let schema = kind.schema();
    let fields =
        config::form(&schema, config).into_iter().map(|field| shown(field, refused.as_ref())).collect();
    let head = head::load(app, &here.viewing, &here.hub, HubTab::Home).await?;
    Ok(ConfigurePage {
        id: placed.id.0,
        title: kind.title.to_owned(),
        about: kind.about.to_owned(),
        layout_version: here.hub.layout_version,
        error: refused.filter(|refused| refused.key.is_empty()).map(|refused| refused.message),
        chrome: here.viewing.chrome,
        fields,
        head,
    })
}

fn shown(field: FormField, refused: Option<&Refused>) -> ConfigField {
    let error = refused.filter(|refused| refused.key == field.key).map(|refused| refused.message.clone());
    let value = match &field.value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let input = match field.input {
        config::Input::Line { longest } => ConfigInput::Line { longest },
        config::Input::Text { longest } => ConfigInput::Text { longest },
        config::Input::Number { min, max } => ConfigInput::Number { min, max },
        config::Input::Check => ConfigInput::Check,
        config::Input::Choice(choices) => ConfigInput::Choice(choices),
    };
    ConfigField { key: field.key, help: field.help, value, input, error }
}
