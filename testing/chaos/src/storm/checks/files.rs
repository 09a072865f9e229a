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
    let named: Vec<(i64, String, i32)> = sqlx::query_as(
        "select photo_id, key, bytes
         from (select photo_id, edge, key, bytes from photo_files
               union select photo_id, edge, key, bytes from photo_picture_files) as named",
    )
    .fetch_all(&mut *db)
    .await?;
    let missing = named.iter().filter_map(|(photo, key, bytes)| match stored.get(key) {
        Some(size) if i64::try_from(*size).ok() == Some(i64::from(*bytes)) => None,
        found => Some(format!("photo {photo}: {key}, {found:?} bytes of {bytes}")),
    });
    let known: BTreeSet<&str> = named.iter().map(|(_, key, _)| key.as_str()).collect();
    let unnamed = stored.keys().filter(|key| !known.contains(key.as_str())).cloned();

    let uploads: Vec<_> = store.list_originals().try_collect().await?;
    let uploads: BTreeSet<String> = uploads.into_iter().map(|file| file.key.to_string()).collect();
    let needed: Vec<(i64, String, String)> = sqlx::query_as(
        "select id, state, source_key from photos where source_key is not null
         union all
         select id, 'import ' || state, source_key from imports where source_key is not null
         union all
         select import_id, 'file ' || state, source_key from import_files where source_key is not null",
    )
    .fetch_all(db)
    .await?;
    let lost = needed.iter().filter(|(_, _, key)| !uploads.contains(key));
    let lost = lost.map(|(photo, state, key)| format!("{photo}, {state}: {key}"));
    let kept: BTreeSet<&str> = needed.iter().map(|(_, _, key)| key.as_str()).collect();
    let unneeded = uploads.iter().filter(|key| !kept.contains(key.as_str())).cloned();
    Ok(vec![
        Finding::new("a picture that a photo names is stored", missing.collect()),
        Finding::new("a picture that no photo names is purged", unnamed.collect()),
        Finding::new("an upload that is still to be processed is stored", lost.collect()),
        Finding::new("an upload that nothing needs is purged", unneeded.collect()),
    ])
}
