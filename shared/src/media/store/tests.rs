use std::{
    io::{ErrorKind, Read},
    time::SystemTime,
};

use object_store::memory::InMemory;
use tempfile::TempDir;

use super::*;

struct Fixture {
    folder: TempDir,
    store: MediaStore,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("is made");
        let url = Url::from_directory_path(folder.path().join("media")).expect("is absolute");
        Self { store: MediaStore::open(&url).expect("is opened"), folder }
    }

    /// Every file below the folder, half-written ones too.
    fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).expect("is a folder") {
                let path = entry.expect("is readable").path();
                if path.is_dir() { walk(&path, files) } else { files.push(path) }
            }
        }
        let mut files = Vec::new();
        walk(self.folder.path(), &mut files);
        files
    }

    fn path_of(&self, key: &MediaKey) -> PathBuf {
        self.folder.path().join("media/pictures").join(key.as_str())
    }
}

async fn upload(store: &MediaStore, content: &[u8]) -> IncomingKey {
    let mut incoming = store.begin_incoming(20_000_000);
    for chunk in content.chunks(60_000) {
        incoming.write(Bytes::copy_from_slice(chunk)).await.expect("is written");
    }
    incoming.finish().await.expect("is finished")
}

async fn read(store: &MediaStore, key: &IncomingKey) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let mut file = store.open_incoming(key).await.expect("can be asked for")?;
    file.read_to_end(&mut content).expect("is read");
    Some(content)
}

/// More than one part, and not a multiple of one.
fn large() -> Vec<u8> {
    (0..3 * PART + 12_345).map(|at| u8::try_from(at * 7 % 251).expect("is a byte")).collect()
}

#[tokio::test]
async fn an_upload_comes_back_as_it_came_in_whatever_the_store() {
    let folder = Fixture::new();
    let memory = MediaStore { store: Arc::new(InMemory::new()), folder: None };
    for store in [&folder.store, &memory] {
        for content in [large(), b"short".to_vec()] {
            let key = upload(store, &content).await;
            assert_eq!(key.as_str().parse(), Ok(key.clone()));
            assert_eq!(read(store, &key).await, Some(content));
            store.delete_incoming(&key).await.expect("is removed");
            assert_eq!(read(store, &key).await, None);
        }
    }
    let gone: IncomingKey = format!("incoming/{}", Ulid::generate()).parse().expect("is a key");
    folder.store.delete_incoming(&gone).await.expect("is fine twice");
}

