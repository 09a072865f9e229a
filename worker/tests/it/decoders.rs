//! Decoders that die, hang or lie.

use std::ffi::OsString;
use std::time::Duration;

use pawdium_kit::waiting::{count, until_idle};
use pawdium_media::{Decoder, RenderError};
use pawdium_shared::photos::{PhotoState, Species};
use pawdium_worker::{DECODE, runner};
use sqlx::PgPool;
use tempfile::NamedTempFile;

use crate::photos::{assert_whole, until_discarded};
use crate::site::{Site, jpeg};
use crate::workers::start_workers;

/// Processes photos of two members. The first photo's decoder runs this shell command. Asserts that this photo fails
/// with the reason and the other one goes live.
async fn assert_fails_alone(site: Site, misdeed: &str, reason: &RenderError) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    // Only the first process can create the folder.
    let script = format!(r#"if mkdir "$1/first" 2>/dev/null; then {misdeed}; else exec "$0" {DECODE}; fi"#);
    let arguments: [OsString; 4] =
        ["-c".into(), script.into(), env!("CARGO_BIN_EXE_pawdium-worker").into(), folder.path().into()];
    let site = site.altered(|env| {
        env.decoder = Decoder::new("/bin/sh".into(), arguments, env.limits.clone());
    });
    let mut photos = Vec::new();
    for (name, seed) in [("ada", 1), ("bo", 2)] {
        let owner = site.member(name).await;
        photos.push(site.submit(owner, &jpeg(1080, 1080, seed), Species::Cat).await);
    }
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    until_idle(&site.db).await;
    until_discarded(&site).await;
    workers.stop().await;

    let (mut failed, mut others) = (Vec::new(), Vec::new());
    for photo in photos {
        let photo = site.photo(photo).await;
        if photo.state == PhotoState::Failed { failed.push(photo) } else { others.push(photo) }
    }
    let ([failed], [other]) = (&failed[..], &others[..]) else { panic!("{failed:?}, and not {others:?}") };
    assert_eq!(failed.reason, Some(reason.to_string()));
    assert!(failed.sizes.is_empty(), "{:?}", failed.sizes);
    assert_eq!((other.state, other.reason.as_deref()), (PhotoState::Live, None));
    assert_whole(&site, other).await;
    assert_eq!(count(&site.db, "select count(*) from job_history where outcome <> 'done'").await, 0);
}

fn died() -> RenderError {
    RenderError::Died { cause: String::new() }
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_decoder_that_hangs_fails_its_photo_and_no_other(db: PgPool) {
    // The timeout for the decoder that hangs. The other one needs much less.
    let site = Site::new(db).altered(|env| env.limits.timeout = Duration::from_secs(5));
    assert_fails_alone(site, "exec sleep 60", &RenderError::TimedOut).await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_decoder_that_aborts_fails_its_photo_and_no_other(db: PgPool) {
    assert_fails_alone(Site::new(db), "kill -ABRT $$", &died()).await;
}

/// The reply of a decoder that returns web pages as pictures: see `crates/media/src/sandbox/protocol.rs`.
fn forgery() -> Vec<u8> {
    const PAGE: &str = "<html>";
    let pictures = [1080, 540, 160].map(|edge| {
        let bytes = PAGE.len();
        format!(r#"{{"edge":{edge},"width":{edge},"height":{edge},"bytes":{bytes}}}"#)
    });
    let header = format!(
        r#"{{"rendered":{{"width":1080,"height":1080,"crop":"0,0,1080","pictures":[{}],
        "placeholder":"AAAAAAAA","fingerprint":null}}}}"#,
        pictures.join(",")
    );
    let files = PAGE.repeat(pictures.len());
    let number = |length: usize| u32::try_from(length).expect("is short").to_be_bytes();
    [&b"pawdium\x04"[..], &number(header.len()), &number(files.len()), header.as_bytes(), files.as_bytes()]
        .concat()
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_decoder_that_lies_fails_its_photo_and_no_other(db: PgPool) {
    let reply = NamedTempFile::new().expect("is made");
    std::fs::write(reply.path(), forgery()).expect("can be written");
    let misdeed = format!("exec cat '{}'", reply.path().display());
    assert_fails_alone(Site::new(db), &misdeed, &died()).await;
}
