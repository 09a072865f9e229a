//! Taking a photo down and keeping its picture out.

use axum::extract::{Form, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_shared::cache::Event;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::moderation::blocked::{self, Outcome, Reason};
use serde::Deserialize;

use super::show::find_visible;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::visitor::Visitor;
use crate::state::App;

/// Why.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BlockForm {
    reason: String,
}

/// `POST /photos/{photo}/block`: for moderators.
pub async fn block(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(id): Path<PhotoId>,
    Form(form): Form<BlockForm>,
) -> Result<(CookieJar, Redirect), Error> {
    let photo = find_visible(&app, &visitor, id).await?;
    let Some(actor) = visitor.actor().filter(|_| visitor.moderates()) else {
        return Err(Error::Forbidden("Only moderators can do that."));
    };
    let reason = Reason::new(&form.reason)
        .map_err(|message| Error::Field { field: "reason", message: message.to_owned() })?;
    let mut tx = app.db.begin().await?;
    let notice = match blocked::block(&mut tx, actor, id, &reason).await? {
        Outcome::Blocked => Notice::PictureBlocked,
        Outcome::TakenDown => Notice::PhotoTakenDown,
        Outcome::Gone => return Err(Error::NotFound),
    };
    tx.commit().await?;
    app.cache.forget(&Event::PhotoRemoved { photo: id, species: photo.species }).await;
    Ok((jar.add(notice.cookie()), Redirect::to(&format!("/photos/{id}"))))
}
