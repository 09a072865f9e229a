//! Making recovery codes anew.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::factors::{self, recovery};
use pawdium_shared::security::{self, Incident};

use super::page::show;
use super::{PATH, begin_sensitive, or_confirm};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::security::SecurityPage;

/// `POST /settings/security/codes`: the answer is the only page that ever shows them.
pub async fn renew(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
) -> Result<Response, Error> {
    match make(&app, &viewing.visitor).await {
        Ok(new_codes) if new_codes.is_empty() => Ok(Redirect::to(PATH).into_response()),
        Ok(new_codes) => {
            security::note(Incident::CodesMade, client.0, Some(viewing.visitor.id()));
            let page = show(&app, viewing, None).await?;
            Ok(Page(SecurityPage { new_codes, ..page }).into_response())
        }
        Err(error) => or_confirm(jar, Err(error)),
    }
}

/// Returns the new codes; none for an account without a second factor.
async fn make(app: &App, visitor: &Visitor) -> Result<Vec<String>, Error> {
    let mut tx = begin_sensitive(app, visitor).await?;
    if !factors::has(&mut tx, visitor.id()).await? {
        return Ok(Vec::new());
    }
    let new_codes = recovery::renew(&mut tx, visitor.id()).await?;
    tx.commit().await?;
    Ok(new_codes)
}
