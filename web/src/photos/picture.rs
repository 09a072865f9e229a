//! Adding the picture of a draft that was made without one.

use axum::extract::{Multipart, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_media::{MediaError, Refusal};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::transitions::StoredOriginal;
use pawdium_shared::photos::{NotChanged, likeness, transitions};

use super::{changes, quota, upload};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// `POST /photos/{photo}/picture`
pub async fn add(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
    Path(id): Path<PhotoId>,
    multipart: Multipart,
) -> Result<(CookieJar, Redirect), Error> {
    changes::find_own(&app, &visitor, id).await?;
    limits::count(&app, Limited::Upload, client.counted()).await?;
    let upload = upload::read_picture(&app, multipart).await?;
    if upload.written == 0 || !upload.is_picture {
        let refusal = if upload.written == 0 { Refusal::Empty } else { Refusal::NotAPicture };
        upload.incoming.discard().await.map_err(anyhow::Error::from)?;
        return Err(MediaError::from(refusal).into());
    }
    let (hash, bytes) = (upload.incoming.hash(), upload.written);
    let key = upload.incoming.finish().await?;
    let stored = StoredOriginal { key: key.as_str(), bytes };
    let added = store(&app, &visitor, id, stored, &hash).await;
    if added.is_err() {
        // The purge removes what a crash in between leaves behind.
        app.store.delete_original(&key).await.map_err(anyhow::Error::from)?;
    }
    added?;
    Ok((jar.add(Notice::DraftKept.cookie()), Redirect::to(&format!("/photos/{id}/edit"))))
}

async fn store(
    app: &App,
    visitor: &Visitor,
    id: PhotoId,
    stored: StoredOriginal<'_>,
    hash: &[u8; 32],
) -> Result<(), Error> {
    let owner = visitor.id();
    let mut tx = app.db.begin().await?;
    let kept = quota::measure(&mut tx, owner).await?;
    quota::refuse_more_bytes(app, visitor, kept, stored.bytes)?;
    if !transitions::add_original(&mut tx, id, owner, stored).await? {
        return Err(NotChanged::Unchangeable.into());
    }
    likeness::record_hash(&mut tx, id, hash).await?;
    Ok(tx.commit().await?)
}
