//! Posting photos to hubs, removing them, and the lists of a hub.

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::RefreshRanks;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site, pictures, submission};

fn path(slug: &str, photo: i64) -> String {
    format!("hubs/{slug}/photos/{photo}")
}

async fn put(person: &Person, slug: &str, photo: i64) -> Answer {
    person.api.put(&path(slug, photo), Value::Null).await
}

async fn delete(person: &Person, slug: &str, photo: i64) -> Answer {
    person.api.delete(&path(slug, photo), Value::Null).await
}

const POSTED: &str = "select count(*) from hub_photos join hubs on hubs.id = hub_id where slug is not null";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_member_posts_own_photos_and_twice_is_once(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    site.hub_of("derps", &[&ada, &bob]).await;
    let (hers, his) = (site.photo().by(&ada).live().await, site.photo().by(&bob).live().await);
    let outsiders = site.photo().by(&eve).live().await;
    put(&ada, "derps", hers).await.expect(204);
    put(&ada, "derps", hers).await.expect(204);
    join_all((0..4).map(|_| async { put(&bob, "derps", his).await.expect(204) })).await;
    assert_eq!(site.listed("hubs/derps/photos").await, [his, hers], "the latest first");
    assert_eq!(site.ask::<i64>("select count(*) from activity where verb = 'posted'").await, 2);
    let ago: bool =
        site.ask("select active_at > now() - interval '1 minute' from hubs where slug = 'derps'").await;
    assert!(ago);

    assert!(put(&ada, "derps", his).await.error(403).0.contains("own photos"));
    assert!(put(&eve, "derps", outsiders).await.error(403).0.contains("members"));
    assert_eq!(put(&eve, "derps", hers).await.status, 403);
    site.api().put(&path("derps", hers), Value::Null).await.error(401);
    let anonymous = site.anonymous().await;
    assert_eq!(put(&anonymous, "derps", hers).await.status, 403);
    assert_eq!(site.ask::<i64>(POSTED).await, 2);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_isnt_there_or_isnt_seen_is_404(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, eve) = (site.member("ada").await, site.member("eve").await);
    let hub = site.hub_of("derps", &[&ada]).await;
    let photo = site.photo().by(&ada).live().await;
    let (draft, others) = (site.photo().by(&eve).processing().await, site.photo().by(&eve).live().await);
    for id in ["0", "-1", "999999", "9223372036854775807", "9223372036854775808", "x", "1.5", "%00"] {
        for verb in [reqwest::Method::PUT, reqwest::Method::DELETE] {
            let call = ada.api.call(verb.clone(), &format!("hubs/derps/photos/{id}"));
            Answer::to(call).await.error(404);
        }
    }
    assert_eq!(put(&ada, "derps", draft).await.status, 404, "nobody sees others' drafts");
    assert_eq!(delete(&ada, "derps", draft).await.status, 404);
    for slug in ["nowhere", "ada", "derps%00", "DERPS", "-"] {
        put(&ada, slug, photo).await.error(404);
        site.get(&format!("/h/{slug}/photos")).await.expect(404);
    }

    put(&ada, "derps", photo).await.expect(204);
    site.make_private(hub).await;
    let moderator = site.moderator("mallory").await;
    for call in ["photos", "top", "rate/next"] {
        let call = format!("hubs/derps/{call}");
        eve.api.get(&call).await.error(404);
        assert!(ada.api.get(&call).await.status < 300, "{call}");
        assert!(moderator.api.get(&call).await.status < 300, "{call}");
    }
    for page in ["photos", "top", "rate", "feed.atom"] {
        let page = format!("/h/derps/{page}");
        eve.pages.get(&page).await.expect(404);
        site.get(&page).await.expect(404);
        ada.pages.get(&page).await.expect(200);
    }
    assert_eq!(put(&eve, "derps", others).await.status, 404);
    assert_eq!(delete(&eve, "derps", photo).await.status, 404);
    // The photo itself stays on the whole site, and its page names the hub only to those who see the hub.
    site.api().get(&format!("photos/{photo}")).await.expect(200);
    let page = format!("/photos/{photo}");
    assert_eq!(ada.pages.get(&page).await.texts(".photo-hubs li > a"), ["derps"]);
    assert_eq!(moderator.pages.get(&page).await.texts(".photo-hubs li > a"), ["derps"]);
    for stranger in [eve.pages.get(&page).await, site.get(&page).await] {
        assert!(!stranger.text().contains("derps"));
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_owner_the_hubs_owners_and_moderators_remove_a_photo_and_leave_it_alone(db: PgPool) {
    let site = Site::start(db).await;
    let (owner, ada, bob) = (site.member("otto").await, site.member("ada").await, site.member("bob").await);
    let mallory = site.moderator("mallory").await;
    site.hub_of("derps", &[&owner, &ada, &bob]).await;
    let photo = site.photo().by(&ada).live().await;
    for (person, audited) in [(&ada, 0), (&owner, 0), (&mallory, 1)] {
        put(&ada, "derps", photo).await.expect(204);
        assert_eq!(delete(&bob, "derps", photo).await.status, 403, "another member may not");
        delete(person, "derps", photo).await.expect(204);
        delete(person, "derps", photo).await.expect(204);
        assert_eq!(site.listed("hubs/derps/photos").await, [0_i64; 0]);
        assert_eq!(site.ask::<i64>("select count(*) from activity where verb = 'posted'").await, 0);
        assert_eq!(site.ask::<i64>("select count(*) from audit_log").await, audited, "{}", person.name);
    }
    assert_eq!(site.ask::<String>("select action from audit_log").await, "hub.photo.remove");
    site.api().get(&format!("photos/{photo}")).await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_was_removed_from_a_hub_takes_own_photos_out_of_it(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    let hub = site.hub_of("derps", &[&ada, &bob]).await;
    let (his, hers) = (site.photo().by(&bob).live().await, site.photo().by(&ada).live().await);
    for (person, photo) in [(&bob, his), (&ada, hers)] {
        put(person, "derps", photo).await.expect(204);
    }
    site.take_roles(hub, &bob).await;
    site.make_private(hub).await;
    let page = bob.pages.get(&format!("/photos/{his}")).await.expect(200);
    assert_eq!(page.texts(".photo-hubs button"), ["Remove"]);
    assert!(!page.has(".photo-hubs a"), "the hub's page is none of theirs");
    assert!(!eve.pages.get(&format!("/photos/{his}")).await.text().contains("derps"));
    delete(&bob, "derps", hers).await.error(404);
    delete(&eve, "derps", his).await.error(404);
    assert_eq!(site.ask::<i64>(POSTED).await, 2);
    delete(&bob, "derps", his).await.expect(204);
    delete(&bob, "derps", his).await.error(404);
    assert_eq!(site.ask::<i64>(POSTED).await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_archived_hub_changes_only_for_moderators(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let hub = site.hub_of("derps", &[&ada]).await;
    let (posted, other) = (site.photo().by(&ada).live().await, site.photo().by(&ada).live().await);
    put(&ada, "derps", posted).await.expect(204);
    site.archive(hub).await;
    assert!(put(&ada, "derps", other).await.error(403).0.contains("archived"));
    assert!(delete(&ada, "derps", posted).await.error(403).0.contains("archived"));
    assert_eq!(site.listed("hubs/derps/photos").await, [posted]);
    assert!(!ada.pages.get(&format!("/photos/{other}")).await.has(".photo-hubs"));
    assert!(!ada.pages.get("/submit").await.has("[name=hubs]"));
    let file = pictures::quarters(300, 300);
    ada.api.upload(submission("Late", file).text("hubs", "derps")).await.error(403);
    delete(&site.moderator("mallory").await, "derps", posted).await.expect(204);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_role_that_is_lost_between_page_and_post_counts_no_more(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let hub = site.hub_of("derps", &[&ada]).await;
    let photo = site.photo().by(&ada).live().await;
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert_eq!(page.attribute(".photo-hubs-post option", "value"), "derps");
    site.take_roles(hub, &ada).await;
    let form = [("hub", "derps")];
    ada.pages.post(&format!("/photos/{photo}/hubs"), &form).await.expect(403);
    let form = submission("Late", pictures::quarters(300, 300)).text("hubs", "derps");
    let again = ada.pages.upload(form).await.expect(403);
    assert!(again.texts("#photo-error").is_empty());
    assert_eq!(again.attribute("#title", "value"), "Late", "nothing has to be entered again");
    site.make_private(hub).await;
    ada.pages.post(&format!("/photos/{photo}/hubs"), &[("hub", "derps")]).await.expect(404);
    assert_eq!(site.ask::<i64>(POSTED).await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 1);
    site.until_discarded().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_forms_of_a_photo_post_and_remove_it(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub_of("derps", &[&bob, &ada]).await;
    site.hub_of("sleepy", &[&ada]).await;
    let photo = site.photo().by(&ada).live().await;
    let page = format!("/photos/{photo}");
    let form = [("hub", "derps")];
    assert_eq!(ada.pages.post(&format!("{page}/hubs"), &form).await.location(), page);
    let shown = ada.pages.get(&page).await;
    assert_eq!(shown.texts(".flash"), ["The photo is posted to the hub."]);
    assert_eq!(shown.texts(".photo-hubs li > a"), ["derps"]);
    assert_eq!(shown.texts(".photo-hubs option"), ["sleepy"]);
    assert_eq!(bob.pages.get(&page).await.texts(".photo-hubs button"), ["Remove"], "the hub's owner may");
    assert!(!site.get(&page).await.has(".photo-hubs button"));
    assert_eq!(ada.pages.post(&format!("{page}/hubs/remove"), &form).await.location(), page);
    assert!(!ada.pages.get(&page).await.has(".photo-hubs li"));
    assert_eq!(site.visitor().post(&format!("{page}/hubs"), &form).await.status, 403);
    // A form of another site.
    let foreign = ada.pages.request(reqwest::Method::POST, &format!("{page}/hubs"));
    let foreign = foreign.header("sec-fetch-site", "cross-site").form(&form);
    assert_eq!(Answer::to(foreign).await.status, 403);
    assert_eq!(site.ask::<i64>(POSTED).await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_submission_names_hubs_and_shows_in_them_when_it_is_live(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    site.hub_of("derps", &[&ada]).await;
    site.hub_of("sleepy", &[&ada]).await;
    site.hub_of("others", &[]).await;
    let file = || pictures::quarters(300, 300);
    for (hubs, status) in [("nowhere", 400), ("others", 403), ("derps,nowhere", 400), ("derps,others", 403)] {
        let answer = ada.api.upload(submission("Cat", file()).text("hubs", hubs)).await;
        let field = answer.error(status).1;
        assert_eq!(field.as_deref(), (status == 400).then_some("hubs"), "{hubs}");
    }
    let many: Vec<_> = (0..11).map(|number| format!("hub{number}")).collect();
    ada.api.upload(submission("Cat", file()).text("hubs", many.join(","))).await.error(400);
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0);
    site.until_discarded().await;

    let answer = ada.api.upload(submission("Cat", file()).text("hubs", " derps, sleepy,,derps")).await;
    let photo = answer.expect(202).json()["id"].as_i64().expect("an id");
    assert_eq!(site.processed(photo).await, "live");
    assert_eq!(site.listed("hubs/derps/photos").await, [photo]);
    assert_eq!(site.listed("hubs/sleepy/photos").await, [photo]);
    assert_eq!(site.ask::<i64>("select count(*) from hub_photos where slot is null").await, 0);

    // Checkboxes send one field each.
    let form = submission("Dog", file()).text("hubs", "derps").text("hubs", "sleepy");
    let address = ada.pages.upload(form).await.location().to_owned();
    assert_eq!(ada.pages.get(&address).await.texts(".photo-hubs li > a"), ["derps", "sleepy"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_same_key_with_other_hubs_is_another_submission(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub_of("derps", &[&ada]).await;
    let send = async |hubs: &'static str| {
        let form = submission("Cat", pictures::quarters(300, 300)).text("hubs", hubs);
        let call = ada.api.call(reqwest::Method::POST, "photos").header("idempotency-key", "\"one\"");
        Answer::to(call.multipart(form)).await
    };
    let first = send("derps").await.expect(202).json();
    assert_eq!(send("derps").await.expect(202).json(), first);
    send("").await.error(409);
    assert_eq!(site.ask::<i64>(POSTED).await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn profiles_cant_be_posted_to_by_hand(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    // A profile has no slug, so there is no address to post to; and what has none is refused below it.
    put(&ada, "ada", photo).await.error(404);
    let profile = site.ask("select id from hubs where profile_of is not null order by id limit 1").await;
    let mut tx = pawdium_shared::db::Tx::begin(&site.db).await.expect("a transaction");
    let (photo, ada) = (pawdium_shared::ids::PhotoId(photo), pawdium_shared::ids::UserId(ada.id));
    let posted =
        pawdium_shared::photos::posting::post(&mut tx, pawdium_shared::ids::HubId(profile), photo, ada);
    let posted = posted.await;
    assert!(matches!(posted, Err(pawdium_shared::photos::posting::NotPosted::NoHub)), "{posted:?}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_lists_of_a_hub_are_paged_and_show_live_photos_only(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub_of("derps", &[&ada]).await;
    let mut photos = Vec::new();
    for _ in 0..5 {
        photos.push(site.photo().by(&ada).live().await);
        site.post(&ada, "derps", photos[photos.len() - 1]).await;
    }
    let elsewhere = site.photo().by(&ada).live().await;
    let draft = site.photo().by(&ada).processing().await;
    site.post(&ada, "derps", draft).await;
    let page = site.api().get("hubs/derps/photos?limit=2&page=3").await.expect(200).json();
    assert_eq!(page["paging"], json!({ "page": 3, "last_page": 3 }));
    assert_eq!(page["data"][0]["id"], photos[0]);
    for query in ["limit=0", "limit=101", "page=0", "page=x", "page=9223372036854775808"] {
        site.api().get(&format!("hubs/derps/photos?{query}")).await.error(400);
        site.api().get(&format!("hubs/derps/top?{query}")).await.error(400);
        site.get(&format!("/h/derps/photos?{query}")).await.expect(200);
    }
    for (photo, value) in photos.iter().zip([3, 9, 5, 9, 1]) {
        site.rate(&bob, *photo, value).await;
    }
    site.rate(&bob, elsewhere, 10).await;
    site.run(RefreshRanks {}).await;
    let top = site.listed("hubs/derps/top").await;
    assert_eq!(top, [photos[1], photos[3], photos[2], photos[0], photos[4]]);
    let shown = site.get("/h/derps/top?page=1").await.expect(200);
    assert_eq!(shown.texts(".grid .rank"), ["Rank 4", "Rank 5"], "the place within the hub");
    for list in ["/h/derps/photos", "/h/derps/top", "/top", "/new"] {
        let beyond = site.get(&format!("{list}?page=9")).await.expect(200);
        let last = site.get(&format!("{list}?page=1")).await.expect(200);
        assert_eq!(beyond.texts(".grid a"), last.texts(".grid a"), "{list} has one page");
    }

    ada.api.delete(&format!("photos/{}", photos[1]), Value::Null).await.expect(204);
    assert!(!site.listed("hubs/derps/top").await.contains(&photos[1]));
    assert!(!site.listed("hubs/derps/photos").await.contains(&photos[1]));
    let empty = site.hub_of("empty", &[&ada]).await;
    assert!(empty > 0);
    assert_eq!(site.get("/h/empty/top").await.expect(200).texts("h2"), ["The podium is empty"]);
    let empty = ada.pages.get("/h/empty/photos").await.expect(200);
    assert_eq!(empty.attribute(".nothing .button", "href"), "/submit");
}
