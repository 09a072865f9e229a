//! Receives a submission: streams the file to the media store, collects the fields, and accepts or refuses them
//! together.

use axum::body::Bytes;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequestParts, Multipart};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum_extra::extract::cookie::Cookie;
use pawdium_media::{Format, MAGIC, MediaError, Refusal};
use pawdium_shared::accounts::sessions;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{HubId, PhotoId, UserId};
use pawdium_shared::photos::submissions::{self, Submission, SubmissionKey};
use pawdium_shared::photos::{Draft, likeness, posting, transitions};
use pawdium_shared::store::OriginalWriter;
use tracing::debug;

use super::fields::Fields;
use super::unfiled::{self, Unfiled};
use super::{posting as hubs_of_photos, quota};
use crate::error::Error;
use crate::http::acts;
use crate::http::client::Client;
use crate::http::limits::{self, Limited, Tally};
use crate::http::visitor::{Visitor, session_cookie};
use crate::state::App;

/// The longest text field in bytes. Each field has a lower limit of its own.
const TEXT: usize = 8192;

/// The `Idempotency-Key` header, which lets a client repeat a submission until an answer arrives.
#[derive(Clone, Debug, Default)]
pub struct Once(pub(super) Option<SubmissionKey>);

impl Once {
    /// The key, if there is one.
    #[must_use]
    pub fn into_key(self) -> Option<SubmissionKey> {
        self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Once {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let Some(header) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = header.to_str().unwrap_or_default().parse::<SubmissionKey>();
        key.map(|key| Self(Some(key))).map_err(|error| Error::Refused(error.to_string()))
    }
}

/// An original on its way into the store.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) incoming: OriginalWriter,
    pub(crate) written: u64,
    /// Whether the file starts like a picture. Of other files only the start is stored.
    pub(crate) is_picture: bool,
}

/// Reads a form that has only a file.
///
/// # Errors
/// Says what is wrong with the file.
pub(crate) async fn read_picture(app: &App, multipart: Multipart) -> Result<Upload, Error> {
    let mut upload = None;
    read_parts(app, multipart, &mut Fields::default(), &mut upload).await?;
    upload.ok_or_else(|| no_file(false))
}

/// An accepted submission.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The new photo.
    pub photo: PhotoId,
    /// Whether it is a draft.
    pub draft: bool,
    /// The session of a visitor who became a user with this draft.
    pub cookie: Option<Cookie<'static>>,
}

