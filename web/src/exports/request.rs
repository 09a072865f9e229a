//! Asking for an archive.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::proof;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::exports::{self, NotRequested};
use pawdium_shared::ids::ExportId;

use crate::accounts::factors::{or_confirm_for, require_proof};
use crate::error::Error;
use crate::http::flash::Notice;
use crate::http::visitor::Visitor;
use crate::state::App;

/// `POST /settings/account/exports`
pub async fn ask(State(app): State<App>, visitor: Visitor, jar: CookieJar) -> Result<Response, Error> {
    match request(&app, &visitor).await {
        Ok(_) => {
            let to = Redirect::to("/settings/account#export");
            Ok((jar.add(Notice::ExportRequested.cookie()), to).into_response())
        }
        Err(error) => or_confirm_for(jar, "/settings/account", Err(error)),
    }
}

/// Asks for an export of the visitor's, or finds the one that is on its way.
///
/// # Errors
/// [`Error::Forbidden`] if the visitor isn't registered, [`Error::Unproven`] if it needs a second factor first,
/// [`Error::TooMany`] after a few a day.
pub(super) async fn request(app: &App, visitor: &Visitor) -> Result<ExportId, Error> {
    let user = visitor.member()?.id;
    let requested = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        proof::lock(&mut tx, &[user]).await?;
        require_proof(&mut tx, visitor).await?;
        let export = exports::request(&mut tx, user).await.map_err(refused)?;
        tx.commit().await?;
        Ok::<_, Error>(export)
    });
    requested.await
}

fn refused(refusal: NotRequested) -> Error {
    match refusal {
        NotRequested::NoUser => Error::SessionEnded,
        NotRequested::TooOften(left) => Error::TooMany(left.num_seconds().max(1).unsigned_abs()),
        NotRequested::Database(error) => error.into(),
    }
}
