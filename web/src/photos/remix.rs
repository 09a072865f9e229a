//! The button that makes a remix of a photo.

use axum::extract::State;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_shared::ids::PhotoId;

use super::fields::Fields;
use super::unfiled;
use super::upload::Once;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// `POST /photos/{photo}/remix`: makes a draft, which its owner goes on to edit.
pub async fn remix(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
    Path(id): Path<PhotoId>,
) -> Result<(CookieJar, Redirect), Error> {
    limits::count(&app, Limited::Upload, client.counted()).await?;
    let fields = Fields::default();
    let made = unfiled::remix(&app, &visitor, client, Once::default(), id, &fields).await?;
    let jar = made.cookie.map_or(jar.clone(), |cookie| jar.add(cookie));
    Ok((jar.add(Notice::RemixMade.cookie()), Redirect::to(&format!("/photos/{}/edit", made.photo))))
}
