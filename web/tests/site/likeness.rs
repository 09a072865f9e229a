//! Submitting the same picture again, blocked pictures, and the complete removal of hidden and deleted photos.

use std::path::PathBuf;

use pawdium_bucket::S3Server;
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::moderation::undo;
use reqwest::Method;
use serde_json::Value;
use sqlx::PgPool;

use crate::harness::{Answer, Person, SOON, Setup, Site, eventually, pictures, submission};

const TOLD: &str = "You have submitted this picture before";

/// Uploads a picture and returns its photo and the state after processing.
async fn submit(site: &Site, owner: &Person, file: Vec<u8>) -> (i64, String) {
    let taken = owner.api.upload(submission("Blep", file)).await.expect(202).json();
    let photo = taken["id"].as_i64().expect("an id");
    (photo, site.processed(photo).await)
}

async fn live(site: &Site, owner: &Person, file: Vec<u8>) -> i64 {
    let (photo, state) = submit(site, owner, file).await;
    assert_eq!(state, "live");
    photo
}

/// The paths of a photo's three files.
async fn files_of(site: &Site, photo: i64) -> Vec<String> {
    let shape = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    let sizes = shape["sizes"].as_object().expect("sizes").values();
    sizes.map(|size| size["url"].as_str().expect("an address").replace(site.base.as_str(), "/")).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_picture_submitted_again_is_told_to_its_owner_and_to_nobody_else(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let first = live(&site, &ada, pictures::scene(1, 900, 90)).await;
    let page = ada.pages.get(&format!("/photos/{first}")).await.expect(200);
    assert!(!page.text().contains(TOLD));

    let again = [pictures::scene(1, 900, 90), pictures::scene(1, 600, 60)];
    for file in again {
        let photo = live(&site, &ada, file).await;
        let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
        assert!(page.text().contains(TOLD), "{}", page.text());
        assert_eq!(page.attribute(".earlier a", "href"), format!("/photos/{first}"));
        assert_eq!(ada.api.get(&format!("photos/{photo}")).await.expect(200).json()["same_as"], first);
        let seen_by_bob = bob.pages.get(&format!("/photos/{photo}")).await.expect(200);
        assert!(!seen_by_bob.text().contains(TOLD));
        assert_eq!(bob.api.get(&format!("photos/{photo}")).await.expect(200).json()["same_as"], Value::Null);
    }
    for (owner, file) in [(&bob, pictures::scene(1, 900, 90)), (&ada, pictures::scene(2, 900, 90))] {
        let photo = live(&site, owner, file).await;
        let page = owner.pages.get(&format!("/photos/{photo}")).await.expect(200);
        assert!(!page.text().contains(TOLD), "another's photo, or another picture");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_same_file_is_told_before_it_is_processed(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let mut photos = Vec::new();
    for _ in 0..2 {
        let taken = ada.api.upload(submission("Blep", pictures::scene(1, 300, 90))).await.expect(202).json();
        photos.push(taken["id"].as_i64().expect("an id"));
    }
    let page = ada.pages.get(&format!("/photos/{}", photos[1])).await.expect(200);
    assert_eq!(page.attribute(".earlier a", "href"), format!("/photos/{}", photos[0]));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_blocked_picture_is_hidden_and_refused_until_an_admin_unblocks_it(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (mod_, root) = (site.moderator("mod").await, site.admin("root").await);
    let photo = live(&site, &ada, pictures::scene(1, 900, 90)).await;
    let files = files_of(&site, photo).await;
    let block = format!("/photos/{photo}/block");

    let reason = [("reason", "It shows somebody's address.")];
    bob.pages.post(&block, &reason).await.expect(403);
    ada.pages.post(&block, &reason).await.expect(403);
    site.visitor().post(&block, &reason).await.expect(403);
    // The answer doesn't reveal which photos exist either.
    ada.pages.post("/photos/999999/block", &reason).await.expect(403);
    assert!(!ada.pages.get(&format!("/photos/{photo}")).await.expect(200).has(".block-zone"));
    let page = mod_.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(page.has(&format!(".block-zone form[action=\"{block}\"] input[name=reason]")));
    mod_.pages.post(&block, &[("reason", " ")]).await.expect(400);
    assert_eq!(mod_.pages.post(&block, &reason).await.location(), format!("/photos/{photo}"));
    assert_eq!(mod_.pages.post(&block, &reason).await.location(), format!("/photos/{photo}"), "twice");

    gone(&site, photo, &files).await;
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(page.text().contains("It shows somebody&#39;s address."), "{}", page.text());
    assert!(!page.has(".frame img"));

    // The same file and one that looks the same, from any user.
    for (owner, file) in [(&ada, pictures::scene(1, 900, 90)), (&bob, pictures::scene(1, 500, 70))] {
        let (refused, state) = submit(&site, owner, file).await;
        assert_eq!(state, "failed");
        let said = owner.api.get(&format!("photos/{refused}")).await.expect(200).json();
        let reason = said["reason"].as_str().expect("a reason");
        assert!(
            reason.contains("Our moderators blocked this picture") && reason.contains("another one"),
            "{reason}"
        );
    }
    live(&site, &bob, pictures::scene(2, 900, 90)).await;

    let list = mod_.pages.get("/moderation/blocked").await.expect(200);
    assert_eq!(list.texts(".blocked tbody td.figure"), ["2"]);
    assert!(list.texts(".blocked tbody th")[0].starts_with("It shows somebody's address."));
    assert!(!list.has(".blocked form"), "moderators can't unblock");
    bob.pages.get("/moderation/blocked").await.expect(404);
    let unblock =
        root.pages.get("/moderation/blocked").await.expect(200).attribute(".blocked form", "action");
    mod_.pages.post(&unblock, &[]).await.expect(403);
    assert_eq!(root.pages.post(&unblock, &[]).await.location(), "/moderation/blocked");
    root.pages.post(&unblock, &[]).await.expect(404);
    live(&site, &ada, pictures::scene(1, 900, 90)).await;

    let log = root.pages.get("/admin/audit").await.expect(200).texts(".audit li p");
    assert_eq!(log, ["root unblocked a picture", "mod hid a photo and blocked its picture"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_moderator_sees_and_hides_other_photos_of_a_blocked_picture(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mod_ = site.moderator("mod").await;
    let first = live(&site, &ada, pictures::scene(1, 900, 90)).await;
    let same_file = live(&site, &bob, pictures::scene(1, 900, 90)).await;
    let same_look = live(&site, &bob, pictures::scene(1, 500, 70)).await;
    let other = live(&site, &bob, pictures::scene(2, 900, 90)).await;
    let own = format!("/photos/{first}");
    assert!(!mod_.pages.get(&own).await.expect(200).has(".alike"), "the process itself is alive");
    mod_.pages.post(&format!("{own}/block"), &[("reason", "It is no animal.")]).await.location();

    let page = mod_.pages.get(&own).await.expect(200);
    let alike = [same_file, same_look].map(|photo| photo.to_string()).join(".");
    assert_eq!(page.attribute(".alike input[name=photos]", "value"), alike);
    assert_eq!(page.texts(".alike-list .byline"), ["bob", "bob"]);
    assert!(!ada.pages.get(&own).await.expect(200).has(".alike"), "only moderators see whose they are");
    let act = format!("{own}/block-alike");
    for (who, photos, refused) in [(&ada, alike.as_str(), 403), (&mod_, "", 400), (&mod_, "1,2", 400)] {
        who.pages.post(&act, &[("photos", photos)]).await.expect(refused);
    }
    // Photos that the moderator hasn't seen and other pictures stay.
    let seen = format!("{other}.{same_look}.{}", i64::MAX);
    assert_eq!(mod_.pages.post(&act, &[("photos", &seen)]).await.location(), own);
    let left = mod_.pages.get(&own).await.expect(200).attribute(".alike input[name=photos]", "value");
    assert_eq!(left, same_file.to_string());
    mod_.pages.post(&act, &[("photos", &left)]).await.location();
    assert!(!mod_.pages.get(&own).await.expect(200).has(".alike"));
    assert_eq!(site.visitor().shown().await.map(|(photo, _)| photo), Some(other));
    for photo in [same_file, same_look] {
        let page = bob.pages.get(&format!("/photos/{photo}")).await.expect(200);
        assert!(page.text().contains("It is no animal."), "{}", page.text());
    }
    site.settle().await;
    assert_eq!(site.pictures().await, 3, "of the other one");
    let log = "select count(*) from audit_log where action = 'picture.block' and actor = 'mod'";
    assert_eq!(site.ask::<i64>(log).await, 3);
    let list = mod_.pages.get("/moderation/blocked").await.expect(200);
    assert_eq!(list.texts(".blocked tbody th").len(), 2, "two files");
    // A photo that isn't blocked has no reason for hiding others.
    mod_.pages.post(&format!("/photos/{other}/block-alike"), &[("photos", "1")]).await.expect(404);
    mod_.pages.post(&format!("{own}/delete"), &[]).await.location();
    mod_.pages.post(&act, &[("photos", "1")]).await.expect(404);
}

/// Asserts that only its owner and moderators find the photo, and that its files are deleted.
async fn gone(site: &Site, photo: i64, files: &[String]) {
    let visitor = site.visitor();
    let own = format!("/photos/{photo}");
    visitor.get(&own).await.expect(404);
    site.api().get(&format!("photos/{photo}")).await.error(404);
    for list in ["/top", "/top?species=cat", "/trending", "/members/ada/photos"] {
        let page = visitor.get(list).await.expect(200);
        assert!(!page.has(&format!("a[href=\"{own}\"]")), "{list} still shows it");
        assert!(files.iter().all(|file| !page.text().contains(file)), "{list} still names its files");
    }
    assert_ne!(visitor.shown().await.map(|(photo, _)| photo), Some(photo));
    for file in files {
        let removed = async || (site.get(file).await.status == 404).then_some(());
        eventually("the file is gone", SOON, removed).await;
        // Revalidating a cached copy fails.
        let known = format!("\"{}\"", file.trim_start_matches("/media/"));
        let asked = visitor.request(Method::GET, file).header("if-none-match", known);
        Answer::to(asked).await.expect(404);
    }
    assert_eq!(site.pictures().await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nothing_is_left_of_a_photo_that_its_owner_or_a_moderator_deletes(db: PgPool) {
    nothing_is_left(&Site::start_with_worker(db).await).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nothing_is_left_of_it_in_a_bucket_either(db: PgPool) {
    let server = S3Server::start();
    let site = Setup::on(db).in_bucket(&server).worker().start().await;
    nothing_is_left(&site).await;
    assert_eq!(server.files(), [""; 0].map(PathBuf::from));
}

async fn nothing_is_left(site: &Site) {
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mod_ = site.moderator("mod").await;
    for (who, audited) in [(&ada, 0), (&mod_, 1)] {
        let photo = live(site, &ada, pictures::scene(1, 900, 90)).await;
        let files = files_of(site, photo).await;
        site.rate(&bob, photo, 9).await;
        site.run(RefreshRanks {}).await;
        // Cache every list and page first.
        for page in
            ["/top", "/top?species=cat", "/trending", "/members/ada/photos", &format!("/photos/{photo}")]
        {
            site.get(page).await.expect(200);
        }
        assert!(site.get("/top").await.has(&format!("a[href=\"/photos/{photo}?from=top:all:all\"]")));
        who.pages.post(&format!("/photos/{photo}/delete"), &[]).await.location();
        gone(site, photo, &files).await;
        ada.pages.get(&format!("/photos/{photo}")).await.expect(404);
        let log = "select count(*) from audit_log where action = 'photo.delete' and actor = 'mod'";
        assert_eq!(site.ask::<i64>(log).await, audited);
        // What a moderator deletes is kept for 30 days.
        site.change("update acts set at = at - interval '31 days'").await;
        undo::finish(&site.db.clone().into()).await.expect("no error");
        site.settle().await;
        assert!(site.media("withheld").is_empty());
        let known = "select count(*) from photos where source_hash is not null or fingerprint is not null";
        assert_eq!(site.ask::<i64>(known).await, 0);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_shared_file_is_deleted_with_its_last_photo(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let first = live(&site, &ada, pictures::scene(1, 900, 90)).await;
    let second = live(&site, &bob, pictures::scene(1, 900, 90)).await;
    let files = files_of(&site, first).await;
    assert_eq!(files, files_of(&site, second).await);
    ada.pages.post(&format!("/photos/{first}/delete"), &[]).await.location();
    site.settle().await;
    for file in &files {
        site.get(file).await.expect(200);
    }
    bob.pages.post(&format!("/photos/{second}/delete"), &[]).await.location();
    gone(&site, second, &files).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn deleting_an_unprocessed_photo_deletes_its_original(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let taken = ada.api.upload(submission("Oops", pictures::scene(1, 300, 90))).await.expect(202).json();
    assert_eq!(site.media("incoming").len(), 1);
    ada.pages.post(&format!("/photos/{}/delete", taken["id"]), &[]).await.location();
    site.start_worker();
    site.settle().await;
    site.until_discarded().await;
    assert_eq!(site.pictures().await, 0);
}
