//! Deleting an account: the page says what goes and what stays, and that is what happens.

use pawdium_shared::db::MIGRATIONS;
use pawdium_web::views::account::{GOES, STAYS, STAYS_OF_MODERATORS};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Person, Site, pictures};

/// A sentence of the page, a statement that counts what it is about, and the count before and after.
type Claim = (&'static str, &'static str, i64, i64);

/// What the page says goes, in its order. `$1` is the member.
const GONE: [Claim; 7] = [
    (
        "Your photos and drafts, with their files, ratings and comments",
        "select (select count(*) from photos where owner_id = $1)
              + (select count(*) from photo_files join photos on photos.id = photo_id where owner_id = $1)
              + (select count(*) from ratings where photo_id not in (select id from photos where owner_id <> $1))
              + (select count(*) from comments where photo_id not in (select id from photos where owner_id <> $1))",
        2 + 3 + 1 + 1,
        0,
    ),
    (
        "Your name, address, password, second factors and profile: you are logged out everywhere",
        "select (select count(*) from users where id = $1) + (select count(*) from hubs where profile_of = $1)
              + (select count(*) from sessions where user_id = $1)
              + (select count(*) from totp_secrets where user_id = $1)
              + (select count(*) from recovery_codes where user_id = $1)",
        1 + 1 + 2 + 1 + 10,
        0,
    ),
    (
        "Your ratings: scores and ranks of the photos follow",
        "select (select count(*) from ratings where rater_id = $1)
              + (select coalesce(sum(c), 0)::bigint from photo_stats, unnest(histogram) as c
                 where photo_id in (select id from photos where owner_id <> $1))",
        1 + 1,
        0,
    ),
    (
        "The text of your comments",
        "select count(*) from comments where text like 'Ada says%' and $1 > 0",
        2,
        0,
    ),
    (
        "Your votes in calls that are still open",
        "select count(*) from talk_votes join calls on calls.id = call_id
         where voter_id = $1 and call_phase(calls) = 'voting'",
        1,
        0,
    ),
    (
        "Your roles in hubs, your requests, and what you have starred or subscribed to",
        "select (select count(*) from hub_roles join hubs on hubs.id = hub_id where user_id = $1 and slug is not null)
              + (select count(*) from hub_requests where user_id = $1)",
        3 + 1,
        0,
    ),
    (
        "Your notifications, settings and archives",
        "select (select least(count(*), 1) from notifications where user_id = $1)
              + (select count(*) from notification_settings where user_id = $1)
              + (select count(*) from exports where user_id = $1)",
        1 + 1 + 1,
        0,
    ),
];

/// What the page says stays, in its order.
const STAYING: [Claim; 8] = [
    (
        "Replies to your comments, under a comment that says it was removed",
        "select count(*) from comments join comments as parent on parent.id = comments.reply_to
         where comments.text = 'Bob answers' and comments.state = 'shown' and $1 > 0
           and parent.state = case when exists (select from users where id = $1) then 'shown' else 'removed' end",
        1,
        1,
    ),
    (
        "Votes in calls that are closed, because the result is made of them: without your name and device",
        "select count(*) from talk_votes join calls on calls.id = call_id
         where voter_id = $1 and call_phase(calls) = 'closed'
           and (device is null or exists (select from users where id = $1))",
        1,
        1,
    ),
    (
        "Talks that you have proposed, without your name",
        "select count(*) from talks where title = 'Ada talks'
           and author_id is not distinct from (select id from users where id = $1)",
        1,
        1,
    ),
    (
        "Remixes that others have made of your photos, without your name",
        "select count(*) from photos where depth = 1
           and (parent_id is not null) = exists (select from users where id = $1)",
        1,
        1,
    ),
    (
        "Links with which you have shared photos of others, which still lead to them",
        "select count(*) from shares where sharer_id is not distinct from (select id from users where id = $1)",
        1,
        1,
    ),
    (
        "Hubs that you own: see below",
        "select count(*) from hubs where slug in ('cats', 'alone') and $1 > 0",
        2,
        2,
    ),
    (
        "What you have reported to moderators, without your name and text",
        "select count(*) from reports
         where (reporter_id is not null) = exists (select from users where id = $1)
           and (text <> '') = exists (select from users where id = $1)",
        1,
        1,
    ),
    (
        "Your name, which nobody else can take for 90 days",
        "select count(*) from released_names where name = 'ada' and user_id = $1
           and free_at between now() + interval '89 days' and now() + interval '91 days'",
        0,
        1,
    ),
];

async fn check(site: &Site, member: &Person, claims: &[Claim], is_after: bool) {
    for (sentence, statement, before, after) in claims {
        let count = site.ask_of::<i64>(statement, member.id).await;
        let (expected, when) = if is_after { (*after, "after") } else { (*before, "before") };
        assert_eq!(count, expected, "{when} the deletion: {sentence}");
    }
}

