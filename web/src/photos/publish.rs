//! Publishing a draft, and keeping it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::ids::PhotoId;

use super::{changes, edit};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;

/// `POST /photos/{photo}/publish`
pub async fn publish(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<PhotoId>,
) -> Result<Response, Error> {
    match changes::publish(&app, &viewing.visitor, id).await {
        Ok(()) => Ok(Redirect::to(&format!("/photos/{id}")).into_response()),
        // Mend it where it can be mended.
        Err(error) if error.field().is_some() => {
            let status: StatusCode = error.status();
            let page = edit::show_refused(&app, viewing, id, &error).await?;
            Ok((status, Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// `POST /photos/{photo}/keep`
pub async fn keep(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(id): Path<PhotoId>,
) -> Result<(CookieJar, Redirect), Error> {
    changes::keep(&app, &visitor, id).await?;
    Ok((jar.add(Notice::DraftKeptLonger.cookie()), Redirect::to("/drafts")))
}
