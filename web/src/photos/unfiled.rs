//! Drafts that are made without a file: remixes, and drafts whose picture follows.

use pawdium_media::Limits;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{HubId, PhotoId};
use pawdium_shared::photos::remixes::{self, Wanted};
use pawdium_shared::photos::submissions::{self, Submission};
use pawdium_shared::photos::{Draft, NotChanged, Species, Tags, Title, posting, transitions};
use pawdium_shared::ranking::sharing;
use pawdium_shared::ranking::virality::Moment;

use super::fields::Fields;
use super::moments::digest;
use super::upload::{self, Once, Submitted};
use super::{posting as hubs_of_photos, quota};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unfiled<'a> {
    /// A draft without a picture.
    Empty(&'a Draft),
    /// A remix of this photo.
    Remix(PhotoId, &'a Wanted),
}

/// Makes a draft of a photo that may be remixed. `fields` say what is different from that photo.
///
/// # Errors
/// Says what is wrong with a field, or that remixes are not allowed.
pub(super) async fn remix(
    app: &App,
    visitor: &Visitor,
    client: Client,
    once: Once,
    from: PhotoId,
    fields: &Fields,
) -> Result<Submitted, Error> {
    let given = |text: &str| !text.trim().is_empty();
    let wanted = Wanted {
        title: Some(&fields.title).filter(|text| given(text)).map(|text| Title::new(text)).transpose()?,
        alt: Some(&fields.alt)
            .filter(|text| given(text))
            .map(|text| pawdium_shared::photos::Alt::new(text))
            .transpose()?,
        species: Some(fields.species.trim())
            .filter(|text| given(text))
            .map(str::parse::<Species>)
            .transpose()
            .map_err(pawdium_shared::photos::InvalidDraft::from)?,
        tags: Some(&fields.tags).filter(|text| given(text)).map(|text| Tags::new(text)).transpose()?,
        crop: fields.crop()?,
        allowed: fields.allowed()?,
    };
    let hubs = hubs_of_photos::find_named(app, visitor, &fields.hubs).await?;
    make(app, visitor, client, once, fields, (Unfiled::Remix(from, &wanted), &hubs)).await
}

/// Makes a draft, or finds it if this submission is a repeat.
///
/// # Errors
/// Says what is wrong.
pub(super) async fn make(
    app: &App,
    visitor: &Visitor,
    client: Client,
    once: Once,
    fields: &Fields,
    (what, hubs): (Unfiled<'_>, &[HubId]),
) -> Result<Submitted, Error> {
    if visitor.user.is_none() {
        limits::count(app, Limited::Anonymous, client.counted()).await?;
    }
    if visitor.member().is_err() {
        limits::count(app, Limited::AnonymousUpload, client.counted()).await?;
    }
    // In the place of the file's hash, what the draft is made from.
    let from = match what {
        Unfiled::Empty(_) => [0; 32],
        Unfiled::Remix(photo, _) => *blake3::hash(&photo.0.to_be_bytes()).as_bytes(),
    };
    let submission = once.0.map(|key| Submission { key, print: fields.print(&from) });
    let mut made =
        retry_conflicts(async || make_once(app, visitor, client, (what, hubs), submission.as_ref()).await)
            .await;
    if matches!(made, Err(Error::SessionEnded)) {
        let now = visitor.find_again(app).await?;
        made = make_once(app, &now, client, (what, hubs), submission.as_ref()).await;
    }
    made?.submitted
}

async fn make_once(
    app: &App,
    visitor: &Visitor,
    client: Client,
    (what, hubs): (Unfiled<'_>, &[HubId]),
    submission: Option<&Submission>,
) -> Result<upload::Made, Error> {
    let mut tx = app.db.begin().await?;
    let (owner, cookie) = visitor.remember(app, client, &mut tx).await?;
    let kept = quota::measure(&mut tx, owner).await?;
    let photo = match what {
        Unfiled::Empty(draft) => transitions::keep_draft(&mut tx, owner, draft, None).await?,
        Unfiled::Remix(from, wanted) => {
            let limits = Limits::from(&app.config.media);
            remixes::make(&mut tx, owner, from, wanted, &limits).await?
        }
    };
    if let Some(submission) = submission
        && let Some(earlier) = submissions::record(&mut tx, owner, photo, submission).await?
    {
        tx.rollback().await?;
        return upload::again(app, visitor, owner, earlier, true).await;
    }
    quota::refuse_more(app, visitor, kept, 0)?;
    for hub in hubs {
        posting::post(&mut tx, *hub, photo, owner).await.map_err(NotChanged::from)?;
    }
    if let Unfiled::Remix(from, _) = what {
        sharing::record(&mut tx, from, Moment::Remix, &digest(app, visitor, client)).await?;
    }
    tx.commit().await?;
    Ok(upload::Made::new(Submitted { photo, draft: true, cookie }))
}