/// Gives ada something of all that the page speaks of.
async fn live_a_little(site: &Site, ada: &Person, bob: &Person, cleo: &Person) {
    ada.set_up_app().await;
    let photo = site.photo().by(ada).titled("Hers").live().await;
    let form = crate::harness::submission("Draft", pictures::quarters(300, 300)).text("draft", "1");
    ada.api.upload(form).await.expect(202);
    let his = site.photo().by(bob).titled("His").live().await;
    site.rate(bob, photo, 4).await;
    bob.comment(photo, "Bob on hers.").await;
    site.rate(ada, his, 8).await;
    let said = ada.comment(his, "Ada says one thing.").await;
    ada.comment(his, "Ada says another.").await;
    bob.reply(his, said, "Bob answers").await;
    ada.api.post(&format!("photos/{his}/shares"), Value::Null).await.expect(201);
    bob.api.post(&format!("photos?from={photo}"), json!({ "title": "Remix" })).await.expect(202);

    site.hub_of("cats", &[ada, bob]).await;
    site.hub_of("alone", &[ada]).await;
    let shared = site.hub_of("shared", &[cleo]).await;
    site.give_role(shared, ada, "stargazer").await;
    let asked = json!({ "slug": "asks", "name": "Asks", "join": "request", "visibility": "public" });
    cleo.api.post("hubs", asked).await.expect(201);
    ada.api.put("hubs/asks/roles/member", Value::Null).await.expect(202);
    for (title, phase) in [("Open", "voting"), ("Over", "closed")] {
        let call = site.open_call(ada, "cats", json!({ "title": title, "voters": "members" })).await;
        let talk = bob.pitch(call, "Bob talks").await;
        if phase == "closed" {
            ada.pitch(call, "Ada talks").await;
        }
        ada.move_to(call, "voting").await;
        ada.vote(talk).await.expect(200);
        if phase == "closed" {
            ada.move_to(call, "closed").await;
        }
    }
    ada.pages.post("/settings/notifications", &[("comment", "on"), ("reply", "on")]).await.location();
    ada.report(&format!("photos/{his}"), json!({ "category": "spam", "text": "Ada reports" }))
        .await
        .expect(201);
    ada.export().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_the_page_says_is_what_happens(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob, cleo) = (site.member("ada").await, site.member("bob").await, site.member("cleo").await);
    let second = site.log_in("ada").await;
    live_a_little(&site, &ada, &bob, &cleo).await;
    site.settle().await;

    let page = ada.pages.get("/settings/account").await.expect(200);
    assert_eq!(page.texts("[data-goes] li"), GOES);
    assert_eq!(page.texts("[data-stays] li"), STAYS);
    assert!(GONE.iter().map(|claim| claim.0).eq(GOES), "each sentence is checked");
    assert!(STAYING.iter().map(|claim| claim.0).eq(STAYS), "each sentence is checked");
    let hubs = page.texts("ul[data-hubs] li");
    assert_eq!(
        hubs,
        [
            "alone: it has no other members and is archived",
            "cats: bob, its longest-standing member, becomes its owner",
        ]
    );
    check(&site, &ada, &GONE, false).await;
    check(&site, &ada, &STAYING, false).await;

    assert_eq!(ada.pages.post("/settings/delete", &[("password", PASSWORD)]).await.location(), "/");
    site.settle().await;
    check(&site, &ada, &GONE, true).await;
    check(&site, &ada, &STAYING, true).await;
    assert!(site.media("exports").is_empty() && site.media("incoming").is_empty());
    let owner: i64 = site
        .ask("select user_id from hub_roles join hubs on hubs.id = hub_id where slug = 'cats' and role = 'owner'")
        .await;
    assert_eq!(owner, bob.id);
    assert!(site.ask::<bool>("select archived_at is not null from hubs where slug = 'alone'").await);
    second.api.get("users/me").await.error(401);
    site.api().post("users", crate::harness::registration("ada")).await.error(409);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_password_is_asked_and_an_archive_offered_first(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    assert!(site.get("/settings/account").await.location().starts_with("/login"));
    let page = ada.pages.get("/settings/account").await.expect(200);
    assert!(
        page.has("#delete a[href='#export']") && page.has("#export form[action='/settings/account/exports']")
    );
    assert!(page.has("#delete input[type=password][required]"));
    for wrong in ["", "wrong"] {
        let refused = ada.pages.post("/settings/delete", &[("password", wrong)]).await.expect(400);
        assert!(refused.texts(".field-error").concat().contains("isn't your password"));
        assert!(refused.has("details.danger-zone[open]"));
    }
    site.visitor().post("/settings/delete", &[("password", PASSWORD)]).await.expect(403);
    site.anonymous().await.pages.post("/settings/delete", &[("password", PASSWORD)]).await.expect(403);
    assert_eq!(site.ask_of::<i64>("select count(*) from users where id = $1", ada.id).await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_moderators_did_stays_in_the_audit_log(db: PgPool) {
    let site = Site::start(db).await;
    let (root, bob) = (site.admin("root").await, site.member("bob").await);
    let photo = site.photo().by(&bob).live().await;
    root.api.delete(&format!("photos/{photo}"), Value::Null).await.expect(204);
    let page = root.pages.get("/settings/account").await.expect(200);
    assert_eq!(page.texts("[data-stays] li").last().map(String::as_str), Some(STAYS_OF_MODERATORS));
    root.pages.post("/settings/delete", &[("password", PASSWORD)]).await.location();
    let kept: i64 = site.ask("select count(*) from audit_log where actor = 'root' and user_id is null").await;
    assert_eq!(kept, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_is_misspelt_changes_nothing_and_is_named(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let (message, field) = ada.api.patch("users/me", json!({ "nam": "eve" })).await.error(400);
    assert_eq!(field.as_deref(), Some("nam"), "{message}");
    let (message, field) = ada.api.delete("users/me", json!({ "pasword": PASSWORD })).await.error(400);
    assert_eq!(field.as_deref(), Some("pasword"), "{message}");
    let broken = ada
        .api
        .call(reqwest::Method::DELETE, "users/me")
        .body("{")
        .header("content-type", "application/json");
    let (message, _) = crate::harness::Answer::to(broken).await.error(400);
    assert!(message.contains("no valid JSON"), "{message}");
    // Who is anonymous has no password, and sends nothing.
    let nobody = site.anonymous().await;
    nobody.api.delete("users/me", Value::Null).await.expect(204);
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
}
