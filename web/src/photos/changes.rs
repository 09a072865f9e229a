//! What owners do to their drafts and live photos, from pages and through the API.

use pawdium_media::{Limits, probe_file};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::photos::edits::{self, Basis, Change};
use pawdium_shared::photos::{
    Alt, InvalidDraft, NotChanged, Photo, PhotoState, Species, Tags, Title, drafts, revisions,
};

use super::fields::{commenters, crop_of};
use super::posting::find_named;
use super::show::find_visible;
use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;

/// What to change, as it was sent. Fields that are `None` keep their values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The title.
    pub title: Option<&'a str>,
    /// The description.
    pub alt: Option<&'a str>,
    /// The species' name.
    pub species: Option<&'a str>,
    /// The tags, separated by commas.
    pub tags: Option<&'a str>,
    /// The crop as `x,y,side`; nothing leaves it as it is.
    pub crop: Option<&'a str>,
    /// The slugs of the hubs to which it is posted, separated by commas.
    pub hubs: Option<&'a str>,
    /// Who may comment.
    pub comments: Option<&'a str>,
    /// Whether others may remix it.
    pub remixes: Option<bool>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is stored.
    Done,
    /// The photo has been changed since it was read, so nothing was stored.
    Stale,
}

/// Changes a draft or a live photo of the visitor. `version` is the one that was read; `None` if any will do.
///
/// # Errors
/// Says what is wrong with a field, or why the photo can't be changed.
pub async fn change(
    app: &App,
    visitor: &Visitor,
    id: PhotoId,
    wanted: Wanted<'_>,
    version: Option<i32>,
) -> Result<Changed, Error> {
    let photo = find_own(app, visitor, id).await?;
    let change = check(app, visitor, wanted).await?;
    let original = match change.crop {
        Some(_) if photo.state == PhotoState::Draft => measure(app, id).await?,
        _ => None,
    };
    let limits = Limits::from(&app.config.media);
    let basis = Basis { version, original, limits: &limits };
    let owner = visitor.id();
    let changed = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        edits::change(&mut tx, id, owner, &change, basis).await?;
        tx.commit().await?;
        Ok::<_, NotChanged>(())
    });
    match changed.await {
        Ok(()) => Ok(Changed::Done),
        Err(NotChanged::Stale) => Ok(Changed::Stale),
        Err(error) => Err(refused(app, error)),
    }
}

/// Publishes a draft of the visitor's. One that was published before is left alone.
///
/// # Errors
/// Says why it can't be published.
pub async fn publish(app: &App, visitor: &Visitor, id: PhotoId) -> Result<(), Error> {
    let owner = visitor.member()?.id;
    find_own(app, visitor, id).await?;
    act(app, async || {
        let mut tx = app.db.begin().await?;
        drafts::publish(&mut tx, id, owner).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Keeps a draft of the visitor's: its time starts anew.
///
/// # Errors
/// [`Error::NotFound`] if it is no draft of the visitor's.
pub async fn keep(app: &App, visitor: &Visitor, id: PhotoId) -> Result<(), Error> {
    let owner = visitor.id();
    act(app, async || {
        let mut tx = app.db.begin().await?;
        drafts::keep(&mut tx, id, owner).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Makes a live photo of the visitor's what it was in an earlier revision.
///
/// # Errors
/// Says why it can't be restored.
pub async fn restore(app: &App, visitor: &Visitor, id: PhotoId, number: i32) -> Result<(), Error> {
    find_own(app, visitor, id).await?;
    let owner = visitor.id();
    act(app, async || {
        let mut tx = app.db.begin().await?;
        revisions::restore(&mut tx, id, owner, number).await?;
        Ok(tx.commit().await?)
    })
    .await
}

async fn act<F: Future<Output = Result<(), NotChanged>>>(
    app: &App,
    act: impl FnMut() -> F,
) -> Result<(), Error> {
    retry_conflicts(act).await.map_err(|error| refused(app, error))
}

/// Finds a photo of the visitor's, in any state.
///
/// # Errors
/// [`Error::NotFound`] if the visitor may not see it, [`Error::Forbidden`] if it is somebody else's.
pub(super) async fn find_own(app: &App, visitor: &Visitor, id: PhotoId) -> Result<Photo, Error> {
    let photo = find_visible(app, visitor, id).await?;
    if photo.owner == visitor.id() { Ok(photo) } else { Err(NotChanged::NotOwn.into()) }
}

/// Names the photo with the same title by its whole URL.
fn refused(app: &App, error: NotChanged) -> Error {
    match Error::from(error) {
        Error::Existing { field, url: path, .. } => {
            let url = app.url(&path);
            let message = format!(
                "You have another photo with this title: {url}. Choose another title, or change that photo."
            );
            Error::Existing { field, message, url }
        }
        error => error,
    }
}

async fn check(app: &App, visitor: &Visitor, wanted: Wanted<'_>) -> Result<Change, Error> {
    let species = |text: &str| text.trim().parse::<Species>().map_err(InvalidDraft::from);
    Ok(Change {
        title: wanted.title.map(Title::new).transpose()?,
        alt: wanted.alt.map(Alt::new).transpose()?,
        species: wanted.species.map(species).transpose()?,
        tags: wanted.tags.map(Tags::new).transpose()?,
        crop: wanted.crop.map_or(Ok(None), crop_of)?,
        comments: wanted.comments.map_or(Ok(None), commenters)?,
        remixes: wanted.remixes,
        hubs: match wanted.hubs {
            Some(slugs) => Some(find_named(app, visitor, slugs).await?),
            None => None,
        },
    })
}

/// Measures a draft's original, upright; `None` if it has none. Reads headers only.
///
/// # Errors
/// Says what is wrong with the file.
pub(super) async fn measure(app: &App, id: PhotoId) -> Result<Option<(u32, u32)>, Error> {
    let key = drafts::find_original(&mut *app.db.acquire().await?, id).await?;
    let Some(key) = key else { return Ok(None) };
    let key = key.parse().map_err(anyhow::Error::from)?;
    let Some(file) = app.store.open_original(&key).await.map_err(anyhow::Error::from)? else {
        return Ok(None);
    };
    let probe = probe_file(file, Limits::from(&app.config.media)).await?;
    Ok(Some(probe.upright_size()))
}

/// Notes that a draft's owner looks at it, so that it expires later. Does nothing for other viewers and photos.
///
/// # Errors
/// When the database fails.
pub(super) async fn touch(app: &App, viewer: UserId, photo: &mut Photo) -> Result<(), Error> {
    if photo.state == PhotoState::Draft
        && photo.owner == viewer
        && drafts::touch(&mut *app.db.acquire().await?, photo.id, viewer).await?
    {
        photo.touched_at = chrono::Utc::now();
    }
    Ok(())
}
