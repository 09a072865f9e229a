//! Moderators don't decide about what is their own, and not about what they haven't seen.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Person, Setup, Site};

/// A member, two moderators, and an admin.
async fn stage(site: &Site) -> [Person; 4] {
    [
        site.member("bob").await,
        site.moderator("mo").await,
        site.moderator("max").await,
        site.admin("root").await,
    ]
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_neither_keep_a_case_of_their_own_nor_learn_who_reported_it(db: PgPool) {
    let site = Site::start(db).await;
    let [bob, mo, max, root] = stage(&site).await;
    let photo = site.photo().by(&mo).live().await;
    bob.flag(&format!("photos/{photo}")).await;
    let case = site.open_case().await;
    let path = format!("/moderation/review/{case}");
    let claims = "select count(*) from cases where claimed_by is not null";

    let refused = mo.claim(case, "claim").await.expect(409);
    assert!(refused.texts(".flash.bad")[0].contains("something of yours"));
    // Nor by sanctioning somebody in that case, who has nothing to do with it.
    let number = case.to_string();
    let form = [("kind", "warn"), ("reason", "Because"), ("case", number.as_str())];
    let refused = mo.pages.post("/moderation/members/bob/sanctions", &form).await.expect(409);
    assert!(refused.text().contains("isn&#39;t about that member"), "{}", refused.text());
    assert_eq!(site.ask::<i64>(claims).await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from sanctions").await, 0);

    let own = mo.pages.get(&path).await.expect(200);
    assert!(!own.has("[value=claim]") && !own.has("form.case-acts"));
    assert!(!own.texts(".case-reports").concat().contains("bob"), "{:?}", own.texts(".case-reports"));
    assert!(max.pages.get(&path).await.expect(200).texts(".case-reports").concat().contains("bob"));
    max.claim(case, "claim").await.location();
    let owner = [("kind", "warn"), ("reason", "Because"), ("case", number.as_str())];
    max.pages.post("/moderation/members/mo/sanctions", &owner).await.location();
    assert_eq!(site.ask::<i64>("select count(*) from sanctions").await, 1);

    // An admin may be the only one there is.
    let photo = site.photo().by(&root).live().await;
    bob.flag(&format!("photos/{photo}")).await;
    let case = site.ask::<i64>("select max(id) from cases").await;
    root.claim(case, "claim").await.location();
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_was_done_to_a_moderator_another_one_undoes(db: PgPool) {
    let site = Site::start(db).await;
    let [_, mo, max, root] = stage(&site).await;
    let latest = "select max(id) from acts";
    let undo = async |person: &Person| {
        let act: i64 = site.ask(latest).await;
        person.pages.post(&format!("/moderation/acts/{act}/undo"), &[]).await
    };
    let hide = async |person: &Person, photo: i64| {
        let form = [("reason", "No animal")];
        person.pages.post(&format!("/photos/{photo}/hide"), &form).await.expect(303);
    };
    let state = "select state from photos where id = $1";
    let photo = site.photo().by(&mo).live().await;
    hide(&max, photo).await;
    let refused = undo(&mo).await.expect(409);
    assert!(refused.text().contains("done to something of yours"));
    assert_eq!(site.ask_of::<String>(state, photo).await, "hidden");
    undo(&max).await.expect(303);
    assert_eq!(site.ask_of::<String>(state, photo).await, "live");
    // What moderators did to their own they take back, and an admin may always.
    hide(&mo, photo).await;
    undo(&mo).await.expect(303);
    hide(&max, photo).await;
    undo(&root).await.expect(303);

    let hub = site.hub_of("cats", &[&mo]).await;
    max.pages.post("/h/cats/delete", &[("confirm", "cats")]).await.expect(303);
    undo(&mo).await.expect(409);
    undo(&max).await.expect(303);
    assert_eq!(site.ask_of::<String>("select slug from hubs where id = $1", hub).await, "cats");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_approve_no_comment_of_their_own_and_none_that_waits_with_a_case(db: PgPool) {
    let site = Setup::on(db).set("security.hold_first_comments", "true").start().await;
    let [_, mo, max, _] = stage(&site).await;
    let photo = site.photo().live().await;
    site.rated_by(photo, &[&mo]).await;
    let first = mo.say(photo, json!({ "text": "Hello!" })).await.expect(201).json();
    assert_eq!(first["held"], true);
    let review = format!("/comments/{}/review", first["id"]);
    let refused = mo.pages.post(&review, &[("act", "approve")]).await.expect(409);
    assert!(refused.text().contains("Another moderator has to approve it"));
    max.pages.post(&review, &[("act", "approve")]).await.location();

    let witnesses = site.trusted("witness", 3).await;
    site.rated_by(photo, &witnesses.iter().collect::<Vec<_>>()).await;
    for witness in &witnesses {
        witness.flag(&format!("comments/{}", first["id"])).await;
    }
    assert_eq!(site.ask::<String>("select held_for from comments").await, "reported");
    for moderator in [&mo, &max] {
        moderator.pages.post(&review, &[("act", "approve")]).await.expect(409);
    }
    assert_eq!(site.ask::<String>("select state from comments").await, "held");
    max.judge(site.open_case().await, "dismiss", "").await.location();
    assert_eq!(site.ask::<String>("select state from comments").await, "shown");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_has_changed_since_it_was_seen_is_not_dismissed_but_taken_down(db: PgPool) {
    let site = Site::start(db).await;
    let [bob, mo, ..] = stage(&site).await;
    let ada = site.member("ada").await;
    let mut cases = Vec::new();
    let mut photos = Vec::new();
    for title in ["One", "Two"] {
        let photo = site.photo().by(&ada).titled(title).live().await;
        bob.flag(&format!("photos/{photo}")).await;
        cases.push(site.ask::<i64>("select max(id) from cases").await);
        photos.push(photo);
    }
    let path = format!("/moderation/review/{}", cases[0]);
    let seen = mo.pages.get(&path).await.expect(200).attribute("input[name=seen]", "value");
    let preview = format!("/moderation/review/bulk?act=dismiss&case={}&case={}", cases[0], cases[1]);
    let preview = mo.pages.get(&preview).await.expect(200);
    ada.api.patch(&format!("photos/{}", photos[0]), json!({ "title": "Worse" })).await.expect(200);

    let refused = mo.pages.post(&path, &[("act", "dismiss"), ("seen", &seen)]).await.expect(409);
    assert!(refused.texts(".flash.bad")[0].contains("has changed"), "{:?}", refused.texts(".flash"));
    assert_eq!(refused.texts("h1"), ["Worse"], "the page shows what it is now");
    assert_ne!(refused.attribute("input[name=seen]", "value"), seen);
    let value = |name: &str| preview.attribute(&format!("input[name={name}]"), "value");
    let (list, versions) = (value("cases"), value("seen"));
    let form = [("act", "dismiss"), ("cases", list.as_str()), ("seen", versions.as_str())];
    mo.pages.post("/moderation/review/bulk", &form).await.location();
    let said = mo.pages.get("/moderation/review").await;
    assert_eq!(said.texts(".flash"), ["1 case is closed. 1 was skipped, because it had changed."]);
    assert_eq!(site.ask::<i64>("select count(*) from approvals").await, 1, "nobody approved the other");

    // Changing it again and again is no way around moderators.
    let form = [("act", "take_down"), ("reason", "Spam"), ("seen", seen.as_str())];
    mo.pages.post(&path, &form).await.location();
    assert_eq!(site.ask_of::<String>("select state from photos where id = $1", photos[0]).await, "hidden");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_show_no_talk_of_their_own_that_another_one_has_hidden(db: PgPool) {
    let site = Site::start(db).await;
    let [bob, mo, max, root] = stage(&site).await;
    site.hub_of("cats", &[&bob, &mo]).await;
    let call = site.open_call(&bob, "cats", json!({})).await;
    let talk = mo.pitch(call, "On bleps").await;
    let moderate = async |person: &Person, act: &str| {
        let form = [("act", act), ("reason", "Spam")];
        person.pages.post(&format!("/talks/{talk}/moderate"), &form).await.status
    };
    let state = "select state from talks";
    assert_eq!(moderate(&max, "hide").await, 303);
    assert_ne!(moderate(&mo, "approve").await, 303);
    assert_eq!(site.ask::<String>(state).await, "hidden");
    assert_eq!(moderate(&root, "approve").await, 303);
    assert_eq!(site.ask::<String>(state).await, "shown");
}