#[tokio::test]
async fn an_upload_beyond_the_limit_is_refused_and_leaves_nothing() {
    let fixture = Fixture::new();
    let mut incoming = fixture.store.begin_incoming(PART as u64 * 2);
    incoming.write(large()[..PART * 2].to_vec().into()).await.expect("is within the limit");
    let refused = incoming.write(Bytes::from_static(b"x")).await;
    assert!(matches!(refused, Err(MediaError::Refused(Refusal::TooManyBytes { .. }))), "{refused:?}");
    incoming.discard().await.expect("is discarded");
    assert_eq!(fixture.files(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn an_empty_upload_is_refused() {
    let refused = Fixture::new().store.begin_incoming(10).finish().await;
    assert!(matches!(refused, Err(MediaError::Refused(Refusal::Empty))), "{refused:?}");
}

#[test]
fn an_upload_whose_client_went_away_leaves_nothing() {
    let fixture = Fixture::new();
    let runtime = tokio::runtime::Runtime::new().expect("starts");
    runtime.block_on(async {
        let mut incoming = fixture.store.begin_incoming(20_000_000);
        incoming.write(large().into()).await.expect("is written");
        drop(incoming);
    });
    // Waits for the blocking thread that removes the file.
    drop(runtime);
    assert_eq!(fixture.files(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn pictures_are_named_by_content_and_written_once() {
    let fixture = Fixture::new();
    let key = fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is stored");
    assert_eq!(key, MediaKey::of(b"picture"));
    let written =
        |key| std::fs::metadata(fixture.path_of(key)).and_then(|found| found.modified()).expect("is there");
    let first = written(&key);
    assert_eq!(fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is there"), key);
    assert_eq!(written(&key), first);
    assert_eq!(fixture.files().len(), 1);
}

#[tokio::test]
async fn a_picture_that_a_purge_might_take_is_written_again() {
    let fixture = Fixture::new();
    let key = fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is stored");
    let old = SystemTime::now() - Duration::from_hours(2);
    let file = File::options().write(true).open(fixture.path_of(&key)).expect("is there");
    file.set_modified(old).expect("is aged");
    fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is stored");
    let stored: Vec<_> = fixture.store.list_pictures().try_collect().await.expect("is listed");
    let [stored] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!((&stored.key, stored.size), (&key, 7));
    assert!(Utc::now() - stored.last_modified < FRESH);
}

#[tokio::test]
async fn a_picture_is_served_with_its_length_until_it_is_deleted() {
    let store = Fixture::new().store;
    let key = store.put_picture(large().into()).await.expect("is stored");
    let picture = store.get_picture(&key).await.expect("can be asked for").expect("is there");
    assert_eq!(picture.size, large().len() as u64);
    let content: Vec<Bytes> = picture.content.try_collect().await.expect("is read");
    assert!(content.len() > 1, "comes in pieces");
    assert_eq!(content.concat(), large());
    store.delete_picture(&key).await.expect("is removed");
    assert!(store.get_picture(&key).await.expect("can be asked for").is_none());
}

#[tokio::test]
async fn lists_hold_their_own_kind_alone() {
    let fixture = Fixture::new();
    let incoming: Vec<_> = fixture.store.list_incoming().try_collect().await.expect("is empty");
    assert_eq!(incoming, []);
    let key = upload(&fixture.store, b"upload").await;
    fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is stored");
    std::fs::write(fixture.folder.path().join("media/incoming/stray.txt"), "x").expect("is written");
    std::fs::write(fixture.folder.path().join("media/pictures/stray.jpg"), "x").expect("is written");
    let incoming: Vec<_> = fixture.store.list_incoming().try_collect().await.expect("is listed");
    assert_eq!(incoming.iter().map(|stored| &stored.key).collect::<Vec<_>>(), [&key]);
    let pictures: Vec<_> = fixture.store.list_pictures().try_collect().await.expect("is listed");
    assert_eq!(pictures.len(), 1);
}

#[tokio::test]
async fn what_a_killed_writer_left_is_removed_when_it_is_old() {
    let fixture = Fixture::new();
    let key = upload(&fixture.store, b"upload").await;
    // What kill -9 leaves: a writer that neither finishes nor is dropped.
    let mut killed = fixture.store.begin_incoming(20_000_000);
    killed.write(large().into()).await.expect("is written");
    std::mem::forget(killed);
    assert_eq!(fixture.files().len(), 2);
    let day = Duration::from_hours(24);
    assert_eq!(fixture.store.remove_unfinished(day).await.expect("walks"), 0);
    assert_eq!(fixture.store.remove_unfinished(Duration::ZERO).await.expect("walks"), 1);
    assert_eq!(fixture.files().len(), 1);
    assert_eq!(read(&fixture.store, &key).await, Some(b"upload".to_vec()));
}

#[tokio::test]
async fn what_is_left_of_a_picture_hinders_nothing_and_goes_when_it_is_old() {
    let fixture = Fixture::new();
    let key = MediaKey::of(b"picture");
    // What a worker that was killed between writing and renaming leaves, once long ago and once just now.
    let [old, young] = [1, 2].map(|number| {
        let mut left = fixture.path_of(&key).into_os_string();
        left.push(format!("#{number}"));
        PathBuf::from(left)
    });
    std::fs::create_dir_all(old.parent().expect("is in a folder")).expect("is made");
    for path in [&old, &young] {
        std::fs::write(path, "pict").expect("is written");
    }
    let file = File::options().write(true).open(&old).expect("is there");
    file.set_modified(SystemTime::now() - Duration::from_hours(2)).expect("is aged");

    assert_eq!(fixture.store.put_picture(Bytes::from_static(b"picture")).await.expect("is stored"), key);
    let listed: Vec<_> = fixture.store.list_pictures().try_collect().await.expect("is listed");
    assert_eq!(listed.iter().map(|stored| &stored.key).collect::<Vec<_>>(), [&key]);
    assert_eq!(fixture.store.remove_unfinished(Duration::from_hours(1)).await.expect("walks"), 1);
    let mut left = fixture.files();
    left.sort();
    assert_eq!(left, [fixture.path_of(&key), young]);
}

#[test]
fn only_a_number_after_a_hash_marks_a_file_as_unfinished() {
    for name in ["ab.jpg#1", "01JD0000000000000000000000#23"] {
        assert!(is_unfinished(name), "{name}");
    }
    for name in ["ab.jpg", "ab.jpg#", "ab#1.jpg", "#a"] {
        assert!(!is_unfinished(name), "{name}");
    }
}

#[tokio::test]
async fn the_check_passes_on_a_working_store_and_fails_without_its_folder() {
    let fixture = Fixture::new();
    fixture.store.check().await.expect("works");
    assert_eq!(fixture.files(), Vec::<PathBuf>::new());
    let media = fixture.folder.path().join("media");
    std::fs::remove_dir_all(&media).expect("is removed");
    std::fs::write(&media, "not a folder").expect("is written");
    let failed = fixture.store.check().await;
    assert!(failed.is_err_and(|error| error.kind() != ErrorKind::NotFound));
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
        assert!(text.parse::<IncomingKey>().is_err(), "{text}");
    }
}

#[test]
fn other_stores_are_named_as_what_is_missing() {
    let url = Url::parse("s3://bucket/media").expect("is a URL");
    let error = MediaStore::open(&url).expect_err("isn't supported");
    assert!(error.to_string().contains("s3"));
}
