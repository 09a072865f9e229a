//! Revisions: what a photo was before, and ratings that stay with the picture that they are for.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RecountRatings, RefreshRanks};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Person, Site};
use crate::remixes;

/// Gives a live photo a new crop and waits for it.
async fn crop(site: &Site, owner: &Person, photo: i64, crop: &str) {
    owner.api.patch(&format!("photos/{photo}"), json!({ "crop": crop })).await.expect(200);
    site.settle().await;
}

async fn show(site: &Site, photo: i64) -> Value {
    site.api().get(&format!("photos/{photo}")).await.expect(200).json()
}

async fn list(owner: &Person, photo: i64) -> Vec<Value> {
    let revisions = owner.api.get(&format!("photos/{photo}/revisions")).await.expect(200).json();
    revisions["data"].as_array().expect("a list").clone()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_change_of_a_live_photo_is_a_revision_that_can_be_restored(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mallory = site.moderator("mallory").await;
    let photo = site.photo().by(&ada).titled("First").live().await;
    let path = format!("photos/{photo}");
    site.rate(&bob, photo, 8).await;
    ada.api.patch(&path, json!({ "title": "Second", "tags": "loaf" })).await.expect(200);
    ada.api.patch(&path, json!({ "species": "dog" })).await.expect(200);
    ada.api.patch(&path, json!({ "comments": "nobody" })).await.expect(200);
    let revisions = list(&ada, photo).await;
    let titles: Vec<_> =
        revisions.iter().map(|revision| (&revision["revision"], &revision["title"])).collect();
    assert_eq!(
        titles,
        [(&json!(3), &json!("Second")), (&json!(2), &json!("Second")), (&json!(1), &json!("First"))],
        "what others may do is no revision"
    );
    assert_eq!((&revisions[0]["current"], &revisions[2]["tags"]), (&json!(true), &json!(["tongue", "sofa"])));
    bob.api.get(&format!("{path}/revisions")).await.error(403);
    bob.pages.get(&format!("/{path}/revisions")).await.expect(403);
    site.api().get(&format!("{path}/revisions")).await.error(401);
    assert_eq!(list(&mallory, photo).await.len(), 3);
    mallory.api.post(&format!("{path}/revisions/1/restore"), Value::Null).await.error(403);
    ada.api.post(&format!("{path}/revisions/9/restore"), Value::Null).await.error(404);

    let restored = ada.api.post(&format!("{path}/revisions/1/restore"), Value::Null).await.expect(200).json();
    assert_eq!((&restored["title"], &restored["revision"]), (&json!("First"), &json!(4)));
    assert_eq!((&restored["species"], &restored["tags"]), (&json!("cat"), &json!(["tongue", "sofa"])));
    assert_eq!(restored["rating"]["count"], 1, "the picture is the same");
    // The title that it had may be taken by now.
    ada.api.patch(&path, json!({ "title": "Third" })).await.expect(200);
    site.photo().by(&ada).titled("First").live().await;
    ada.api.post(&format!("{path}/revisions/1/restore"), Value::Null).await.expect(409);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn scenario_a_pictures_lineage(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (eve, dan) = (site.member("eve").await, site.member("dan").await);
    let parent = site.photo().by(&ada).titled("The first").live().await;
    let photo = remixes::published(&site, &bob, parent, json!({ "title": "Mine" })).await;
    site.rate(&eve, photo, 9).await;
    site.rate(&dan, photo, 7).await;
    site.run(RefreshRanks {}).await;
    assert!(show(&site, photo).await["rating"]["rank"].is_number());
    let stale = site.ballot(&eve, photo, Duration::ZERO).await;

    // The job makes the new crop; meanwhile the photo is live with the old one.
    let path = format!("photos/{photo}");
    let changed = bob.api.patch(&path, json!({ "crop": "0,0,600" })).await.expect(200).json();
    assert_eq!((&changed["state"], &changed["next_crop"]), (&json!("live"), &json!("0,0,600")));
    site.settle().await;
    let now = show(&site, photo).await;
    assert_eq!((&now["revision"], &now["picture_since"]), (&json!(2), &json!(2)));
    assert_eq!((&now["sizes"]["1080"]["width"], &now["rating"]["count"]), (&json!(600), &json!(0)));
    assert_eq!((&now["rating"]["rank"], &now["rating"]["score"]), (&Value::Null, &Value::Null));
    let revisions = list(&bob, photo).await;
    assert_eq!(
        (&revisions[1]["count"], &revisions[1]["mean"]),
        (&json!(2), &json!(8.0)),
        "older ratings apart"
    );

    // Who has rated the picture before may rate the new one, but not with a page of the old one.
    let body = json!({ "value": 3, "ballot": stale });
    assert_eq!(eve.api.put(&format!("{path}/rating"), body).await.error(400).1.as_deref(), Some("ballot"));
    eve.api.put(&format!("{path}/rating"), json!({ "value": 3 })).await.error(403);
    assert_eq!(eve.api.rate_all(|_| 3).await.iter().filter(|served| **served == photo).count(), 1);
    let page = eve.pages.get(&format!("/{path}")).await.expect(200);
    let since = page.texts(".opinion-since");
    assert!(
        since[0].contains("since revision 2") && since[0].contains("2 ratings of their own, 8.0"),
        "{since:?}"
    );
    site.run(RecountRatings {}).await;
    site.histograms_are_right().await;
    assert_eq!(show(&site, photo).await["rating"]["histogram"], json!([0, 0, 1, 0, 0, 0, 0, 0, 0, 0]));

    // The first picture comes back with its own ratings.
    bob.api.post(&format!("{path}/revisions/1/restore"), Value::Null).await.expect(200);
    site.settle().await;
    let back = show(&site, photo).await;
    assert_eq!((&back["rating"]["count"], &back["revision"]), (&json!(2), &json!(3)));
    assert_eq!(back["sizes"]["1080"]["width"], 1080);
    site.histograms_are_right().await;

    ada.api.delete(&format!("photos/{parent}"), Value::Null).await.expect(204);
    site.settle().await;
    let credit = site.get(&format!("/{path}")).await.expect(200).texts(".credit");
    assert_eq!(credit, ["Remix of “The first” by ada, which was removed"]);
    let shown = show(&site, photo).await;
    assert_eq!(
        shown["remix_of"],
        json!({ "id": null, "title": "The first", "owner": "ada", "state": "deleted" })
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_last_crop_wins_and_a_bad_one_is_refused(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    let path = format!("photos/{photo}");
    for bad in ["0,0,1081", "900,0,200", "0,0,199"] {
        let refused = ada.api.patch(&path, json!({ "crop": bad })).await.error(400);
        assert_eq!(refused.1.as_deref(), Some("crop"), "{bad}");
    }
    // The whole picture is what it shows.
    let same = ada.api.patch(&path, json!({ "crop": "0,0,1080" })).await.expect(200).json();
    assert_eq!((&same["version"], same.get("next_crop")), (&json!(1), None));
    for wanted in ["0,0,300", "10,10,400", "20,20,500"] {
        ada.api.patch(&path, json!({ "crop": wanted })).await.expect(200);
    }
    assert_eq!(site.ask::<i64>("select count(*) from jobs where kind = 'media.process.v1'").await, 1);
    site.start_worker();
    site.settle().await;
    let now = show(&site, photo).await;
    assert_eq!((&now["sizes"]["1080"]["width"], &now["revision"]), (&json!(500), &json!(2)));
    // A square of 500 pixels is not enlarged, so it serves two of the three sizes.
    assert_eq!(site.pictures().await, 5);
    // Its first picture stays the source, so a larger crop is possible again.
    crop(&site, &ada, photo, "0,0,900").await;
    assert_eq!(show(&site, photo).await["sizes"]["1080"]["width"], 900);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn words_and_a_crop_in_one_save_are_one_revision(db: PgPool) {
    let mut site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).titled("First").live().await;
    let path = format!("photos/{photo}");
    site.rate(&bob, photo, 8).await;
    let titles = async || -> Vec<Value> {
        list(&ada, photo).await.iter().map(|revision| revision["title"].clone()).collect()
    };
    // Two saves are two, also if the second comes before the picture of the first is made.
    ada.api.patch(&path, json!({ "title": "Second", "crop": "0,0,600" })).await.expect(200);
    ada.api.patch(&path, json!({ "title": "Third" })).await.expect(200);
    site.start_worker();
    site.settle().await;
    assert_eq!(titles().await, ["Third", "Third", "Second", "First"]);

    let both = json!({ "title": "Fourth", "crop": "0,0,500" });
    assert_eq!(ada.api.patch(&path, both).await.expect(200).json()["revision"], 5);
    site.settle().await;
    let now = show(&site, photo).await;
    assert_eq!((&now["title"], &now["sizes"]["1080"]["width"]), (&json!("Fourth"), &json!(500)));
    assert_eq!((&now["revision"], &now["picture_since"]), (&json!(5), &json!(5)));
    assert_eq!(titles().await, ["Fourth", "Third", "Third", "Second", "First"]);
    ada.api.post(&format!("{path}/revisions/1/restore"), Value::Null).await.expect(200);
    site.settle().await;
    let back = show(&site, photo).await;
    assert_eq!((&back["title"], &back["rating"]["count"]), (&json!("First"), &json!(1)));
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn fifty_revisions_are_kept_and_pictures_that_none_shows_go(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    crop(&site, &ada, photo, "0,0,500").await;
    crop(&site, &ada, photo, "0,0,600").await;
    assert_eq!(site.pictures().await, 8, "two files of the square of 500 pixels, three of the others");
    for number in 0..55 {
        let body = json!({ "title": format!("Title {number}") });
        ada.api.patch(&format!("photos/{photo}"), body).await.expect(200);
    }
    site.settle().await;
    let revisions = list(&ada, photo).await;
    assert_eq!((revisions.len(), &revisions[0]["revision"]), (50, &json!(58)));
    assert_eq!(revisions[49]["revision"], 9);
    let kept = "select count(distinct number) from photo_picture_files where photo_id = $1";
    assert_eq!(
        site.ask_of::<i64>(kept, photo).await,
        2,
        "the first, which crops are cut from, and the present one"
    );
    ada.api.post(&format!("photos/{photo}/revisions/1/restore"), Value::Null).await.error(404);
    ada.api.delete(&format!("photos/{photo}"), Value::Null).await.expect(204);
    site.settle().await;
    assert_eq!(site.pictures().await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from photo_revisions").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ratings_of_earlier_pictures_move_with_a_login_and_go_with_an_account(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let anonymous = site.anonymous().await;
    let photos =
        [site.photo().by(&ada).titled("One").live().await, site.photo().by(&ada).titled("Two").live().await];
    let bobs = site.photo().by(&bob).titled("His").live().await;
    site.rate(&bob, photos[0], 2).await;
    for photo in [photos[0], photos[1], bobs] {
        site.rate(&anonymous, photo, 9).await;
    }
    for photo in photos {
        crop(&site, &ada, photo, "0,0,500").await;
    }
    crop(&site, &bob, bobs, "0,0,500").await;
    assert_eq!(anonymous.api.get("users/me").await.expect(200).json()["ratings_cast"], 3);
    anonymous.api.post("tokens", json!({ "email": bob.email(), "password": PASSWORD })).await.expect(201);
    let given = async |photo: i64| -> Vec<(i64, i16)> {
        let rows =
            sqlx::query_as("select rater_id, value from earlier_ratings where photo_id = $1").bind(photo);
        rows.fetch_all(&site.db).await.expect("it is asked")
    };
    assert_eq!(given(photos[0]).await, [(bob.id, 2)], "rated by both: the account's own stays");
    assert_eq!(given(photos[1]).await, [(bob.id, 9)]);
    assert_eq!(given(bobs).await, [], "nobody rates their own photo");
    bob.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    assert_eq!(given(photos[1]).await, []);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ratings_during_a_change_of_the_picture_are_never_mixed(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    let mut raters = Vec::new();
    for _ in 0..12 {
        let rater = site.anonymous().await;
        let ballot = site.ballot(&rater, photo, Duration::ZERO).await;
        raters.push((rater, ballot));
    }
    ada.api.patch(&format!("photos/{photo}"), json!({ "crop": "0,0,500" })).await.expect(200);
    let rate = async |(rater, ballot): &(Person, String)| {
        let body = json!({ "value": 5, "ballot": ballot });
        rater.api.put(&format!("photos/{photo}/rating"), body).await.status
    };
    let mut statuses = Vec::new();
    for raters in raters.chunks(4) {
        let (a, b) = (&raters[0], &raters[1]);
        let (c, d) = (&raters[2], &raters[3]);
        let (a, b, c, d) = tokio::join!(rate(a), rate(b), rate(c), rate(d));
        statuses.extend([a, b, c, d]);
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    site.settle().await;
    let taken = i64::try_from(statuses.iter().filter(|status| **status == 200).count()).expect("few");
    assert!(statuses.iter().all(|status| [200, 400].contains(status)), "{statuses:?}");
    // All had the ballot of the first picture, so none counts for the second.
    assert_eq!(site.ask::<i64>("select count(*) from earlier_ratings").await, taken);
    assert_eq!(show(&site, photo).await["rating"]["count"], 0);
    site.histograms_are_right().await;
}