/// Stores an original and creates its photo. A refused submission leaves nothing behind. `fields` always holds the sent
/// values, so that the form can show them again.
///
/// # Errors
/// Says what is wrong with the file or a field.
pub async fn receive(
    app: &App,
    visitor: &Visitor,
    client: Client,
    once: Once,
    multipart: Multipart,
    fields: &mut Fields,
) -> Result<Submitted, Error> {
    let may_publish = visitor.member().is_ok();
    if once.0.is_none() {
        quota::check(app, visitor).await?;
    }
    let mut upload = None;
    let read = read_parts(app, multipart, fields, &mut upload).await;
    let checked = read.and_then(|()| fields.check()).and_then(|draft| {
        let keep = !fields.draft.is_empty();
        if !keep && !may_publish {
            return Err(Error::Forbidden("Log in or register to submit photos."));
        }
        Ok((draft, keep))
    });
    let checked = match checked {
        Ok((draft, keep)) => {
            hubs_of_photos::find_named(app, visitor, &fields.hubs).await.map(|hubs| (draft, keep, hubs))
        }
        Err(error) => Err(error),
    };
    let Some(upload) = upload else {
        return match checked {
            // Its picture can follow.
            Ok((draft, true, hubs)) => {
                unfiled::make(app, visitor, client, once, fields, (Unfiled::Empty(&draft), &hubs)).await
            }
            checked => Err(checked.err().unwrap_or_else(|| no_file(false))),
        };
    };
    let (draft, keep, hubs) = match checked {
        // Refuse a draft that isn't a picture at once, because it could never be published.
        Ok((_, true, _)) if upload.written > 0 && !upload.is_picture => {
            upload.incoming.discard().await.map_err(anyhow::Error::from)?;
            return Err(MediaError::from(Refusal::NotAPicture).into());
        }
        Ok(checked) if upload.written > 0 => checked,
        refused => {
            upload.incoming.discard().await.map_err(anyhow::Error::from)?;
            return Err(refused.err().unwrap_or_else(|| no_file(true)));
        }
    };
    if visitor.user.is_none() {
        limits::count(app, Limited::Anonymous, client.counted()).await?;
    }
    let counted = if may_publish {
        Tally::default()
    } else {
        limits::count(app, Limited::AnonymousUpload, client.counted()).await?
    };
    let hash = upload.incoming.hash();
    let submission = once.0.map(|key| Submission { key, print: fields.print(&hash) });
    let key = upload.incoming.finish().await?;
    let stored = transitions::StoredOriginal { key: key.as_str(), bytes: upload.written };
    let upload = (stored, &hash);
    let mut made = retry_conflicts(async || {
        make(app, (visitor, client), (&draft, keep, &hubs), upload, submission.as_ref()).await
    })
    .await;
    if matches!(made, Err(Error::SessionEnded)) {
        made = match visitor.find_again(app).await {
            Ok(now) => make(app, (&now, client), (&draft, keep, &hubs), upload, submission.as_ref()).await,
            Err(error) => Err(error),
        };
    }
    // After any other error it is unknown whether the photo was created.
    let is_unneeded = match &made {
        Ok(made) => made.is_repeated,
        Err(error) => {
            matches!(
                error,
                Error::SessionEnded
                    | Error::TooLarge(_)
                    | Error::Forbidden(_)
                    | Error::NotFound
                    | Error::Sanctioned { .. }
            )
        }
    };
    if is_unneeded {
        counted.give_back(app).await;
        // The purge removes what a crash in between leaves behind.
        app.store.delete_original(&key).await.map_err(anyhow::Error::from)?;
    }
    made?.submitted
}

/// The photo of a stored original, or of none.
pub(super) struct Made {
    pub(super) submitted: Result<Submitted, Error>,
    /// The submission is a repeat, so this copy of the file isn't needed.
    is_repeated: bool,
}

impl Made {
    /// A photo that wasn't there before.
    pub(super) fn new(submitted: Submitted) -> Self {
        Self { submitted: Ok(submitted), is_repeated: false }
    }
}

