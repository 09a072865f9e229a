//! From an archive to drafts with receipts.

use std::collections::BTreeMap;
use std::time::Duration;

use pawdium_archive::write::{ZipEntry, gzip, tar, tar_of, zip, zip_of};
use pawdium_kit::waiting::{count, until, until_idle};
use pawdium_kit::workers::transact;
use pawdium_shared::ids::{ImportId, UserId};
use pawdium_shared::imports::start::{Received, Started, start};
use pawdium_shared::imports::{FileState, Import, ImportFile, ImportState, acts, queries};
use pawdium_shared::photos::{PhotoState, Species, drafts, transitions};
use pawdium_worker::runner;
use sqlx::PgPool;

use crate::site::{Site, jpeg};
use crate::workers::start_workers;

/// Counts the drafts.
pub(crate) const DRAFTS: &str = "select count(*) from photos where state = 'draft'";

/// A picture; the seed determines it.
pub(crate) fn picture(seed: u32) -> Vec<u8> {
    jpeg(240, 220, seed)
}

/// Starts an import of an archive, as the site's form does.
pub(crate) async fn import(site: &Site, owner: UserId, archive: &[u8]) -> ImportId {
    let stored = site.upload(archive).await;
    let print = *blake3::hash(archive).as_bytes();
    let received = Received {
        name: "photos.zip",
        bytes: archive.len() as u64,
        print: &print,
        source_key: stored.as_str(),
        species: Species::Cat,
        key: None,
    };
    match transact(&site.db, async |tx| start(tx, owner, received).await).await.expect("no error") {
        Started::New(import) => import,
        other => panic!("it is not started: {other:?}"),
    }
}

pub(crate) async fn find(site: &Site, owner: UserId, import: ImportId) -> Import {
    let mut db = site.db.acquire().await.expect("a connection");
    queries::find(&mut db, import, owner).await.expect("it can be read").expect("it is there")
}

pub(crate) async fn until_ended(site: &Site, owner: UserId, import: ImportId) -> Import {
    let ended = async || Some(find(site, owner, import).await).filter(|import| !import.state.is_under_way());
    let ended = until("the import has ended", Duration::from_mins(1), ended).await;
    until_idle(&site.db).await;
    ended
}

/// The receipts by the names of the files.
pub(crate) async fn receipts(site: &Site, import: ImportId) -> BTreeMap<String, ImportFile> {
    let mut db = site.db.acquire().await.expect("a connection");
    let files = queries::list_files(&mut db, import, None, -1, 100_000).await.expect("they can be read");
    files.into_iter().map(|file| (file.name.clone(), file)).collect()
}

pub(crate) async fn retry(site: &Site, owner: UserId, import: ImportId) {
    transact(&site.db, async |tx| acts::retry(tx, import, owner).await).await.expect("it can be tried again");
}

