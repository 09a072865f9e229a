//! Tests of folders only: killed writers leave files behind.

use std::io::ErrorKind;

use super::*;

#[tokio::test]
async fn unfinished_files_of_killed_writers_are_deleted_when_old() {
    let fixture = Fixture::folder();
    let key = upload(&fixture.store, b"upload").await;
    // kill -9 neither finishes nor drops the writer.
    let mut killed = fixture.store.begin_original(20_000_000);
    killed.write(fixture.large().into()).await.expect("is written");
    std::mem::forget(killed);
    assert_eq!(fixture.files().len(), 2);
    let day = Duration::from_hours(24);
    assert_eq!(fixture.store.remove_unfinished(day).await.expect("walks"), 0);
    assert_eq!(fixture.store.remove_unfinished(Duration::ZERO).await.expect("walks"), 1);
    assert_eq!(fixture.files().len(), 1);
    assert_eq!(read(&fixture.store, &key).await, Some(b"upload".to_vec()));
}

#[tokio::test]
async fn unfinished_pictures_hinder_nothing_and_are_deleted_when_old() {
    let fixture = Fixture::folder();
    let key = MediaKey::of(b"picture");
    // Left by workers that were killed between writing and renaming: one long ago, one just now.
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
async fn the_check_fails_without_its_folder() {
    let fixture = Fixture::folder();
    let media = fixture.root();
    std::fs::remove_dir_all(&media).expect("is removed");
    std::fs::write(&media, "not a folder").expect("is written");
    let failed = fixture.store.check().await;
    assert!(failed.is_err_and(|error| error.kind() != ErrorKind::NotFound));
}
