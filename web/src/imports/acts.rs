//! What owners do with their imports: cancel, try again, undo.

use axum::extract::State;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::ImportId;
use pawdium_shared::imports::acts::{self, NotDone};

use super::list::path;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::visitor::Visitor;
use crate::state::App;

type Answer = Result<(CookieJar, Redirect), Error>;

/// An act.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Cancel,
    Retry,
    Undo,
}

/// `POST /imports/{import}/cancel`
pub async fn cancel(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(id): Path<ImportId>,
) -> Answer {
    answer(&app, &visitor, jar, id, (Act::Cancel, Notice::ImportCancelled)).await
}

/// `POST /imports/{import}/retry`
pub async fn retry(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(id): Path<ImportId>,
) -> Answer {
    answer(&app, &visitor, jar, id, (Act::Retry, Notice::ImportRetried)).await
}

/// `POST /imports/{import}/undo`
pub async fn undo(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(id): Path<ImportId>,
) -> Answer {
    answer(&app, &visitor, jar, id, (Act::Undo, Notice::ImportUndone)).await
}

async fn answer(
    app: &App,
    visitor: &Visitor,
    jar: CookieJar,
    id: ImportId,
    (act, notice): (Act, Notice),
) -> Answer {
    carry_out(app, visitor, id, act).await?;
    Ok((jar.add(notice.cookie()), Redirect::to(&path(id))))
}

/// Does it, for pages and the API.
///
/// # Errors
/// [`Error::NotFound`] if it is no import of the visitor's, [`Error::Conflict`] if it can't be done now.
pub(super) async fn carry_out(app: &App, visitor: &Visitor, id: ImportId, act: Act) -> Result<(), Error> {
    let owner = visitor.member()?.id;
    let done = retry_conflicts(async || -> Result<(), NotDone> {
        let mut tx = app.db.begin().await?;
        match act {
            Act::Cancel => acts::cancel(&mut tx, id, owner).await?,
            Act::Retry => acts::retry(&mut tx, id, owner).await.map(drop)?,
            Act::Undo => acts::undo(&mut tx, id, owner).await?,
        }
        Ok(tx.commit().await?)
    });
    done.await.map_err(|refused| match refused {
        NotDone::Gone => Error::NotFound,
        NotDone::Database(error) => error.into(),
        NotDone::UnderWay => {
            Error::Conflict("Another import of yours is under way. Wait for its end, or cancel it.")
        }
        NotDone::NoArchive => Error::Conflict(
            "The archive is no longer kept. Import it again: what you have already is recognised.",
        ),
        NotDone::NothingToRetry => Error::Conflict("Nothing in this import can be tried again."),
        NotDone::NotEnded => Error::Conflict("Cancel this import before you undo it."),
    })
}
