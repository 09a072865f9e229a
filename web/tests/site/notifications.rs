//! Notifications: who is told of what, as how many entries, and what is unread.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::RefreshRanks;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Setup, Site};

const NONE: [&str; 0] = [];

async fn stage(site: &Site) -> (Person, Person, Person, i64) {
    let (ada, bob, cleo) = (site.member("ada").await, site.member("bob").await, site.member("cleo").await);
    let photo = site.photo().by(&ada).titled("Blep").live().await;
    site.rated_by(photo, &[&bob, &cleo]).await;
    (ada, bob, cleo, photo)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn owners_hear_of_comments_and_authors_of_replies_each_once(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, cleo, photo) = stage(&site).await;
    let first = bob.comment(photo, "First.").await;
    ada.comment(photo, "My own photo.").await;
    assert_eq!(ada.notifications().await, ["bob commented on “Blep”"]);
    cleo.reply(photo, first, "To bob.").await;
    assert_eq!(bob.notifications().await, ["cleo replied to your comment on “Blep”"]);
    assert_eq!(ada.notifications().await, ["cleo and 1 other commented on “Blep”"]);
    let own = ada.comment(photo, "Mine.").await;
    bob.reply(photo, own, "To ada, on her photo.").await;
    assert_eq!(
        ada.notifications().await,
        ["bob replied to your comment on “Blep”", "cleo and 1 other commented on “Blep”"]
    );
    bob.reply(photo, first, "To myself.").await;
    assert_eq!(bob.notifications().await.len(), 1);
    assert!(cleo.notifications().await.is_empty());
    // Nothing is quoted.
    let all = ada.api.get("users/me/notifications").await.expect(200).text();
    assert!(!all.contains("To ada"), "{all}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn repeats_are_one_entry_until_they_are_read(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, cleo, photo) = stage(&site).await;
    for _ in 0..3 {
        bob.comment(photo, "Again.").await;
    }
    let other = site.photo().by(&ada).titled("Bork").live().await;
    cleo.comment(other, "There.").await;
    assert_eq!(ada.unread().await, 2);
    let list = ada.api.get("users/me/notifications").await.expect(200).json();
    assert_eq!(list["data"][1]["count"], 3);
    assert_eq!(list["data"][1]["photo"], json!({ "id": photo, "title": "Blep" }));
    let seen = list["data"][0]["id"].as_i64().expect("an id");
    bob.comment(photo, "Meanwhile.").await;
    let read = ada.api.post("users/me/notifications/read", json!({ "until": seen })).await.expect(200).json();
    assert_eq!(read["unread"], 1, "what came meanwhile stays unread");
    let flags: Vec<_> = ada.api.get("users/me/notifications").await.expect(200).json()["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| (entry["count"].clone(), entry["read"].clone()))
        .collect();
    assert_eq!(flags, [(json!(1), json!(false)), (json!(1), json!(true)), (json!(3), json!(true))]);
    ada.api.post("users/me/notifications/read", Value::Null).await.expect(200);
    assert_eq!(ada.unread().await, 0);
    // Keyset pages hold all of it.
    let page = ada.api.get("users/me/notifications?limit=2").await.expect(200).json();
    let next = page["paging"]["next"].as_str().expect("there is more").to_owned();
    let rest = ada.api.get(&format!("users/me/notifications?before={next}")).await.expect(200).json();
    assert_eq!((rest["data"].as_array().map(Vec::len), &rest["paging"]["next"]), (Some(1), &Value::Null));
    for wrong in ["limit=0", "limit=101", "before=x", "before=9223372036854775808"] {
        ada.api.get(&format!("users/me/notifications?{wrong}")).await.error(400);
    }
    site.api().get("users/me/notifications").await.error(401);
    site.api().post("users/me/notifications/read", Value::Null).await.error(401);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_bar_shows_members_what_is_unread_and_the_page_works_without_scripts(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, _, photo) = stage(&site).await;
    let comment = bob.comment(photo, "Blep.").await;
    let page = ada.pages.get("/top").await.expect(200);
    assert_eq!(page.texts("[data-bell-count]"), ["1"]);
    assert_eq!(page.attribute("[data-bell]", "aria-label"), "Notifications, 1 unread");
    let page = bob.pages.get("/top").await.expect(200);
    assert_eq!(
        (page.texts("[data-bell-count]"), page.attribute("[data-bell]", "aria-label")),
        (vec![String::new()], "Notifications".to_owned())
    );
    for stranger in [&site.visitor(), &site.anonymous().await.pages] {
        assert!(!stranger.get("/top").await.expect(200).has("[data-bell]"));
        assert!(stranger.get("/notifications").await.location().starts_with("/login"));
        stranger.get("/notifications/unread").await.expect(403);
        stranger.get("/notifications/part").await.expect(403);
        stranger.post("/notifications/read", &[("until", "1")]).await.expect(403);
    }
    let page = ada.pages.get("/notifications").await.expect(200);
    assert_eq!(page.attribute(".notification.unread a", "href"), format!("/comments/{comment}"));
    ada.pages.get(&format!("/comments/{comment}")).await.expect(200);
    let until = page.attribute("[data-read-all] input", "value");
    bob.pages.post("/notifications/read", &[("until", until.as_str())]).await.location();
    assert_eq!(ada.unread().await, 1, "others don't read it for her");
    ada.pages.post("/notifications/read", &[("until", until.as_str()), ("only", "1")]).await.location();
    assert!(!ada.pages.get("/notifications").await.expect(200).has(".notification.unread"));
    let unread = ada.pages.get("/notifications/unread").await.expect(200).json();
    assert_eq!(unread, json!({ "unread": 0, "shown": "" }));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn members_choose_what_they_hear_of(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, _, photo) = stage(&site).await;
    let page = ada.pages.get("/settings/notifications").await.expect(200);
    assert_eq!(page.html().select(&crate::harness::select("input[checked]")).count(), 11);
    ada.pages.post("/settings/notifications", &[("reply", "on"), ("nonsense", "on")]).await.location();
    bob.comment(photo, "Blep.").await;
    assert_eq!(ada.notifications().await, NONE);
    let own = ada.comment(photo, "Mine.").await;
    bob.reply(photo, own, "To ada.").await;
    assert_eq!(ada.notifications().await, ["bob replied to your comment on “Blep”"]);
    let page = ada.pages.get("/settings/notifications").await.expect(200);
    assert_eq!(page.attribute("input[checked]", "name"), "reply");
    let settings: String = site.ask("select off::text || digest from notification_settings").await;
    assert_eq!(
        settings,
        "{comment,remix,milestone,hub_asked,hub_answered,report_judged,quarantined,export_ready,import_done}false"
    );
    site.visitor().post("/settings/notifications", &[]).await.expect(403);
    assert!(site.visitor().get("/settings/notifications").await.location().starts_with("/login"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photos_tenth_rating_is_told_once(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).titled("Blep").live().await;
    let crowd = site.crowd("rater", 12).await;
    site.rated_by(photo, &crowd[..9].iter().collect::<Vec<_>>()).await;
    site.run(RefreshRanks {}).await;
    assert_eq!(ada.notifications().await, NONE);
    for rater in &crowd[9..] {
        site.rate(rater, photo, 3).await;
        site.run(RefreshRanks {}).await;
    }
    assert_eq!(ada.notifications().await, ["“Blep” has 10 ratings"]);
    // Raters leave and others come.
    site.change("update photo_stats set histogram = '{0,0,9,0,0,0,0,0,0,0}'").await;
    site.run(RefreshRanks {}).await;
    site.change("update photo_stats set histogram = '{0,0,10,0,0,0,0,0,0,0}'").await;
    site.run(RefreshRanks {}).await;
    assert_eq!(ada.notifications().await.len(), 1);
    site.change("update photo_stats set histogram = '{0,0,100,0,0,0,0,0,0,7}'").await;
    site.run(RefreshRanks {}).await;
    assert_eq!(ada.notifications().await[0], "“Blep” has 100 ratings");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn hubs_tell_owners_who_asks_and_askers_what_became_of_it(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, cleo) = (site.member("ada").await, site.member("bob").await, site.member("cleo").await);
    let hub = json!({ "slug": "den", "name": "The Den", "join": "request", "visibility": "public" });
    ada.api.post("hubs", hub).await.expect(201);
    for asker in [&bob, &cleo] {
        asker.api.put("hubs/den/roles/member", Value::Null).await.expect(202);
    }
    assert_eq!(ada.notifications().await, ["cleo and 1 other ask to join The Den"]);
    let answer = |accept| json!({ "accept": accept });
    ada.api.post("hubs/den/requests/bob", answer(true)).await.expect(204);
    assert_eq!(ada.notifications().await, ["cleo asks to join The Den"]);
    ada.api.post("hubs/den/requests/cleo", answer(false)).await.expect(204);
    assert_eq!(ada.notifications().await, NONE);
    assert_eq!(bob.notifications().await, ["You are a member of The Den now"]);
    assert_eq!(cleo.notifications().await, ["The Den declined your request to join"]);
    // Who isn't in it doesn't learn a private hub's name.
    ada.api.patch("hubs/den", json!({ "visibility": "private" })).await.expect(200);
    assert_eq!((cleo.notifications().await.len(), cleo.unread().await), (0, 0));
    assert_eq!(bob.notifications().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn only_the_member_hears_of_their_notifications(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, bob, cleo, photo) = stage(&site).await;
    site.settle().await;
    let topic = format!("notifications={}", ada.id);
    for stranger in [&bob.pages, &cleo.pages, &site.visitor(), &site.anonymous().await.pages] {
        let mut stream = stranger.stream(&format!("{topic}&photo={photo}")).await;
        assert_eq!(stream.until("gone").await.data["topic"], topic);
    }
    let mut stream = ada.pages.stream(&topic).await;
    let mut other = bob.pages.stream(&format!("notifications={}", bob.id)).await;
    bob.comment(photo, "Blep.").await;
    assert_eq!(stream.until("changed").await.data["topic"], topic);
    ada.pages.post("/notifications/read", &[("until", "1")]).await.location();
    assert_eq!(stream.until("changed").await.data["topic"], topic);
    let heard = other.within(Duration::from_millis(700)).await;
    assert!(heard.is_none_or(|event| event.name != "changed"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_is_taken_back_is_not_told_any_more(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, cleo, photo) = stage(&site).await;
    let comment = bob.comment(photo, "Blep.").await;
    cleo.comment(photo, "Bork.").await;
    bob.api.delete(&format!("comments/{comment}"), Value::Null).await.expect(200);
    assert_eq!(ada.notifications().await, ["cleo commented on “Blep”"]);
    cleo.api.delete("users/me", json!({ "password": crate::harness::PASSWORD })).await.expect(204);
    assert_eq!(ada.notifications().await, NONE);
    assert_eq!(site.ask::<i64>("select count(*) from notifications").await, 0);
}
