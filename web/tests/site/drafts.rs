//! Drafts through the API: who sees them, how they change, and what publishing requires.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::upkeep::ExpireDrafts;
use reqwest::Method;
use reqwest::multipart::Form;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site, pictures, submission};

/// Uploads a draft and returns its id.
pub(crate) async fn draft(owner: &Person, title: &str) -> i64 {
    let form = submission(title, pictures::quarters(400, 300)).text("draft", "true");
    owner.api.upload(form).await.expect(202).json()["id"].as_i64().expect("an id")
}

/// Sends a change with a version.
async fn change(owner: &Person, photo: i64, version: &str, body: Value) -> Answer {
    let call = owner.api.call(Method::PATCH, &format!("photos/{photo}")).header("if-match", version);
    Answer::to(call.json(&body)).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_draft_is_its_owners_alone(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mallory = site.moderator("mallory").await;
    let photo = draft(&ada, "Mine").await;
    let path = format!("photos/{photo}");
    assert_eq!(ada.api.get(&path).await.expect(200).json()["state"], "draft");
    assert_eq!(mallory.api.get(&path).await.expect(200).json()["title"], "Mine");
    for stranger in [&bob.api, &site.api()] {
        stranger.get(&path).await.error(404);
    }
    for (verb, at) in
        [("PATCH", ""), ("POST", "/publish"), ("POST", "/keep"), ("GET", "/revisions"), ("DELETE", "")]
    {
        let verb: Method = verb.parse().expect("a method");
        let call = bob.api.call(verb.clone(), &format!("{path}{at}"));
        Answer::to(if verb == Method::PATCH { call.json(&json!({})) } else { call }).await.error(404);
    }
    for page in ["", "/edit", "/original", "/revisions"] {
        bob.pages.get(&format!("/{path}{page}")).await.expect(404);
    }
    assert_eq!(bob.api.get("users/me/drafts").await.expect(200).json()["data"], json!([]));
    site.api().get("users/me/drafts").await.error(401);
    let listed = ada.api.get("users/me/drafts").await.expect(200).json();
    assert_eq!(listed["data"][0]["id"], photo);
    assert!(listed["data"][0]["expires_at"].is_string(), "{listed}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_draft_can_be_changed_and_a_stale_change_is_answered_with_the_photo(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let photo = draft(&ada, "First").await;
    let read = ada.api.get(&format!("photos/{photo}")).await.expect(200);
    let version = read.header("etag").to_owned();
    assert_eq!(version, format!("\"{}\"", read.json()["version"]));

    let body = json!({ "title": "Second", "alt": "A cat", "species": "dog", "tags": ["Loaf", "sofa"], "crop": "50,0,300",
                       "hubs": ["cats"], "comments": "nobody", "remixes": false });
    let changed = change(&ada, photo, &version, body).await.expect(200);
    let now = changed.json();
    assert_eq!(
        (&now["title"], &now["species"], &now["tags"]),
        (&json!("Second"), &json!("dog"), &json!(["Loaf", "sofa"]))
    );
    assert_eq!((&now["comments"], &now["remixes"]), (&json!("nobody"), &json!(false)));
    assert_eq!(site.ask_of::<i32>("select crop_x from photos where id = $1", photo).await, 50);
    let posted =
        "select count(*) from hub_photos join hubs on id = hub_id where slug = 'cats' and photo_id = $1";
    assert_eq!(site.ask_of::<i64>(posted, photo).await, 1);

    let stale = change(&ada, photo, &version, json!({ "title": "Third" })).await.expect(409);
    assert_eq!((&stale.json()["code"], &stale.json()["photo"]["title"]), (&json!(409), &json!("Second")));
    assert_eq!(stale.header("etag"), changed.header("etag"));
    change(&ada, photo, changed.header("etag"), json!({ "title": "Third", "hubs": "" })).await.expect(200);
    assert_eq!(site.ask_of::<i64>(posted, photo).await, 0, "the hubs are all that are named");
    // A draft has no revisions, and saving what is there changes nothing.
    let same =
        ada.api.patch(&format!("photos/{photo}"), json!({ "title": "Third" })).await.expect(200).json();
    assert_eq!((&same["version"], &same["revision"]), (&json!(3), &json!(1)));
    ada.api.patch(&format!("photos/{photo}"), Value::Null).await.error(400);
    change(&ada, photo, "three", json!({})).await.error(400);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn bad_changes_name_the_field_and_change_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&bob, "dogs").await;
    let photo = draft(&ada, "Mine").await;
    let path = format!("photos/{photo}");
    for (body, field) in [
        (json!({ "title": " " }), "title"),
        (json!({ "title": "x".repeat(121) }), "title"),
        (json!({ "alt": "x".repeat(501) }), "alt"),
        (json!({ "species": "unicorn" }), "species"),
        (json!({ "tags": "a,b,c,d,e,f,g,h,i,j,k" }), "tags"),
        (json!({ "crop": "1,2" }), "crop"),
        (json!({ "crop": "200,0,300" }), "crop"),
        (json!({ "crop": "0,0,100" }), "crop"),
        (json!({ "hubs": ["nowhere"] }), "hubs"),
        (json!({ "comments": "friends" }), "comments"),
    ] {
        let (message, named) = ada.api.patch(&path, body.clone()).await.error(400);
        assert_eq!(named.as_deref(), Some(field), "{body}: {message}");
    }
    ada.api.patch(&path, json!({ "title": "New", "hubs": ["dogs"] })).await.error(403);
    ada.api.patch(&path, json!({ "nothing": 1 })).await.error(400);
    assert_eq!(site.ask_of::<i32>("select version from photos where id = $1", photo).await, 1);
    assert_eq!(site.ask_of::<String>("select title from photos where id = $1", photo).await, "Mine");
    let live = site.photo().by(&bob).live().await;
    ada.api.patch(&format!("photos/{live}"), json!({ "title": "Hers" })).await.error(403);
    ada.api.patch("photos/999999", json!({})).await.error(404);
    let failed = site.photo().by(&ada).failed("It is no cat.").await;
    ada.api.patch(&format!("photos/{failed}"), json!({ "title": "New" })).await.error(409);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn publishing_requires_a_picture_and_a_title_of_its_own(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let form = Form::new().text("title", "Later").text("species", "cat").text("draft", "1");
    let empty = ada.api.upload(form).await.expect(202).json();
    assert_eq!(empty["state"], "draft");
    let publish = async |photo: &Value| ada.api.post(&format!("photos/{photo}/publish"), Value::Null).await;
    assert_eq!(publish(&empty["id"]).await.error(400).1.as_deref(), Some("photo"));
    let page = ada.pages.post(&format!("/photos/{}/publish", empty["id"]), &[]).await.expect(400);
    assert!(page.has("form[action$='/picture']") && page.has("[role=alert]"), "{}", page.text());

    let own = site.photo().by(&ada).titled("A cat").live().await;
    let photo = json!(draft(&ada, "a CAT").await);
    let same = publish(&photo).await.expect(409).json();
    assert_eq!((&same["field"], &same["url"]), (&json!("title"), &json!(site.url(&format!("photos/{own}")))));
    ada.api.patch(&format!("photos/{photo}"), json!({ "title": "Another cat" })).await.expect(200);
    let (one, other) = tokio::join!(publish(&photo), publish(&photo));
    for published in [one, other] {
        assert!(
            ["processing", "live"]
                .iter()
                .any(|state| published.clone().expect(200).json()["state"] == *state)
        );
    }
    assert_eq!(site.processed(photo.as_i64().expect("an id")).await, "live");
    site.settle().await;
    assert_eq!(publish(&photo).await.expect(200).json()["state"], "live", "it was published before");
    // A live photo can't take the title of another one either.
    let taken =
        ada.api.patch(&format!("photos/{photo}"), json!({ "title": "A cat" })).await.expect(409).json();
    assert_eq!(taken["url"], site.url(&format!("photos/{own}")));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn two_drafts_of_one_title_published_at_once_are_one_live_photo(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let drafts = [draft(&ada, "Twins").await, draft(&ada, "Twins").await];
    let publish =
        async |photo: i64| ada.api.post(&format!("photos/{photo}/publish"), Value::Null).await.status;
    let mut statuses: [u16; 2] = tokio::join!(publish(drafts[0]), publish(drafts[1])).into();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(site.ask::<i64>("select count(*) from photos where state = 'processing'").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn looking_saving_and_keeping_move_the_expiry(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mallory) = (site.member("ada").await, site.moderator("mallory").await);
    let photo = draft(&ada, "Mine").await;
    let old = "update photos set touched_at = now() - interval '29 days' where state = 'draft'";
    let days = "select extract(epoch from now() - touched_at)::bigint / 86400 from photos where id = $1";
    let path = format!("photos/{photo}");
    site.change(old).await;
    mallory.api.get(&path).await.expect(200);
    ada.api.get("users/me/drafts").await.expect(200);
    assert_eq!(site.ask_of::<i64>(days, photo).await, 29, "only its owner's look at the draft itself counts");
    ada.api.get(&path).await.expect(200);
    assert_eq!(site.ask_of::<i64>(days, photo).await, 0);
    site.change(old).await;
    ada.pages.get(&format!("/{path}")).await.expect(200);
    assert_eq!(site.ask_of::<i64>(days, photo).await, 0);
    site.change(old).await;
    ada.pages.get(&format!("/{path}/edit")).await.expect(200);
    assert_eq!(site.ask_of::<i64>(days, photo).await, 0);
    site.change(old).await;
    ada.api.patch(&path, json!({ "title": "Mine" })).await.expect(200);
    assert_eq!(site.ask_of::<i64>(days, photo).await, 0);
    site.change(old).await;
    let kept = ada.api.post(&format!("{path}/keep"), Value::Null).await.expect(200).json();
    let expires: chrono::DateTime<chrono::Utc> =
        serde_json::from_value(kept["expires_at"].clone()).expect("a time");
    let left = expires - chrono::Utc::now();
    assert!((29..=30).contains(&left.num_days()), "{left}");
    let live = site.photo().by(&ada).live().await;
    ada.api.post(&format!("photos/{live}/keep"), Value::Null).await.error(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn scenario_drafts_and_remixes(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let parent = site.photo().by(&ada).titled("The first").live().await;
    let call = bob.api.call(Method::POST, &format!("photos?from={parent}"));
    let remix = Answer::to(call).await.expect(202).json();
    assert_eq!(remix["state"], "draft");
    let remix = bob.api.get(&format!("photos/{}", remix["id"])).await.expect(200).json();
    assert_eq!((&remix["parent"], &remix["title"]), (&json!(parent), &json!("The first")));

    let form = Form::new().text("title", "Empty").text("species", "cat").text("draft", "1");
    let empty = bob.api.upload(form).await.expect(202).json()["id"].as_i64().expect("an id");
    bob.api.post(&format!("photos/{empty}/publish"), Value::Null).await.error(400);

    let touched = draft(&bob, "Touched").await;
    let untouched = draft(&bob, "Untouched").await;
    assert_eq!(site.media("incoming").len(), 2);
    site.change("update photos set touched_at = now() - interval '31 days' where state = 'draft'").await;
    bob.api.get(&format!("photos/{touched}")).await.expect(200);
    bob.api.patch(&format!("photos/{empty}"), json!({ "title": "Saved" })).await.expect(200);
    site.run(ExpireDrafts {}).await;
    for gone in [untouched, remix["id"].as_i64().expect("an id")] {
        bob.api.get(&format!("photos/{gone}")).await.error(404);
    }
    for kept in [touched, empty] {
        bob.api.get(&format!("photos/{kept}")).await.expect(200);
    }
    assert_eq!(site.media("incoming").len(), 1, "with its file");
    assert_eq!(site.pictures().await, 3, "the parent's files stay");
}
