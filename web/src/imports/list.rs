//! A member's imports, and the form that starts one.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use pawdium_shared::ids::ImportId;
use pawdium_shared::imports::queries;

use super::receive::{self, Fields};
use crate::error::{Error, prefers_json};
use crate::http::client::Client;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::photos::upload::Once;
use crate::state::App;
use crate::views::imports::{ImportForm, ImportLine, ImportsPage};

/// How many imports are listed.
const LATEST: i64 = 50;

/// `GET /imports`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Result<Response, Error> {
    if viewing.visitor.member().is_err() {
        return Ok(Redirect::to("/login?next=%2Fimports").into_response());
    }
    Ok(Page(load(&app, viewing, ImportForm::default()).await?).into_response())
}

async fn load(app: &App, viewing: Viewing, form: ImportForm) -> Result<ImportsPage, Error> {
    let imports = queries::list(&mut *app.db.acquire().await?, viewing.visitor.id(), LATEST).await?;
    let lines: Vec<_> = imports.into_iter().map(ImportLine::from).collect();
    Ok(ImportsPage {
        chrome: viewing.chrome,
        is_under_way: lines.iter().any(|line| line.state.is_under_way()),
        lines,
        form,
        max_bytes: app.config.media.max_import_bytes,
        max_picture_bytes: app.config.media.max_upload_bytes,
    })
}

/// `POST /imports`: the import's page, or the form again.
pub async fn start(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    once: Once,
    request: Request,
) -> Result<Response, Error> {
    let wants_json = wants_json(request.headers());
    let mut fields = Fields::default();
    match receive::receive(&app, &viewing.visitor, client, once, request, &mut fields).await {
        Ok(import) => Ok(Redirect::to(&path(import)).into_response()),
        Err(error) if !wants_json && is_shown_again(&error) => {
            let form = ImportForm {
                error: (error.field() != Some("species")).then(|| error.to_string()),
                species_error: (error.field() == Some("species")).then(|| error.to_string()),
                species: fields.species,
            };
            Ok((error.status(), Page(load(&app, viewing, form).await?)).into_response())
        }
        Err(error) => Err(error),
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    prefers_json(headers)
}

/// Whether the form shows an error.
fn is_shown_again(error: &Error) -> bool {
    matches!(
        error,
        Error::Field { .. } | Error::TooLarge(_) | Error::Full | Error::Conflict(_) | Error::Damaged
    )
}

/// The path of an import's page.
pub(super) fn path(import: ImportId) -> String {
    format!("/imports/{import}")
}
