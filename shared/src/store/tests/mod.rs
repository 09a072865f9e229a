//! Tests of both kinds of store: a folder, and a bucket of a real S3 server.

use std::{io::Read, time::SystemTime};

use chrono::TimeDelta;
use pawdium_bucket::{ACCESS_KEY, BUCKET, S3Server, SECRET_KEY};
use pawdium_media::{MediaError, Refusal};
use tempfile::TempDir;

use super::*;

mod bucket;
mod folder;

struct Fixture {
    kept: Kept,
    store: MediaStore,
}

enum Kept {
    Folder(TempDir),
    Bucket(S3Server),
}

impl Fixture {
    fn folder() -> Self {
        let folder = tempfile::tempdir().expect("is made");
        let url = Url::from_directory_path(folder.path().join("media")).expect("is absolute");
        let config = MediaConfig { store: url, ..MediaConfig::default() };
        Self { store: MediaStore::open(&config).expect("is opened"), kept: Kept::Folder(folder) }
    }

    fn bucket() -> Self {
        let server = S3Server::start();
        let store = MediaStore::open(&bucket_at(&server.endpoint())).expect("is opened");
        Self { store, kept: Kept::Bucket(server) }
    }

    /// All files of the store, unfinished ones included.
    fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).expect("is a folder") {
                let path = entry.expect("is readable").path();
                if path.is_dir() { walk(&path, files) } else { files.push(path) }
            }
        }
        let mut files = Vec::new();
        match &self.kept {
            Kept::Folder(folder) => walk(folder.path(), &mut files),
            Kept::Bucket(server) => files = server.files(),
        }
        files.sort();
        files
    }

    /// The folder with the store's files.
    fn root(&self) -> PathBuf {
        match &self.kept {
            Kept::Folder(folder) => folder.path().join("media"),
            Kept::Bucket(server) => server.folder().join("media"),
        }
    }

    fn path_of(&self, key: &MediaKey) -> PathBuf {
        self.root().join("pictures").join(key.as_str())
    }

    /// More than one part, and not a multiple of one.
    fn large(&self) -> Vec<u8> {
        let bytes = 3 * self.store.place.part() + 12_345;
        (0..bytes).map(|at| u8::try_from(at * 7 % 251).expect("is a byte")).collect()
    }

    /// Waits until no file is left, because dropped writers clean up in the background.
    async fn until_empty(&self) {
        for _ in 0..400 {
            if self.files().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("still there: {:?}", self.files());
    }
}

/// The URL of the tests' bucket with a prefix.
fn bucket_at(endpoint: &str) -> MediaConfig {
    MediaConfig {
        store: format!("s3://{BUCKET}/media?endpoint={endpoint}").parse().expect("is a URL"),
        access_key_id: Some(ACCESS_KEY.to_owned()),
        secret_access_key: Some(SECRET_KEY.into()),
        ..MediaConfig::default()
    }
}

/// Generates a test for each kind of store.
macro_rules! on_both {
    ($($behaviour:ident)*) => {
        mod in_a_folder {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(super::Fixture::folder()).await;
            })*
        }

        mod in_a_bucket {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(super::Fixture::bucket()).await;
            })*
        }
    };
}

on_both! {
    an_original_is_read_back_unchanged
    an_original_beyond_the_limit_is_refused_and_leaves_nothing
    an_empty_original_is_refused
    an_upload_whose_client_went_away_leaves_nothing
    equal_pictures_are_one_file
    a_picture_that_is_there_already_is_written_again
    a_mark_is_what_was_written_last
    a_picture_is_served_with_its_length_until_it_is_deleted
    a_part_of_a_picture_is_served_alone
    lists_hold_their_own_kind_alone
    the_check_passes_and_leaves_nothing
}

async fn upload(store: &MediaStore, content: &[u8]) -> OriginalKey {
    let mut original = store.begin_original(20_000_000);
    for chunk in content.chunks(60_000) {
        original.write(Bytes::copy_from_slice(chunk)).await.expect("is written");
    }
    assert_eq!(original.hash(), *blake3::hash(content).as_bytes());
    original.finish().await.expect("is finished")
}

async fn read(store: &MediaStore, key: &OriginalKey) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let mut file = store.open_original(key).await.expect("can be asked for")?;
    file.read_to_end(&mut content).expect("is read");
    Some(content)
}

async fn an_original_is_read_back_unchanged(fixture: Fixture) {
    let store = &fixture.store;
    for content in [fixture.large(), b"short".to_vec()] {
        let key = upload(store, &content).await;
        assert_eq!(key.as_str().parse(), Ok(key.clone()));
        assert!(read(store, &key).await == Some(content), "another content");
        store.delete_original(&key).await.expect("is removed");
        assert_eq!(read(store, &key).await, None);
    }
    let gone: OriginalKey = format!("incoming/{}", Ulid::generate()).parse().expect("is a key");
    store.delete_original(&gone).await.expect("is fine twice");
}

async fn an_original_beyond_the_limit_is_refused_and_leaves_nothing(fixture: Fixture) {
    let within = fixture.store.place.part() * 2;
    let mut original = fixture.store.begin_original(within as u64);
    original.write(fixture.large()[..within].to_vec().into()).await.expect("is within the limit");
    let refused = original.write(Bytes::from_static(b"x")).await;
    assert!(matches!(refused, Err(MediaError::Refused(Refusal::TooManyBytes { .. }))), "{refused:?}");
    original.discard().await.expect("is discarded");
    assert_eq!(fixture.files(), Vec::<PathBuf>::new());
}

