//! Writing an export's archive.

use std::collections::HashMap;
use std::io::Read as _;

use anyhow::Context as _;
use askama::Template as _;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use pawdium_media::{Format, MAGIC};
use pawdium_shared::exports::{self, AccountEntry, CommentEntry, Finished, PhotoEntry, PhotoSource};
use pawdium_shared::ids::UserId;
use serde::Serialize;

use super::archive::{Archive, Packing};
use super::index::{Begin, CommentPart, End, Middle, PhotoPart};
use super::spool::Lines;
use crate::env::Env;

/// The version of `pawdium.json`.
const VERSION: u32 = 1;

/// One moment, in which nothing can be changed.
const SNAPSHOT: &str = "begin isolation level repeatable read read only";

/// How many bytes of an original are read at once.
const PIECE: usize = 256 << 10;

/// What a member had at one moment.
struct Snapshot {
    account: AccountEntry,
    at: DateTime<Utc>,
    sources: Vec<PhotoSource>,
    photos: Lines,
    comments: Lines,
    ratings: Lines,
    votes: Lines,
    /// The lists that `pawdium.json` has after the photos.
    others: Vec<(&'static str, Lines)>,
}

/// Writes the archive of what a member has to the store; `None` if the member is gone. It isn't seen before it is
/// complete.
pub(crate) async fn write(env: &Env, user: UserId) -> anyhow::Result<Option<Finished>> {
    let Some(mut snapshot) = read(env, user).await? else { return Ok(None) };
    let mut archive = Archive::new(env.store.begin_export());
    let mut files = HashMap::with_capacity(snapshot.sources.len());
    for source in &snapshot.sources {
        if let Some(name) = write_photo(env, &mut archive, source).await? {
            files.insert(source.photo.0, name);
        }
    }
    write_manifest(env, &mut archive, &mut snapshot, &files).await?;
    let at = snapshot.at;
    for (name, lines) in [
        ("comments.json", &mut snapshot.comments),
        ("ratings.json", &mut snapshot.ratings),
        ("votes.json", &mut snapshot.votes),
    ] {
        archive.begin(name, at, Packing::Deflated)?;
        lines.write_list(&mut archive).await?;
    }
    write_index(env, &mut archive, &mut snapshot, &files).await?;
    let (key, bytes) = archive.finish().await?;
    Ok(Some(Finished { key, bytes, photos: files.len() }))
}

async fn read(env: &Env, user: UserId) -> anyhow::Result<Option<Snapshot>> {
    let mut tx = env.db.begin_with(SNAPSHOT).await?;
    let Some(account) = exports::account(&mut tx, user).await? else { return Ok(None) };
    let at = Utc::now();
    let mut sources = Vec::new();
    let photos = exports::photos(&mut tx, user).map_ok(|(entry, source)| {
        sources.push(source);
        entry
    });
    let photos = Lines::of(photos).await?;
    let comments = Lines::of(exports::comments(&mut tx, user)).await?;
    let ratings = Lines::of(exports::ratings(&mut tx, user)).await?;
    let votes = Lines::of(exports::votes(&mut tx, user)).await?;
    let others = vec![
        ("talks", Lines::of(exports::talks(&mut tx, user)).await?),
        ("hubs", Lines::of(exports::hubs(&mut tx, user)).await?),
        ("shares", Lines::of(exports::shares(&mut tx, user)).await?),
        ("blocked", Lines::of(exports::blocks(&mut tx, user)).await?),
        ("sessions", Lines::of(exports::sessions(&mut tx, user)).await?),
    ];
    tx.commit().await?;
    Ok(Some(Snapshot { account, at, sources, photos, comments, ratings, votes, others }))
}

/// Writes the picture of a photo, or its original. Returns its name in the archive; `None` if it has neither any more.
async fn write_photo(
    env: &Env,
    archive: &mut Archive,
    source: &PhotoSource,
) -> anyhow::Result<Option<String>> {
    let mut key = source.picture.clone();
    // The owner may have cropped the photo since the snapshot.
    for _ in 0..2 {
        let Some(picture) = &key else { break };
        if let Some(found) = env.store.get_picture(&picture.parse()?, None).await? {
            let name = format!("photos/{}.jpg", source.photo);
            archive.begin(&name, source.created_at, Packing::Stored)?;
            let mut content = found.content;
            while let Some(bytes) = content.try_next().await? {
                archive.write(&bytes).await?;
            }
            return Ok(Some(name));
        }
        key = exports::find_picture(&mut *env.db.acquire().await?, source.photo).await?;
    }
    let Some(original) = &source.original else { return Ok(None) };
    let Some(mut file) = env.store.open_original(&original.parse()?).await? else { return Ok(None) };
    let mut piece = Vec::with_capacity(PIECE);
    (&mut file).take(PIECE as u64).read_to_end(&mut piece)?;
    let kind = extension(piece.get(..MAGIC).unwrap_or(&piece));
    let name = format!("photos/{}.{kind}", source.photo);
    archive.begin(&name, source.created_at, Packing::Stored)?;
    while !piece.is_empty() {
        archive.write(&piece).await?;
        piece.clear();
        (&mut file).take(PIECE as u64).read_to_end(&mut piece)?;
    }
    Ok(Some(name))
}

/// How the names of files of this kind end.
fn extension(head: &[u8]) -> &'static str {
    match Format::of(head) {
        Some(Format::Jpeg) => "jpg",
        Some(Format::Png) => "png",
        Some(Format::WebP) => "webp",
        Some(Format::Gif) => "gif",
        Some(Format::Avif) => "avif",
        None => "bin",
    }
}

