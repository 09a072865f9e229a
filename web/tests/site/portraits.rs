//! Portraits of members, and the lines about them: where they are shown, and who removes them.

use std::time::{Duration, SystemTime};

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::upkeep::Purge;
use reqwest::multipart::Form;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Person, SOON, Site, eventually, pictures, submission, with_file};

async fn send(person: &Person, form: Form) -> Answer {
    Answer::to(person.pages.own("/settings/avatar").multipart(form)).await
}

/// Waits until a member has another portrait than this, and returns its path.
async fn another(site: &Site, person: &Person, than: Option<&str>) -> String {
    let url = eventually("the portrait is there", SOON, async || {
        let me = person.api.get("users/me").await.expect(200).json();
        me["avatar"]
            .as_str()
            .map(|url| url.replace(site.base.as_str(), "/"))
            .filter(|url| Some(url.as_str()) != than)
    });
    url.await
}

async fn portrait(site: &Site, person: &Person) -> String {
    assert_eq!(send(person, with_file(pictures::quarters(500, 500))).await.location(), "/settings#portrait");
    another(site, person, None).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_portrait_is_a_small_square_and_shown_with_the_name(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&ada, &bob]).await;
    let widget = json!({ "kind": "members", "column": "right" });
    ada.api.post("hubs/cats/widgets", widget).await.expect(201);
    let photo = site.photo().by(&bob).live().await;
    site.rate(&ada, photo, 5).await;
    site.rate(&bob, site.photo().by(&ada).live().await, 5).await;
    ada.comment(photo, "Blep.").await;
    let places = ["/members/ada", "/members/ada/photos", "/search?q=ada", "/h/cats/members", "/h/cats"];
    for path in places {
        assert!(!site.get(path).await.expect(200).has("img[src^='/media/'][alt='']"), "{path}");
    }
    let url = portrait(&site, &ada).await;
    site.settle().await;
    let (width, height, quarters) = pictures::look(&site.get(&url).await.expect(200).body);
    assert_eq!((width, height), (160, 160));
    for (seen, expected) in quarters.into_iter().zip(pictures::QUARTERS) {
        assert!(pictures::is_close(seen, expected), "{quarters:?}");
    }
    let image = format!("img[src='{url}'][alt='']");
    for path in places {
        let page = site.get(path).await.expect(200);
        assert!(page.has(&image), "{path}: {}", page.text());
    }
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(page.has(&format!(".comment {image}")));
    assert!(ada.pages.get("/settings").await.expect(200).has(&image));
    let profile = site.api().get("users/ada").await.expect(200).json();
    assert_eq!(profile["avatar"], site.url(&url));
    assert!(site.media("incoming").is_empty(), "the upload is gone");
    site.api().get("users/bob").await.expect(200).json()["avatar"].as_null().expect("he has none");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_new_portrait_takes_the_place_of_the_old_one_and_its_file(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let first = portrait(&site, &ada).await;
    // The same picture is one file.
    assert_eq!(portrait(&site, &bob).await, first);
    site.settle().await;
    assert_eq!(site.media("pictures").len(), 1);
    let turned = pictures::quarters(700, 300);
    send(&ada, with_file(turned)).await.location();
    let second = another(&site, &ada, Some(&first)).await;
    site.settle().await;
    assert_eq!(site.media("pictures").len(), 2, "bob still has the first");
    for path in [&first, &second] {
        site.get(path).await.expect(200);
    }
    assert_eq!(bob.pages.post("/settings/avatar/remove", &[]).await.location(), "/settings#portrait");
    bob.pages.post("/settings/avatar/remove", &[]).await.location();
    site.settle().await;
    site.get(&first).await.expect(404);
    // Neither does the purge take what is shown.
    for file in site.media("pictures") {
        let file = std::fs::File::options().write(true).open(file).expect("it can be opened");
        file.set_modified(SystemTime::now() - Duration::from_hours(3)).expect("its time can be set");
    }
    site.run(Purge {}).await;
    site.get(&second).await.expect(200);
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    site.settle().await;
    assert!(site.media("pictures").is_empty());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_is_no_picture_is_refused_with_a_reason(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    for (form, status) in [
        (with_file(b"this is no picture at all".to_vec()), 400),
        (with_file(Vec::new()), 400),
        (Form::new().text("title", "none"), 400),
    ] {
        send(&ada, form).await.expect(status);
    }
    // It begins like a picture, so the worker judges it.
    let mut torn = pictures::quarters(500, 500);
    torn.truncate(300);
    send(&ada, with_file(torn)).await.location();
    let page = eventually("the reason is shown", SOON, async || {
        let page = ada.pages.get("/settings").await.expect(200);
        page.has("#portrait .flash.bad").then_some(page)
    })
    .await;
    assert!(page.texts("#portrait .flash.bad").concat().starts_with("Your last picture wasn't used."));
    site.settle().await;
    assert!(site.media("incoming").is_empty() && site.media("pictures").is_empty());
    // The next one clears it.
    portrait(&site, &ada).await;
    assert!(!ada.pages.get("/settings").await.expect(200).has("#portrait .flash.bad"));
    for stranger in [site.visitor(), site.anonymous().await.pages] {
        let sent = stranger.own("/settings/avatar").multipart(with_file(pictures::quarters(300, 300)));
        Answer::to(sent).await.expect(403);
        stranger.post("/settings/avatar/remove", &[]).await.expect(403);
        stranger.post("/settings/about", &[("about", "x")]).await.expect(403);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_blocked_picture_is_no_portrait(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let moderator = site.moderator("mods").await;
    // It has too few features for a fingerprint, so only its hash tells.
    let file = pictures::quarters(900, 900);
    let photo = bob.api.upload(submission("Bad", file.clone())).await.expect(202).json()["id"].clone();
    assert_eq!(site.processed(photo.as_i64().expect("an id")).await, "live");
    let blocked = moderator.pages.post(&format!("/photos/{photo}/block"), &[("reason", "It hurts.")]).await;
    blocked.location();
    send(&ada, with_file(file)).await.location();
    eventually("it is refused", SOON, async || {
        ada.pages.get("/settings").await.expect(200).has("#portrait .flash.bad").then_some(())
    })
    .await;
    assert_eq!(ada.api.get("users/me").await.expect(200).json()["avatar"], Value::Null);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_line_about_oneself_is_short_plain_text(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let hostile = "<script>alert(1)</script> & more";
    ada.pages.post("/settings/about", &[("about", hostile)]).await.location();
    assert_eq!(site.api().get("users/ada").await.expect(200).json()["about"], hostile);
    let page = site.get("/members/ada").await.expect(200);
    assert_eq!(page.texts(".hub-summary"), [hostile]);
    assert!(!page.text().contains("<script>alert"));
    let me = ada.api.patch("users/me", json!({ "about": "I like\ncats." })).await.expect(200).json();
    assert_eq!(me["about"], "I like cats.");
    let longest = "ä".repeat(200);
    ada.api.patch("users/me", json!({ "about": longest })).await.expect(200);
    for wrong in [format!("{longest}ä"), "a\0b".to_owned(), "\u{202e}".to_owned()] {
        let (_, field) = ada.api.patch("users/me", json!({ "about": wrong })).await.error(400);
        assert_eq!(field.as_deref(), Some("about"));
    }
    let refused = ada.pages.post("/settings/about", &[("about", &format!("{longest}ä"))]).await.expect(400);
    assert_eq!(refused.attribute("#about", "aria-invalid"), "true");
    assert_eq!(site.api().get("users/ada").await.expect(200).json()["about"], longest);
    // All of a change or nothing.
    ada.api.patch("users/me", json!({ "about": "New", "name": "me" })).await.error(400);
    assert_eq!(ada.api.get("users/me").await.expect(200).json()["about"], longest);
    ada.api.patch("users/me", json!({ "about": "" })).await.expect(200);
    assert!(!site.get("/members/ada").await.expect(200).has(".hub-summary"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_remove_both_and_the_audit_log_says_so(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let moderator = site.moderator("mods").await;
    ada.pages.post("/settings/about", &[("about", "Buy gold.")]).await.location();
    let url = portrait(&site, &ada).await;
    let path = "/members/ada/moderate";
    for stranger in [&bob.pages, &ada.pages, &site.visitor()] {
        stranger.post(path, &[("what", "avatar")]).await.expect(403);
    }
    let page = moderator.pages.get("/members/ada/photos").await.expect(200);
    assert_eq!(page.texts("form[action$='/moderate'] button"), ["Remove portrait", "Remove line"]);
    assert!(!bob.pages.get("/members/ada/photos").await.expect(200).has("form[action$='/moderate']"));
    for what in ["avatar", "about", "avatar"] {
        assert_eq!(moderator.pages.post(path, &[("what", what)]).await.location(), "/members/ada/photos");
    }
    moderator.pages.post(path, &[("what", "everything")]).await.expect(400);
    moderator.pages.post("/members/nobody/moderate", &[("what", "about")]).await.expect(404);
    site.settle().await;
    site.get(&url).await.expect(404);
    assert!(!site.get("/members/ada").await.expect(200).has(".hub-summary"));
    let log: String =
        site.ask("select string_agg(action, ' ' order by id) from audit_log where actor = 'mods'").await;
    assert_eq!(log, "avatar.remove about.remove");

    // Both can be undone, and the file is kept meanwhile, where nobody is served.
    assert_eq!((site.media("pictures").len(), site.media("withheld").len()), (0, 1));
    site.run(Purge {}).await;
    let acts = moderator.pages.get("/moderation/acts").await.expect(200);
    let line = "mods removed the line about ada";
    assert!(acts.texts(".acts li > p:first-child")[0].starts_with(line), "{:?}", acts.texts(".acts li"));
    for act in [1, 2] {
        moderator.pages.post(&format!("/moderation/acts/{act}/undo"), &[]).await.expect(303);
    }
    site.get(&url).await.expect(200);
    assert_eq!(site.get("/members/ada").await.expect(200).texts(".hub-summary"), ["Buy gold."]);
    let profile = site.api().get("users/ada").await.expect(200).json();
    assert_eq!(profile["avatar"], site.url(&url));
    site.run(Purge {}).await;
    site.get(&url).await.expect(200);

    // Not if the member has chosen something else since.
    moderator.pages.post(path, &[("what", "about")]).await.location();
    ada.pages.post("/settings/about", &[("about", "I like cats.")]).await.location();
    let late = moderator.pages.post("/moderation/acts/3/undo", &[]).await.expect(409);
    assert!(late.text().contains("has changed since"));
    // What is final is deleted for good.
    moderator.pages.post(path, &[("what", "avatar")]).await.location();
    site.change("update acts set at = now() - interval '31 days' where undone_at is null").await;
    site.settle().await;
    site.run(Purge {}).await;
    assert_eq!(site.ask::<i64>("select count(*) from acts where before is not null").await, 0);
    moderator.pages.post("/moderation/acts/4/undo", &[]).await.expect(409);
}
