//! Receives an archive: streams it to the media store, and starts its import.

use std::fmt::Display;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use futures::StreamExt as _;
use pawdium_archive::{Format, HEAD};
use pawdium_media::{MediaError, Refusal};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{ImportId, UserId};
use pawdium_shared::imports::start::{self, Received, Started, find_under_way};
use pawdium_shared::photos::Species;
use pawdium_shared::photos::submissions::SubmissionKey;
use pawdium_shared::store::{OriginalKey, OriginalWriter};
use tracing::debug;

use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::streamed::is_archive;
use crate::http::visitor::Visitor;
use crate::photos::upload::Once;
use crate::routes::FORM_AROUND_FILE;
use crate::state::App;

/// The longest text field in bytes.
const TEXT: usize = 100;

/// The most characters of an archive's name that are kept.
const NAME: usize = 200;

const UNDER_WAY: &str = "Another import of yours is under way. Wait for its end, or cancel it.";

/// An archive on its way into the store.
struct Upload {
    incoming: OriginalWriter,
    written: u64,
    name: String,
    /// The first bytes, until there are enough to tell what it is.
    head: Vec<u8>,
    is_archive: bool,
    max: u64,
}

/// What the form says.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The species' name.
    pub(super) species: String,
}

/// Stores an archive and starts its import. A refused one leaves nothing behind. `fields` always has what was sent, so
/// that the form can show it again.
///
/// # Errors
/// Says what is wrong with the archive or a field.
pub(super) async fn receive(
    app: &App,
    visitor: &Visitor,
    client: Client,
    once: Once,
    request: Request,
    fields: &mut Fields,
) -> Result<ImportId, Error> {
    let owner = visitor.member().map_err(|_| Error::Forbidden("Log in or register to import photos."))?.id;
    let key = once.into_key();
    if key.is_none() && find_under_way(&mut *app.db.acquire().await?, owner).await?.is_some() {
        return Err(Error::Conflict(UNDER_WAY));
    }
    limits::count(app, Limited::Import, client.counted()).await?;
    check_length(request.headers(), app.config.media.max_import_bytes)?;
    let mut upload = None;
    let read = if is_archive(request.headers()) {
        read_body(app, request, &mut upload).await
    } else {
        let multipart = Multipart::from_request(request, app).await;
        let multipart = multipart.map_err(|_| {
            Error::Refused("Send a zip or tar as the body, or as the field archive of a form.".to_owned())
        })?;
        read_form(app, multipart, fields, &mut upload).await
    };
    let checked = read.and_then(|()| species(&fields.species));
    let Some(upload) = upload else {
        return Err(checked.err().unwrap_or_else(|| refuse("Choose an archive: a zip, a tar or a tar.gz.")));
    };
    let species = match checked {
        Ok(species) if upload.is_archive => species,
        checked => {
            upload.incoming.discard().await.map_err(anyhow::Error::from)?;
            let no_archive = || refuse(pawdium_archive::Refusal::NotAnArchive);
            return Err(checked.err().unwrap_or_else(no_archive));
        }
    };
    store(app, owner, (upload, species), key.as_ref()).await
}

/// Refuses what says that it is too large, before any of it is stored.
fn check_length(headers: &HeaderMap, max: u64) -> Result<(), Error> {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let most = if is_archive(headers) { max } else { max.saturating_add(FORM_AROUND_FILE) };
    if length.is_some_and(|length| length > most) { Err(too_large(max)) } else { Ok(()) }
}

async fn store(
    app: &App,
    owner: UserId,
    (upload, species): (Upload, Species),
    key: Option<&SubmissionKey>,
) -> Result<ImportId, Error> {
    let (print, bytes, name) = (upload.incoming.hash(), upload.written, upload.name);
    let stored = upload.incoming.finish().await?;
    let received = Received { name: &name, bytes, print: &print, source_key: stored.as_str(), species, key };
    let started = retry_conflicts(async || -> Result<Started, Error> {
        let mut tx = app.db.begin().await?;
        let started = start::start(&mut tx, owner, received).await?;
        tx.commit().await?;
        Ok(started)
    });
    // After an error it is unknown whether the import was started: the purge deletes an archive that none needs.
    let refused = match started.await? {
        Started::New(import) => return Ok(import),
        Started::Again(import) => Ok(import),
        Started::KeyReused => Err(Error::KeyReused),
        Started::UnderWay(_) => Err(Error::Conflict(UNDER_WAY)),
        Started::Gone => Err(Error::SessionEnded),
    };
    delete(app, &stored).await?;
    refused
}

async fn delete(app: &App, key: &OriginalKey) -> Result<(), Error> {
    Ok(app.store.delete_original(key).await.map_err(anyhow::Error::from)?)
}