async fn write_manifest(
    env: &Env,
    archive: &mut Archive,
    snapshot: &mut Snapshot,
    files: &HashMap<i64, String>,
) -> anyhow::Result<()> {
    archive.begin("pawdium.json", snapshot.at, Packing::Deflated)?;
    archive.write(b"{").await?;
    write_member(archive, "version", &VERSION).await?;
    write_member(archive, "site", &env.base_url).await?;
    write_member(archive, "exported_at", &snapshot.at).await?;
    write_member(archive, "account", &snapshot.account).await?;
    // Photos without a picture, which nothing can be made of, have a list of their own.
    for (name, has_picture) in [("photos", true), ("photos_without_picture", false)] {
        archive.write(format!("{}\n\"{name}\":[", if has_picture { "" } else { "," }).as_bytes()).await?;
        let mut is_first = true;
        for photo in snapshot.photos.rows::<PhotoEntry>()? {
            let mut photo = photo?;
            photo.file = files.get(&photo.id).cloned();
            if photo.file.is_some() == has_picture {
                archive.write(if is_first { b"\n" } else { b",\n" }).await?;
                archive.write(&serde_json::to_vec(&photo)?).await?;
                is_first = false;
            }
        }
        archive.write(b"\n]").await?;
    }
    for (name, lines) in &mut snapshot.others {
        archive.write(format!(",\n\"{name}\":").as_bytes()).await?;
        lines.write_list(archive).await?;
    }
    archive.write(b"}\n").await
}

async fn write_member(archive: &mut Archive, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
    archive.write(format!("\n\"{name}\":{},", serde_json::to_string(value)?).as_bytes()).await
}

async fn write_index(
    env: &Env,
    archive: &mut Archive,
    snapshot: &mut Snapshot,
    files: &HashMap<i64, String>,
) -> anyhow::Result<()> {
    archive.begin("index.html", snapshot.at, Packing::Deflated)?;
    let begin = Begin {
        name: &snapshot.account.name,
        site: env.base_url.as_str(),
        at: snapshot.at,
        photos: snapshot.photos.count,
        comments: snapshot.comments.count,
        ratings: snapshot.ratings.count,
        votes: snapshot.votes.count,
    };
    archive.write(begin.render()?.as_bytes()).await?;
    for photo in snapshot.photos.rows::<PhotoEntry>()? {
        let mut photo = photo?;
        photo.file = files.get(&photo.id).cloned();
        archive.write(PhotoPart { photo: &photo }.render()?.as_bytes()).await?;
    }
    archive.write(Middle { comments: snapshot.comments.count }.render()?.as_bytes()).await?;
    for comment in snapshot.comments.rows::<CommentEntry>()? {
        let comment = comment?;
        let link = env.base_url.join(&format!("/photos/{}", comment.photo)).context("the URL of a photo")?;
        let part = CommentPart { comment: &comment, link: link.as_str() };
        archive.write(part.render()?.as_bytes()).await?;
    }
    archive.write(End.render()?.as_bytes()).await
}
