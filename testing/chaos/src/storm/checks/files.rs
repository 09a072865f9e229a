//! Checks that the media store has exactly the files that the database names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use futures::TryStreamExt as _;
use pawdium_shared::store::MediaStore;
use sqlx::PgConnection;

use super::Finding;

/// Older than any file that the purge keeps.
const LONG_AGO: Duration = Duration::from_hours(48);

/// Makes all files two days old, so that the purge takes those that nothing needs.
///
/// # Errors
/// If a file can't be changed.
pub(in crate::storm) fn age(folder: &Path) -> std::io::Result<()> {
    let then = SystemTime::now() - LONG_AGO;
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else {
                File::options().write(true).open(entry.path())?.set_modified(then)?;
            }
        }
    }
    Ok(())
}

/// Compares the store with the database, after a purge.
///
/// # Errors
/// If one of them can't be read.
pub async fn check_files(db: &mut PgConnection, store: &MediaStore) -> Result<Vec<Finding>> {
    let stored: Vec<_> = store.list_pictures().try_collect().await?;
    let stored: BTreeMap<String, u64> =
        stored.into_iter().map(|file| (file.key.to_string(), file.size)).collect();
    let withheld: Vec<_> = store.list_withheld().try_collect().await?;
    let withheld: BTreeMap<String, u64> =
        withheld.into_iter().map(|file| (file.key.to_string(), file.size)).collect();
    let named: Vec<(i64, String, i32, bool)> = sqlx::query_as(
        "select photo_id, key, bytes, bool_or(state not in ('hidden', 'deleted')) over (partition by key)
         from (select photo_id, edge, key, bytes from photo_files
               union select photo_id, edge, key, bytes from photo_picture_files) as named
         join photos on photos.id = photo_id",
    )
    .fetch_all(&mut *db)
    .await?;
    let missing = named.iter().filter_map(|(photo, key, bytes, is_shown)| {
        let found = if *is_shown { stored.get(key) } else { withheld.get(key) };
        match found {
            Some(size) if i64::try_from(*size).ok() == Some(i64::from(*bytes)) => None,
            found => Some(format!("photo {photo}: {key}, shown {is_shown}, {found:?} bytes of {bytes}")),
        }
    });
    let portraits: Vec<(i64, String)> =
        sqlx::query_as("select id, avatar from users where avatar is not null").fetch_all(&mut *db).await?;
    let faceless = portraits.iter().filter(|(_, key)| !stored.contains_key(key));
    let faceless = faceless.map(|(user, key)| format!("user {user}: {key}"));
    let keys = |shown: bool| -> BTreeSet<&str> {
        named.iter().filter(|(.., is_shown)| *is_shown == shown).map(|(_, key, ..)| key.as_str()).collect()
    };
    let (mut known, hidden) = (keys(true), keys(false));
    known.extend(portraits.iter().map(|(_, key)| key.as_str()));
    let unnamed = stored.keys().filter(|key| !known.contains(key.as_str())).cloned();
    let stray = withheld.keys().filter(|key| !hidden.contains(key.as_str())).cloned();

    let uploads: Vec<_> = store.list_originals().try_collect().await?;
    let uploads: BTreeSet<String> = uploads.into_iter().map(|file| file.key.to_string()).collect();
    let needed: Vec<(i64, String, String)> = sqlx::query_as(
        "select id, state, source_key from photos where source_key is not null
             union all
             select user_id, 'portrait', source_key from avatar_uploads where source_key is not null
             union all
             select id, 'import ' || state, source_key from imports where source_key is not null
             union all
             select import_id, 'file ' || state, source_key from import_files where source_key is not null",
    )
    .fetch_all(&mut *db)
    .await?;
    let lost = needed.iter().filter(|(_, _, key)| !uploads.contains(key));
    let lost = lost.map(|(photo, state, key)| format!("{photo}, {state}: {key}"));
    let kept: BTreeSet<&str> = needed.iter().map(|(_, _, key)| key.as_str()).collect();
    let unneeded = uploads.iter().filter(|key| !kept.contains(key.as_str())).cloned();
    let mut findings = check_archives(db, store).await?;
    findings.extend([
        Finding::new("a picture that a photo names is stored", missing.collect()),
        Finding::new("a portrait that a member has is stored", faceless.collect()),
        Finding::new("a picture that nothing shows isn't served", unnamed.collect()),
        Finding::new("a picture is withheld only while a hidden photo names it", stray.collect()),
        Finding::new("an upload that is still to be processed is stored", lost.collect()),
        Finding::new("an upload that nothing needs is purged", unneeded.collect()),
    ]);
    Ok(findings)
}

async fn check_archives(db: &mut PgConnection, store: &MediaStore) -> Result<Vec<Finding>> {
    let archives: Vec<_> = store.list_exports().try_collect().await?;
    let archives: BTreeMap<String, u64> =
        archives.into_iter().map(|file| (file.key.to_string(), file.size)).collect();
    let exports: Vec<(i64, String, i64)> =
        sqlx::query_as("select id, key, bytes from exports where key is not null")
            .fetch_all(&mut *db)
            .await?;
    let unwritten = exports.iter().filter_map(|(export, key, bytes)| match archives.get(key) {
        Some(size) if i64::try_from(*size).ok() == Some(*bytes) => None,
        found => Some(format!("export {export}: {key}, {found:?} bytes of {bytes}")),
    });
    let promised: BTreeSet<&str> = exports.iter().map(|(_, key, _)| key.as_str()).collect();
    let orphans = archives.keys().filter(|key| !promised.contains(key.as_str())).cloned();
    Ok(vec![
        Finding::new("an archive that a member can download is stored whole", unwritten.collect()),
        Finding::new("an archive that no export names is purged", orphans.collect()),
    ])
}