fn refuse(message: impl Display) -> Error {
    Error::Field { field: "archive", message: message.to_string() }
}

fn species(text: &str) -> Result<Species, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Species::Other);
    }
    Ok(text.parse::<Species>().map_err(pawdium_shared::photos::InvalidDraft::from)?)
}

/// Reads an archive that is the body.
async fn read_body(app: &App, request: Request, upload: &mut Option<Upload>) -> Result<(), Error> {
    let upload = upload.insert(Upload::begin(app, "archive"));
    let mut body = request.into_body().into_data_stream();
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|error| {
            debug!(%error, "an archive arrived damaged");
            Error::Damaged
        })?;
        upload.write(bytes).await?;
    }
    upload.end().await
}

/// Reads a form: its fields, and its archive into the store.
async fn read_form(
    app: &App,
    mut multipart: Multipart,
    fields: &mut Fields,
    upload: &mut Option<Upload>,
) -> Result<(), Error> {
    let max = app.config.media.max_import_bytes;
    let malformed = |error: axum::extract::multipart::MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return too_large(max);
        }
        debug!(error = error.body_text(), "an archive arrived damaged");
        Error::Damaged
    };
    let mut refused = None;
    while let Some(mut part) = multipart.next_field().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            // Browsers send an empty file field as a part without a file name.
            "archive" | "file" if upload.is_none() && part.file_name() != Some("") => {
                let upload = upload.insert(Upload::begin(app, part.file_name().unwrap_or("archive")));
                let mut written = Ok(());
                while let Some(bytes) = part.chunk().await.map_err(malformed)? {
                    // Read on after a refusal, so that the fields after the file arrive, too.
                    if written.is_ok() {
                        written = upload.write(bytes).await;
                    }
                }
                refused = written.err();
                if refused.is_none() {
                    upload.end().await?;
                }
            }
            "species" => {
                let mut text = Vec::new();
                while let Some(bytes) = part.chunk().await.map_err(malformed)? {
                    text.extend_from_slice(&bytes[..bytes.len().min(TEXT + 1 - text.len())]);
                }
                fields.species = String::from_utf8_lossy(&text).into_owned();
            }
            _ => {}
        }
    }
    refused.map_or(Ok(()), Err)
}

fn too_large(max: u64) -> Error {
    let gigabytes = max / 1_000_000_000;
    let limit = if gigabytes > 0 { format!("{gigabytes} GB") } else { format!("{} MB", max / 1_000_000) };
    Error::TooLarge(format!(
        "This archive is too large: the limit is {limit}. Split it, and import one part after the other."
    ))
}

impl Upload {
    fn begin(app: &App, name: &str) -> Self {
        let max = app.config.media.max_import_bytes;
        let incoming = app.store.begin_original(max);
        Self { incoming, written: 0, name: tidy(name), head: Vec::new(), is_archive: false, max }
    }

    /// Stores bytes. Of a file that is no archive nothing is stored.
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.written += bytes.len() as u64;
        if self.written > self.max {
            return Err(too_large(self.max));
        }
        if self.is_archive {
            return self.store(bytes).await;
        }
        if self.head.len() < HEAD {
            self.head.extend_from_slice(&bytes);
            if self.head.len() >= HEAD {
                return self.judge().await;
            }
        }
        Ok(())
    }

    /// Judges a file that is shorter than what tells its format.
    async fn end(&mut self) -> Result<(), Error> {
        if !self.is_archive && self.written < HEAD as u64 {
            self.judge().await?;
        }
        Ok(())
    }

    async fn judge(&mut self) -> Result<(), Error> {
        self.is_archive = Format::of(&self.head).is_some();
        if self.is_archive {
            let head = std::mem::take(&mut self.head);
            self.store(Bytes::from(head)).await?;
        }
        Ok(())
    }

    async fn store(&mut self, bytes: Bytes) -> Result<(), Error> {
        match self.incoming.write(bytes).await {
            Err(MediaError::Refused(Refusal::TooManyBytes { .. })) => Err(too_large(self.max)),
            written => Ok(written?),
        }
    }
}

/// The name of an archive as pages show it: without folders and control characters.
fn tidy(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME).collect();
    let name = name.trim();
    if pawdium_shared::visible::shows_something(name) { name.to_owned() } else { "archive".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        for (given, shown) in [
            ("photos.zip", "photos.zip"),
            ("C:\\me\\photos.zip", "photos.zip"),
            ("../../etc/passwd", "passwd"),
            ("\n\u{200b}", "archive"),
            ("", "archive"),
        ] {
            assert_eq!(tidy(given), shown, "{given:?}");
        }
        assert_eq!(tidy(&"ä".repeat(300)).chars().count(), NAME);
    }
}
