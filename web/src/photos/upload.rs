//! Taking an upload: the file streams to the media store, the fields are collected, and all of it is refused together.

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use axum_extra::extract::cookie::Cookie;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::media::{Crop, Incoming, Refusal};
use pawdium_shared::photos::{Alt, Draft, Species, Tags, Title, likeness, transitions};

use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// The longest text field, in bytes; each has a tighter limit of its own.
const TEXT: usize = 8192;

/// The text fields, as they were sent.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// What to call it.
    pub title: String,
    /// What it shows.
    pub alt: String,
    /// A species' name.
    pub species: String,
    /// Between commas.
    pub tags: String,
    /// `x,y,side`, or nothing.
    pub crop: String,
    /// Anything: keep it as a draft.
    pub draft: String,
}

impl Fields {
    fn slot(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "title" => &mut self.title,
            "alt" => &mut self.alt,
            "species" => &mut self.species,
            "tags" => &mut self.tags,
            "crop" => &mut self.crop,
            "draft" => &mut self.draft,
            _ => return None,
        })
    }

    fn check(&self) -> Result<Draft, Error> {
        let crop = match self.crop.trim() {
            "" => None,
            text => Some(
                text.parse::<Crop>()
                    .map_err(|error| Error::Field { field: "crop", message: error.to_string() })?,
            ),
        };
        Ok(Draft {
            title: Title::new(&self.title)?,
            alt: Alt::new(&self.alt)?,
            species: self.species.trim().parse::<Species>().map_err(pawdium_shared::photos::Refused::from)?,
            tags: Tags::new(&self.tags)?,
            crop,
        })
    }
}

/// A stored upload and what was said about it.
struct Upload {
    incoming: Incoming,
    written: u64,
}

/// What came of an upload.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The new photo.
    pub photo: PhotoId,
    /// It is kept as a draft and not being processed.
    pub draft: bool,
    /// The session of a visitor who has become a user with this draft.
    pub cookie: Option<Cookie<'static>>,
}

/// Stores an upload and makes its photo. Nothing is left of one that is refused. `fields` holds what was sent also
/// when it is refused, so that a form can show it again.
///
/// # Errors
/// What is wrong with the file or a field.
pub async fn receive(
    app: &App,
    visitor: &Visitor,
    client: Client,
    multipart: Multipart,
    fields: &mut Fields,
) -> Result<Submitted, Error> {
    let may_publish = visitor.member().is_ok();
    let mut upload = None;
    let read = read_parts(app, multipart, fields, &mut upload).await;
    let checked = read.and_then(|()| fields.check()).and_then(|draft| {
        let keep = !fields.draft.is_empty();
        if !keep && !may_publish {
            return Err(Error::Forbidden("Log in or register to submit photos."));
        }
        Ok((draft, keep))
    });
    let Some(upload) = upload else { return Err(checked.err().unwrap_or_else(|| no_file(false))) };
    let (draft, keep) = match checked {
        Ok(checked) if upload.written > 0 => checked,
        refused => {
            upload.incoming.discard().await.map_err(anyhow::Error::from)?;
            return Err(refused.err().unwrap_or_else(|| no_file(true)));
        }
    };
    if visitor.user.is_none() {
        limits::count(app, Limited::Anonymous, client.counted()).await?;
    }
    let hash = upload.incoming.hash();
    let key = upload.incoming.finish().await?;
    let mut tx = app.db.begin().await?;
    let (owner, cookie) = visitor.remember(app, &mut tx).await?;
    let photo = if keep {
        transitions::keep_draft(&mut tx, owner, &draft, key.as_str()).await?
    } else {
        transitions::submit(&mut tx, owner, &draft, key.as_str()).await?
    };
    likeness::note_source(&mut tx, photo, &hash).await?;
    tx.commit().await?;
    Ok(Submitted { photo, draft: keep, cookie })
}

fn no_file(empty: bool) -> Error {
    let message = if empty { Refusal::Empty.to_string() } else { "Choose a photo to upload.".to_owned() };
    Error::Field { field: "photo", message }
}

async fn read_parts(
    app: &App,
    mut multipart: Multipart,
    fields: &mut Fields,
    upload: &mut Option<Upload>,
) -> Result<(), Error> {
    let max = app.config.media.max_upload_bytes;
    let malformed = |error| malformed(&error, max);
    while let Some(mut part) = multipart.next_field().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "photo" {
            // A browser sends a file field without a file as one without a name.
            if upload.is_none() && part.file_name() != Some("") {
                let incoming = app.store.begin_incoming(max);
                read_file(upload.insert(Upload { incoming, written: 0 }), &mut part, malformed).await?;
            }
        } else if let Some(slot) = fields.slot(&name) {
            *slot = read_text(&mut part, malformed).await?;
        }
    }
    Ok(())
}

async fn read_file(
    upload: &mut Upload,
    part: &mut Field<'_>,
    malformed: impl Fn(MultipartError) -> Error,
) -> Result<(), Error> {
    while let Some(bytes) = part.chunk().await.map_err(&malformed)? {
        upload.written += bytes.len() as u64;
        upload.incoming.write(bytes).await?;
    }
    Ok(())
}

async fn read_text(
    part: &mut Field<'_>,
    malformed: impl Fn(MultipartError) -> Error,
) -> Result<String, Error> {
    let mut text = Vec::new();
    while let Some(bytes) = part.chunk().await.map_err(&malformed)? {
        if text.len() + bytes.len() > TEXT {
            return Err(Error::Refused("A text field is too long.".to_owned()));
        }
        text.extend_from_slice(&bytes);
    }
    String::from_utf8(text).map_err(|_| Error::Refused("Text fields must be UTF-8.".to_owned()))
}

/// The form is read ahead of the file in it, so its own limit may be met before the file's: to its sender that is one.
fn malformed(error: &MultipartError, max: u64) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge(Refusal::TooManyBytes { max }.to_string());
    }
    Error::Refused(format!("The form didn't arrive whole: {}", error.body_text()))
}