/// Creates the photo, or finds it if this submission is a repeat.
async fn make(
    app: &App,
    (visitor, client): (&Visitor, Client),
    (draft, keep, hubs): (&Draft, bool, &[HubId]),
    (stored, hash): (transitions::StoredOriginal<'_>, &[u8; 32]),
    submission: Option<&Submission>,
) -> Result<Made, Error> {
    let mut tx = app.db.begin().await?;
    let (owner, cookie) = visitor.remember(app, client, &mut tx).await?;
    acts::require_still(&mut tx, app, owner).await?;
    let kept = quota::measure(&mut tx, owner).await?;
    let photo = if keep {
        transitions::keep_draft(&mut tx, owner, draft, Some(stored)).await?
    } else {
        transitions::submit(&mut tx, owner, draft, stored).await?
    };
    likeness::record_hash(&mut tx, photo, hash).await?;
    let earlier = match submission {
        Some(submission) => submissions::record(&mut tx, owner, photo, submission).await?,
        None => None,
    };
    let Some(earlier) = earlier else {
        quota::refuse_more(app, visitor, kept, stored.bytes)?;
        for hub in hubs {
            posting::post(&mut tx, *hub, photo, owner).await?;
        }
        tx.commit().await?;
        return Ok(Made::new(Submitted { photo, draft: keep, cookie }));
    };
    tx.rollback().await?;
    again(app, visitor, owner, earlier, keep).await
}

/// The photo that an earlier submission with the same key made.
pub(super) async fn again(
    app: &App,
    visitor: &Visitor,
    owner: UserId,
    earlier: submissions::Earlier,
    keep: bool,
) -> Result<Made, Error> {
    // A visitor who became a user has lost the session together with the answer.
    let cookie = match &visitor.user {
        None if earlier.same => {
            let token = sessions::open(&mut *app.db.acquire().await?, owner).await?;
            Some(session_cookie(app, &token))
        }
        _ => None,
    };
    let again = Submitted { photo: earlier.photo, draft: keep, cookie };
    Ok(Made { submitted: if earlier.same { Ok(again) } else { Err(Error::KeyReused) }, is_repeated: true })
}

pub(super) fn no_file(empty: bool) -> Error {
    let message = if empty { Refusal::Empty.to_string() } else { "Choose a photo to upload.".to_owned() };
    Error::Field { field: "photo", message }
}

/// Reads a form: its fields, and its file into the store.
pub(super) async fn read_parts(
    app: &App,
    mut multipart: Multipart,
    fields: &mut Fields,
    upload: &mut Option<Upload>,
) -> Result<(), Error> {
    let max = app.config.media.max_upload_bytes;
    let malformed = |error| malformed(&error, max);
    let mut refused = None;
    while let Some(mut part) = multipart.next_field().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "photo" {
            // Browsers send an empty file field as a part without a file name.
            if upload.is_none() && part.file_name() != Some("") {
                let incoming = app.store.begin_original(max);
                let upload = upload.insert(Upload { incoming, written: 0, is_picture: false });
                if let Err(error) = read_file(upload, &mut part, malformed).await {
                    // Read the fields after the file too, so that the form can show them again.
                    refused = Some(error);
                    while part.chunk().await.map_err(malformed)?.is_some() {}
                }
            }
        } else if name == "hubs" {
            let slugs = read_text(&mut part, malformed).await?;
            if fields.hubs.len() + slugs.len() > TEXT {
                return Err(Error::Refused("A text field is too long.".to_owned()));
            }
            let separator = if fields.hubs.is_empty() || slugs.is_empty() { "" } else { "," };
            fields.hubs.push_str(separator);
            fields.hubs.push_str(&slugs);
        } else if let Some(slot) = fields.slot(&name) {
            *slot = read_text(&mut part, malformed).await?;
        }
    }
    refused.map_or(Ok(()), Err)
}

async fn read_file(
    upload: &mut Upload,
    part: &mut Field<'_>,
    malformed: impl Fn(MultipartError) -> Error,
) -> Result<(), Error> {
    let mut head = Vec::with_capacity(MAGIC);
    while head.len() < MAGIC
        && let Some(bytes) = part.chunk().await.map_err(&malformed)?
    {
        head.extend_from_slice(&bytes);
    }
    upload.is_picture = Format::of(&head).is_some();
    // Of a file that isn't a picture, store only the bytes by which the worker refuses it with its usual message.
    let stored = if upload.is_picture { head.len() } else { head.len().min(MAGIC) };
    let rest = head.split_off(stored);
    upload.written = (head.len() + rest.len()) as u64;
    upload.incoming.write(Bytes::from(head)).await?;
    upload.incoming.skip(&rest)?;
    while let Some(bytes) = part.chunk().await.map_err(&malformed)? {
        upload.written += bytes.len() as u64;
        if upload.is_picture {
            upload.incoming.write(bytes).await?;
        } else {
            upload.incoming.skip(&bytes)?;
        }
    }
    Ok(())
}

async fn read_text(
    part: &mut Field<'_>,
    malformed: impl Fn(MultipartError) -> Error,
) -> Result<String, Error> {
    let name = part.name().unwrap_or_default().to_owned();
    let mut text = Vec::new();
    while let Some(bytes) = part.chunk().await.map_err(&malformed)? {
        if text.len() + bytes.len() > TEXT {
            return Err(Error::Key { field: name, message: "This text is too long.".to_owned() });
        }
        text.extend_from_slice(&bytes);
    }
    let refused =
        |_| Error::Key { field: name, message: "This text isn't UTF-8. Send it as UTF-8.".to_owned() };
    String::from_utf8(text).map_err(refused)
}

/// The parser buffers ahead of the file, so the form's limit can be hit before the file's. Report both as the same
/// error.
fn malformed(error: &MultipartError, max: u64) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge(Refusal::TooManyBytes { max }.to_string());
    }
    debug!(error = error.body_text(), "an upload arrived damaged");
    Error::Damaged
}
