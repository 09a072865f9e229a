//! Asking for an archive.

use axum::extract::State;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::exports::{self, NotRequested};
use pawdium_shared::ids::ExportId;

use crate::error::Error;
use crate::http::flash::Notice;
use crate::http::visitor::Visitor;
use crate::state::App;

/// `POST /settings/account/exports`
pub async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Error> {
    request(&app, &visitor).await?;
    Ok((jar.add(Notice::ExportRequested.cookie()), Redirect::to("/settings/account#export")))
}

/// Asks for an export of the visitor's, or finds the one that is on its way.
///
/// # Errors
/// [`Error::Forbidden`] if the visitor isn't registered, [`Error::TooMany`] after a few a day.
pub(super) async fn request(app: &App, visitor: &Visitor) -> Result<ExportId, Error> {
    let user = visitor.member()?.id;
    let requested = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let export = exports::request(&mut tx, user).await?;
        tx.commit().await?;
        Ok::<_, NotRequested>(export)
    });
    requested.await.map_err(|refusal| match refusal {
        NotRequested::NoUser => Error::SessionEnded,
        NotRequested::TooOften(left) => Error::TooMany(left.num_seconds().max(1).unsigned_abs()),
        NotRequested::Database(error) => error.into(),
    })
}
