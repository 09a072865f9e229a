//! A member's own data: what has become of the last archive, and deleting the account.

use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::queries;
use pawdium_shared::exports::{self, Export};
use pawdium_shared::hubs::succession;
use serde::Deserialize;

use super::changes::remove;
use super::factors::{must_prove, or_confirm_for};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::flash::Notice;
use crate::http::headers;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, without_session};
use crate::state::App;
use crate::views::account::{AccountPage, ExportCard, HubLeft};

/// `GET /settings/account`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Result<Response, Error> {
    if viewing.visitor.member().is_err() {
        return Ok(Redirect::to("/login?next=%2Fsettings%2Faccount").into_response());
    }
    Ok(Page(show(&app, viewing, None).await?).into_response())
}

/// The form that deletes the account.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeleteForm {
    password: String,
}

/// `POST /settings/delete`
pub async fn delete(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<DeleteForm>,
) -> Result<Response, Error> {
    viewing.visitor.member()?;
    match remove(&app, &viewing.visitor, client, &form.password).await {
        Ok(()) => {
            let jar = without_session(&app, jar).add(Notice::AccountDeleted.cookie());
            Ok((headers::FORGET, jar, Redirect::to("/")).into_response())
        }
        Err(error) if error.field().is_some() => {
            let page = show(&app, viewing, Some(error.to_string())).await?;
            Ok((error.status(), Page(page)).into_response())
        }
        Err(error) => or_confirm_for(jar, "/settings/account", Err(error)),
    }
}

async fn show(app: &App, viewing: Viewing, delete_error: Option<String>) -> Result<AccountPage, Error> {
    let user = viewing.visitor.member()?.id;
    let mut db = app.db.acquire().await?;
    let activity = queries::count_activity(&mut db, user).await?;
    let exports = exports::list_shown(&mut db, user).await?;
    let hubs = succession::preview(&mut db, user).await?;
    let must_prove = must_prove(&mut db, &viewing.visitor).await?;
    Ok(AccountPage {
        must_prove,
        exports: exports.iter().map(card).collect(),
        delete_error,
        photos: activity.photos,
        ratings: activity.ratings_cast,
        hubs: hubs
            .into_iter()
            .map(|hub| HubLeft { slug: hub.slug, name: hub.name, heir: hub.heir })
            .collect(),
        chrome: viewing.chrome,
    })
}

fn card(export: &Export) -> ExportCard {
    ExportCard {
        id: export.id.0,
        state: export.state,
        requested_at: export.requested_at,
        expires_at: export.expires_at,
        bytes: export.bytes.unwrap_or_default(),
        photos: export.photos.unwrap_or_default().into(),
    }
}