/// All of a finished site's originals belong to something.
pub(crate) async fn assert_nothing_is_left_over(site: &Site) {
    let named = "select (select count(*) from photos where source_key is not null)
                      + (select count(*) from imports where source_key is not null)
                      + (select count(*) from import_files where source_key is not null)";
    let named = count(&site.db, named).await;
    assert_eq!(i64::try_from(site.files("incoming").len()), Ok(named));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn two_good_pictures_and_a_bad_one_are_two_drafts_and_a_refusal(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    let mut broken = picture(3);
    broken.truncate(broken.len() / 2);
    let files: [(&str, &[u8]); 3] =
        [("Tom_asleep.jpg", &picture(1)), ("cats/b.jpg", &picture(2)), ("broken.jpg", &broken)];
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    for (round, archive) in [zip_of(&files), tar_of(&files), gzip(&tar_of(&files))].iter().enumerate() {
        let import = import(&site, ada, archive).await;
        let ended = until_ended(&site, ada, import).await;
        assert_eq!((ended.state, ended.counts.files, ended.counts.refused), (ImportState::Done, 3, 1));
        let receipts = receipts(&site, import).await;
        let expected = if round == 0 { FileState::Imported } else { FileState::Duplicate };
        assert_eq!(receipts["Tom_asleep.jpg"].state, expected, "{receipts:?}");
        assert_eq!(receipts["cats/b.jpg"].state, expected);
        assert!(receipts["broken.jpg"].reason.as_ref().is_some_and(|reason| reason.contains("damaged")));
        assert_eq!(count(&site.db, DRAFTS).await, 2);
        let draft = site.photo(receipts["Tom_asleep.jpg"].photo.expect("a draft")).await;
        assert_eq!(
            (draft.title.as_str(), draft.species, draft.state),
            ("Tom asleep", Species::Cat, PhotoState::Draft)
        );
    }
    let told = "select count(*) from notifications where kind = 'import_done'";
    assert_eq!(count(&site.db, told).await, 3);
    workers.stop().await;
    assert_nothing_is_left_over(&site).await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn hostile_archives_harm_nobody(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    let good = || ZipEntry::new("good.jpg", picture(1));
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let many: Vec<_> = (0..10_001).map(|number| ZipEntry::new(format!("{number}.jpg"), "")).collect();
    let bomb = ZipEntry::new("bomb.jpg", vec![0; 50_000_000]).deflated();
    let big_bomb = vec![bomb.clone(); 30];
    let overlapping = [ZipEntry::new("a.jpg", picture(1)), ZipEntry::new("a.jpg", picture(1)).at(0)];
    let refused: [(&str, Vec<u8>, &str); 6] = [
        ("too many files", zip(&many), "10,000|10000"),
        ("bombs", zip(&big_bomb), "100 times"),
        ("overlapping files", zip(&overlapping), "overlap"),
        ("cut off", zip_of(&[("a.jpg", &picture(1))])[..500].to_vec(), "damaged"),
        ("a tar that is cut off", tar_of(&[("a.jpg", &picture(1))])[..1500].to_vec(), "damaged"),
        ("a list of a later version", zip_of(&[("pawdium.json", br#"{"version": 9}"#)]), "newer"),
    ];
    for (case, archive, why) in refused {
        let import = import(&site, ada, &archive).await;
        let ended = until_ended(&site, ada, import).await;
        assert_eq!(ended.state, ImportState::Refused, "{case}");
        let reason = ended.reason.expect("a reason");
        assert!(why.split('|').any(|why| reason.contains(why)), "{case}: {reason}");
        assert!(!ended.may_retry, "{case}");
    }
    assert_eq!(count(&site.db, "select count(*) from photos").await, 0);
    let entries = [
        good(),
        ZipEntry::new("../../etc/cron.d/evil.jpg", picture(2)),
        ZipEntry::new("/etc/evil.jpg", picture(3)),
        ZipEntry::new("link.jpg", "/etc/passwd").mode(0o120_777),
        ZipEntry::new("secret.jpg", picture(4)).flags(1),
        ZipEntry::new("more.zip", zip_of(&[("a.jpg", &picture(5))])),
        ZipEntry::new("hidden.jpg", zip_of(&[("a.jpg", &picture(5))])),
        ZipEntry::new("lies.jpg", picture(6)).deflated().size(100),
        ZipEntry::new("notes.txt", "Dear diary"),
        ZipEntry::new("empty.png", ""),
        ZipEntry::new("=cmd|'/c calc'!A1.jpg", "no picture"),
    ];
    let import = import(&site, ada, &zip(&entries)).await;
    let ended = until_ended(&site, ada, import).await;
    let receipts = receipts(&site, import).await;
    assert_eq!(
        (ended.state, ended.counts.imported, ended.counts.refused),
        (ImportState::Done, 1, 10),
        "{receipts:?}"
    );
    let reason = |name: &str| receipts[name].reason.clone().unwrap_or_default();
    assert!(reason("../../etc/cron.d/evil.jpg").contains("leads out"));
    assert!(reason("link.jpg").contains("link"));
    assert!(reason("secret.jpg").contains("encrypted"));
    assert!(reason("more.zip").contains("archive in the archive"));
    assert!(reason("hidden.jpg").contains("archive in the archive"));
    assert!(reason("lies.jpg").contains("size"));
    assert!(reason("notes.txt").contains("isn't a picture"));
    let links = tar(&[("good.jpg", b'0', &picture(1)), ("link.jpg", b'2', b""), ("pipe.jpg", b'6', b"")]);
    let import = self::import(&site, ada, &links).await;
    let ended = until_ended(&site, ada, import).await;
    assert_eq!((ended.counts.duplicates, ended.counts.refused), (1, 2));
    workers.stop().await;
    assert_nothing_is_left_over(&site).await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn descriptions_beside_and_in_pictures_fill_the_drafts(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    let sidecar =
        br#"{"title": "Tom_at_noon.jpg", "description": "Asleep\u0000 on a chair", "people": [{"name": "Ada"}]}"#;
    // A comment, then XMP, before the rest of the picture.
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x><dc:title><rdf:li>Nap</rdf:li></dc:title><dc:subject><rdf:li>dog</rdf:li><rdf:li>nap time</rdf:li></dc:subject></x>";
    let length = u16::try_from(xmp.len() + 2).expect("it is short").to_be_bytes();
    let plain = picture(2);
    let tagged = [&plain[..2], &[0xFF, 0xE1], &length, xmp, &plain[2..]].concat();
    let files: [(&str, &[u8]); 4] = [
        ("Takeout/IMG_1.jpg", &picture(1)),
        ("Takeout/IMG_1.jpg.supplemental-metadata.json", sidecar),
        ("b.jpg", &tagged),
        ("metadata.json", b"{}"),
    ];
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let import = import(&site, ada, &zip_of(&files)).await;
    until_ended(&site, ada, import).await;
    let receipts = receipts(&site, import).await;
    assert_eq!(receipts.len(), 3, "{receipts:?}");
    let draft = site.photo(receipts["Takeout/IMG_1.jpg"].photo.expect("a draft")).await;
    assert_eq!((draft.title.as_str(), draft.alt.as_str()), ("Tom at noon", "Asleep on a chair"));
    let draft = site.photo(receipts["b.jpg"].photo.expect("a draft")).await;
    assert_eq!((draft.title.as_str(), draft.species), ("Nap", Species::Dog));
    assert_eq!(draft.tags, ["dog", "nap-time"]);
    assert_eq!(receipts["metadata.json"].state, FileState::Refused);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn an_export_of_pawdiums_own_gives_the_same_set(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    let list = br#"{"version": 1, "photos": [
        {"file": "photos/7.jpg", "title": "Blep", "alt": "A tongue", "species": "dog", "tags": ["derp", "Loaf"], "state": "live",
         "created_at": "2026-01-02T03:04:05Z", "crop": {"x": 10, "y": 0, "side": 210}, "comments": "nobody", "remixes": false},
        {"file": "photos/8.jpg", "title": "Too far", "crop": {"x": 9000, "y": 0, "side": 210}},
        {"file": "photos/9.jpg", "title": "Gone"}]}"#;
    let files: [(&str, &[u8]); 4] = [
        ("pawdium.json", list),
        ("comments.json", b"[]"),
        ("photos/7.jpg", &picture(1)),
        ("photos/8.jpg", &picture(2)),
    ];
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let import = import(&site, ada, &zip_of(&files)).await;
    let ended = until_ended(&site, ada, import).await;
    assert_eq!((ended.counts.files, ended.counts.imported), (3, 2));
    let receipts = receipts(&site, import).await;
    let draft = site.photo(receipts["photos/7.jpg"].photo.expect("a draft")).await;
    assert_eq!((draft.title.as_str(), draft.alt.as_str(), draft.species), ("Blep", "A tongue", Species::Dog));
    assert_eq!(
        (draft.tags.as_slice(), draft.comments.name(), draft.remixes),
        (&["derp".to_owned(), "Loaf".to_owned()][..], "nobody", false)
    );
    assert_eq!(count(&site.db, "select crop_x::bigint from photos where title = 'Blep'").await, 10);
    assert_eq!(
        count(&site.db, "select count(*) from photos where title = 'Too far' and crop_side is null").await,
        1
    );
    assert_eq!(receipts["photos/9.jpg"].state, FileState::Refused);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn past_the_quota_files_are_refused_until_there_is_room(db: PgPool) {
    let site = Site::with(db, &[("PAWDIUM_MEDIA__MEMBER_DRAFTS", "2")]);
    let ada = site.member("ada").await;
    let pictures = [1, 2, 3].map(picture);
    let archive = zip_of(&[("1.jpg", &pictures[0]), ("2.jpg", &pictures[1]), ("3.jpg", &pictures[2])]);
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let import = import(&site, ada, &archive).await;
    let ended = until_ended(&site, ada, import).await;
    assert_eq!((ended.counts.imported, ended.counts.refused, ended.counts.retryable), (2, 1, 1));
    let before = receipts(&site, import).await;
    let reason = before["3.jpg"].reason.clone().expect("a reason");
    assert!(reason.contains("2 drafts and failed photos") && reason.contains("try again"), "{reason}");
    let first = before["1.jpg"].photo.expect("a draft");
    transact(&site.db, async |tx| transitions::delete(tx, first).await).await.expect("it is deleted");
    retry(&site, ada, import).await;
    let ended = until_ended(&site, ada, import).await;
    assert_eq!((ended.counts.imported, ended.counts.refused), (3, 0));
    assert_eq!(count(&site.db, DRAFTS).await, 2);
    let nothing = transact(&site.db, async |tx| acts::retry(tx, import, ada).await).await;
    assert!(matches!(nothing, Err(acts::NotDone::NothingToRetry)), "{nothing:?}");
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn undoing_deletes_the_drafts_that_nobody_has_touched(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    let pictures = [1, 2, 3].map(picture);
    let archive = zip_of(&[("1.jpg", &pictures[0]), ("2.jpg", &pictures[1]), ("3.jpg", &pictures[2])]);
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let import = import(&site, ada, &archive).await;
    until_ended(&site, ada, import).await;
    let before = receipts(&site, import).await;
    let photo = |name: &str| before[name].photo.expect("a draft");
    sqlx::query("update photos set title = 'Mine', version = version + 1 where id = $1")
        .bind(photo("2.jpg").0)
        .execute(&site.db)
        .await
        .expect("it is changed");
    transact(&site.db, async |tx| drafts::publish(tx, photo("3.jpg"), ada).await)
        .await
        .expect("it is published");
    until_idle(&site.db).await;
    let undo = async || transact(&site.db, async |tx| acts::undo(tx, import, ada).await).await;
    undo().await.expect("it is undone");
    undo().await.expect("twice is once");
    let ended = until_ended(&site, ada, import).await;
    assert_eq!(ended.state, ImportState::Undone);
    let after = receipts(&site, import).await;
    assert_eq!((after["1.jpg"].state, after["1.jpg"].photo), (FileState::Undone, None));
    assert!(after["2.jpg"].reason.as_ref().is_some_and(|reason| reason.contains("changed")));
    assert!(after["3.jpg"].reason.as_ref().is_some_and(|reason| reason.contains("published")));
    assert_eq!(site.photo(photo("2.jpg")).await.state, PhotoState::Draft);
    assert_eq!(site.photo(photo("3.jpg")).await.state, PhotoState::Live);
    assert_eq!(count(&site.db, "select count(*) from photos where state = 'deleted'").await, 1);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn cancelling_stops_it_and_keeps_what_it_has_made(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    let import = import(&site, ada, &zip_of(&[("1.jpg", &picture(1))])).await;
    transact(&site.db, async |tx| acts::cancel(tx, import, ada).await).await.expect("it is cancelled");
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    until_idle(&site.db).await;
    assert_eq!(find(&site, ada, import).await.state, ImportState::Cancelled);
    assert_eq!(count(&site.db, "select count(*) from photos").await, 0);
    // The next one gives up its archive.
    let next = self::import(&site, ada, &zip_of(&[("1.jpg", &picture(1))])).await;
    let ended = until_ended(&site, ada, next).await;
    assert_eq!(ended.counts.imported, 1);
    assert!(!find(&site, ada, import).await.has_archive);
    workers.stop().await;
    assert_nothing_is_left_over(&site).await;
}