async fn an_empty_original_is_refused(fixture: Fixture) {
    let refused = fixture.store.begin_original(10).finish().await;
    assert!(matches!(refused, Err(MediaError::Refused(Refusal::Empty))), "{refused:?}");
}

async fn an_upload_whose_client_went_away_leaves_nothing(fixture: Fixture) {
    let mut original = fixture.store.begin_original(20_000_000);
    original.write(fixture.large().into()).await.expect("is written");
    original.write(Bytes::from_static(b"more")).await.expect("is written");
    drop(original);
    fixture.until_empty().await;
}

async fn equal_pictures_are_one_file(fixture: Fixture) {
    let key = fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is stored");
    assert_eq!(key, MediaKey::of(b"picture"));
    assert_eq!(fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is there"), key);
    assert_eq!(fixture.files().len(), 1);
}

async fn a_picture_that_is_there_already_is_written_again(fixture: Fixture) {
    let key = fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is stored");
    let old = SystemTime::now() - Duration::from_mins(10);
    let file = File::options().write(true).open(fixture.path_of(&key)).expect("is there");
    file.set_modified(old).expect("is aged");
    fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is stored");
    let stored: Vec<_> = fixture.store.list_pictures().try_collect().await.expect("is listed");
    let [stored] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!((&stored.key, stored.size), (&key, 7));
    assert!(Utc::now() - stored.last_modified < TimeDelta::minutes(5));
}

async fn a_mark_is_what_was_written_last(fixture: Fixture) {
    assert_eq!(fixture.store.read_mark().await.expect("is none"), None);
    for mark in ["one", "another"] {
        fixture.store.write_mark(mark.into()).await.expect("is written");
        assert_eq!(fixture.store.read_mark().await.expect("is there"), Some(Bytes::from(mark)));
    }
}

async fn a_picture_is_served_with_its_length_until_it_is_deleted(fixture: Fixture) {
    let (store, large) = (&fixture.store, fixture.large());
    let key = store.put_picture(large.clone().into()).await.expect("is stored");
    let found = store.find_picture(&key).await.expect("can be asked for").expect("is there");
    assert_eq!((&found.key, found.size), (&key, large.len() as u64));
    let picture = store.get_picture(&key, None).await.expect("can be asked for").expect("is there");
    assert_eq!((picture.size, picture.range), (large.len() as u64, 0..large.len() as u64));
    let content: Vec<Bytes> = picture.content.try_collect().await.expect("is read");
    assert!(content.len() > 1, "comes in pieces");
    assert!(content.concat() == large, "another content");
    store.delete_picture(&key).await.expect("is removed");
    store.delete_picture(&key).await.expect("is fine twice");
    assert!(store.find_picture(&key).await.expect("can be asked for").is_none());
    assert!(store.get_picture(&key, None).await.expect("can be asked for").is_none());
}

async fn a_part_of_a_picture_is_served_alone(fixture: Fixture) {
    let key = fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is stored");
    let picture =
        fixture.store.get_picture(&key, Some(2..5)).await.expect("can be asked for").expect("is there");
    assert_eq!((picture.size, picture.range), (7, 2..5));
    let content: Vec<Bytes> = picture.content.try_collect().await.expect("is read");
    assert_eq!(content.concat(), b"ctu");
}

async fn lists_hold_their_own_kind_alone(fixture: Fixture) {
    let originals: Vec<_> = fixture.store.list_originals().try_collect().await.expect("is empty");
    assert_eq!(originals, []);
    let key = upload(&fixture.store, b"upload").await;
    fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is stored");
    std::fs::write(fixture.root().join("incoming/stray.txt"), "x").expect("is written");
    std::fs::write(fixture.root().join("pictures/stray.jpg"), "x").expect("is written");
    let originals: Vec<_> = fixture.store.list_originals().try_collect().await.expect("is listed");
    assert_eq!(originals.iter().map(|stored| &stored.key).collect::<Vec<_>>(), [&key]);
    let pictures: Vec<_> = fixture.store.list_pictures().try_collect().await.expect("is listed");
    assert_eq!(pictures.len(), 1);
}

async fn the_check_passes_and_leaves_nothing(fixture: Fixture) {
    fixture.store.check().await.expect("works");
    assert_eq!(fixture.files(), Vec::<PathBuf>::new());
}

#[test]
fn only_keys_of_our_own_making_are_keys() {
    let picture = MediaKey::of(b"picture").to_string();
    assert!(picture.parse::<MediaKey>().is_ok());
    let moved = format!("00/00/{}", &picture[6..]);
    for text in
        ["", "../../etc/passwd", "ab/cd/ef.jpg", &picture[1..], &picture.to_uppercase(), &moved, "é/é/é.jpg"]
    {
        assert!(text.parse::<MediaKey>().is_err(), "{text}");
    }
    for text in
        ["", "incoming/", "incoming/../pictures", "incoming/holiday.jpg", "01JD0000000000000000000000"]
    {
        assert!(text.parse::<OriginalKey>().is_err(), "{text}");
    }
}
