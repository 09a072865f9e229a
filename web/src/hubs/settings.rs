//! A hub's settings. Each form on the page is sent and checked separately.

use axum::extract::{Form, OriginalUri, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::hubs::{Hub, Refusal, time_zones};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::access::find_hub_at;
use super::acts::{self, Wanted};
use super::head;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::hub_settings::{HubSettingsPage, ZoneRegion};
use crate::views::hubs::{HubForm, HubTab, Standing};
use crate::views::{Field, Flash};

/// The fields of all forms; each form sends its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HubSettingsForm {
    slug: Option<String>,
    name: Option<String>,
    summary: Option<String>,
    join: Option<String>,
    visibility: Option<String>,
    archived: Option<String>,
    time_zone: Option<String>,
}

/// The form that deletes a hub.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeleteForm {
    confirm: String,
}

/// `GET /h/{slug}/settings`: for owners; moderators see how to delete the hub.
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Page<HubSettingsPage>, Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    Ok(Page(show(&app, viewing, &hub).await?))
}

/// `POST /h/{slug}/settings`
pub async fn change(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Form(mut form): Form<HubSettingsForm>,
) -> Result<Response, Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    form.slug = form.slug.map(|slug| slug.trim().to_lowercase());
    let wanted = Wanted {
        slug: form.slug.as_deref(),
        name: form.name.as_deref(),
        summary: form.summary.as_deref(),
        join: form.join.as_deref(),
        visibility: form.visibility.as_deref(),
        archived: form.archived.as_deref().map(is_true).transpose()?,
        time_zone: form.time_zone.as_deref(),
    };
    let notice = match wanted.archived {
        Some(true) => Notice::HubArchived,
        Some(false) => Notice::HubReopened,
        None => Notice::HubSaved,
    };
    match acts::update(&app, &viewing.visitor, hub.id, wanted).await {
        Ok(hub) => {
            let back = format!("{}/settings", hub.path());
            Ok((jar.add(notice.cookie()), Redirect::to(&back)).into_response())
        }
        Err(error @ (Error::Field { .. } | Error::Taken { .. })) => {
            let mut page = show(&app, viewing, &hub).await?;
            let field = error.field().unwrap_or_default();
            page.form.refuse(field, &error.to_string(), [form.slug, form.name, form.summary]);
            page.form.choose(form.join.as_deref(), form.visibility.as_deref());
            match field {
                "slug" | "name" | "summary" => {}
                "time_zone" => page.zone_error = Some(error.to_string()),
                // The page has no such choice, so there is no place beside it.
                _ => page.chrome.flash = Some(Flash::bad(error.to_string())),
            }
            Ok((error.status(), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

fn is_true(text: &str) -> Result<bool, Error> {
    let message = || "Archive the hub (true) or open it again (false).".to_owned();
    text.parse().map_err(|_| Error::Field { field: "archived", message: message() })
}

/// `POST /h/{slug}/delete`
pub async fn delete(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Form(form): Form<DeleteForm>,
) -> Result<Response, Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    if hub.slug.as_deref() != Some(form.confirm.trim()) {
        let mut page = show(&app, viewing, &hub).await?;
        page.confirm = Field::refused(form.confirm, "That isn't the hub's address.");
        return Ok((axum::http::StatusCode::BAD_REQUEST, Page(page)).into_response());
    }
    acts::delete(&app, &viewing.visitor, hub.id).await?;
    Ok((jar.add(Notice::HubDeleted.cookie()), Redirect::to("/hubs")).into_response())
}

/// The time zones to choose from, by region. They are read once, because that takes a while and they don't change.
async fn zones(app: &App) -> Result<Vec<ZoneRegion>, Error> {
    static ZONES: OnceCell<Vec<String>> = OnceCell::const_new();
    let zones = ZONES.get_or_try_init(async || time_zones::list(&mut *app.db.acquire().await?).await).await?;
    Ok(ZoneRegion::group(zones))
}

async fn show(app: &App, viewing: Viewing, hub: &Hub) -> Result<HubSettingsPage, Error> {
    viewing.visitor.member()?;
    let head = head::load(app, &viewing, hub, HubTab::Settings).await?;
    if !head.has_settings {
        return Err(Refusal::NotOwner.into());
    }
    let is_owner = head.standing == Standing::Owner;
    Ok(HubSettingsPage {
        chrome: viewing.chrome,
        is_owner,
        slug: hub.slug.clone().unwrap_or_default(),
        form: HubForm::of(hub),
        confirm: Field::default(),
        zones: if is_owner { zones(app).await? } else { Vec::new() },
        zone: hub.time_zone.clone(),
        zone_error: None,
        head,
    })
}
