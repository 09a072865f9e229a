//! Publishing a draft.

use axum::extract::State;
use axum::response::Redirect;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{PhotoState, queries, transitions};

use crate::error::Error;
use crate::http::extract::Path;
use crate::http::visitor::Visitor;
use crate::state::App;

/// `POST /photos/{photo}/publish`
pub async fn publish(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<PhotoId>,
) -> Result<Redirect, Error> {
    let owner = visitor.member()?.id;
    let mut tx = app.db.begin().await?;
    if !transitions::publish(&mut tx, id, owner).await? {
        // A duplicate of the same form: the first has published the photo.
        let photo = queries::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
        if photo.owner != owner || photo.state == PhotoState::Draft {
            return Err(Error::NotFound);
        }
    }
    tx.commit().await?;
    Ok(Redirect::to(&format!("/photos/{id}")))
}
