//! The ratings that one has cast: the list, changing them, and taking them back.

use std::time::Duration;

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::jobs::upkeep::Purge;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Person, Site};

/// What the API lists: photos with values.
async fn listed(person: &Person, query: &str) -> (Vec<(i64, i64)>, Value) {
    let list = person.api.get(&format!("users/me/ratings{query}")).await.expect(200).json();
    let rating = |rating: &Value| {
        (rating["photo"].as_i64().expect("an id"), rating["value"].as_i64().expect("a value"))
    };
    let ratings = list["data"].as_array().expect("a list").iter().map(rating).collect();
    (ratings, list["paging"]["next"].clone())
}

async fn take_back(person: &Person, photo: i64) -> Answer {
    person.api.delete(&format!("photos/{photo}/rating"), Value::Null).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ratings_are_listed_newest_first_in_pages_without_gaps(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photos = site.photos(30).await;
    for (place, photo) in photos.iter().enumerate() {
        site.rate(&ada, *photo, 1 + i64::try_from(place).expect("few") % 10).await;
    }
    site.rate(&bob, photos[0], 1).await;
    // Several at the same moment.
    site.change("update ratings set rated_at = date_trunc('minute', now()) where photo_id % 3 = 0").await;
    let mut all = Vec::new();
    let mut query = "?limit=7".to_owned();
    loop {
        let (page, next) = listed(&ada, &query).await;
        assert!(page.len() <= 7);
        all.extend(page);
        let Some(next) = next.as_str() else { break };
        query = format!("?limit=7&before={next}");
    }
    let mut ids: Vec<_> = all.iter().map(|(photo, _)| *photo).collect();
    ids.sort_unstable();
    assert_eq!(ids, photos, "each once");
    let order: Vec<i64> = sqlx::query_scalar(
        "select photo_id from ratings where rater_id = $1 order by rated_at desc, photo_id desc",
    )
    .bind(ada.id)
    .fetch_all(&site.db)
    .await
    .expect("the statement is right");
    assert!(all.iter().map(|(photo, _)| *photo).eq(order));
    for wrong in ["limit=0", "limit=101", "before=x", "before=1", "before=9223372036854775807.1"] {
        ada.api.get(&format!("users/me/ratings?{wrong}")).await.error(400);
    }
    site.api().get("users/me/ratings").await.error(401);

    let page = ada.pages.get("/ratings").await.expect(200);
    assert_eq!(page.texts(".cast").len(), 24);
    let older = page.attribute("a[rel=next]", "href");
    let second = ada.pages.get(&older).await.expect(200);
    assert_eq!((second.texts(".cast").len(), second.has("a[rel=next]")), (6, false));
    for nonsense in ["x", "1.2.3", "", "99999999999999999999.1"] {
        ada.pages.get(&format!("/ratings?before={nonsense}")).await.expect(200);
    }
    assert!(site.get("/ratings").await.expect(200).has(".nothing"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn only_live_photos_are_shown_by_title_and_picture(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let kept = site.photo().by(&bob).titled("Kept <1>").live().await;
    let hidden = site.photo().by(&bob).titled("Secret").live().await;
    let moderator = site.moderator("mods").await;
    for photo in [kept, hidden] {
        site.rate(&ada, photo, 4).await;
    }
    let reason = [("reason", "It is no animal.")];
    moderator.pages.post(&format!("/photos/{hidden}/block"), &reason).await.location();
    let page = ada.pages.get("/ratings").await.expect(200);
    assert_eq!(page.texts(".cast h2"), ["A photo that is gone", "Kept <1>"]);
    assert!(!page.text().contains("Secret") && !page.text().contains("Kept <1>"));
    assert_eq!(page.texts(".cast img").len(), 1);
    // Its rating can be taken back all the same.
    take_back(&ada, hidden).await.expect(204);
    assert_eq!(listed(&ada, "").await.0, [(kept, 4)]);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_page_changes_ratings_and_takes_them_back_without_scripts(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, eve) = (site.member("ada").await, site.anonymous().await);
    let photo = site.photos(1).await[0];
    for rater in [&ada, &eve] {
        site.rate(rater, photo, 4).await;
        let page = rater.pages.get("/ratings").await.expect(200);
        assert_eq!(page.attribute("option[selected]", "selected"), "");
        assert_eq!(page.texts("option[selected]"), ["4"]);
        let path = page.attribute(".cast form", "action");
        let changed = rater.pages.post(&path, &[("act", "change"), ("value", "9")]).await;
        assert_eq!(changed.location(), "/ratings");
        let page = rater.pages.get("/ratings").await.expect(200);
        assert_eq!((page.texts("option[selected]"), page.texts(".flash").len()), (vec!["9".to_owned()], 1));
        for (wrong, status) in [
            (vec![("act", "change"), ("value", "11")], 400),
            (vec![("act", "change"), ("value", "")], 400),
            (vec![("act", "explode")], 400),
            (vec![], 400),
        ] {
            rater.pages.post(&path, &wrong).await.expect(status);
        }
        let back = [("act", "take-back"), ("before", "1800000000000000.5")];
        assert_eq!(rater.pages.post(&path, &back).await.location(), "/ratings?before=1800000000000000.5");
        // The second of two equal forms succeeds.
        let evil = [("act", "take-back"), ("before", "//evil.test")];
        assert_eq!(rater.pages.post(&path, &evil).await.location(), "/ratings");
        assert!(rater.pages.get("/ratings").await.expect(200).has(".nothing"));
        rater.pages.post(&path, &[("act", "change"), ("value", "9")]).await.expect(403);
        site.histograms_are_right().await;
    }
    site.visitor().post(&format!("/ratings/{photo}"), &[("act", "take-back")]).await.expect(401);
    let foreign =
        ada.pages.request(Method::POST, &format!("/ratings/{photo}")).header("sec-fetch-site", "cross-site");
    Answer::to(foreign.form(&[("act", "take-back")])).await.expect(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_rating_that_is_taken_back_is_as_if_it_had_never_been(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photos = site.photos(2).await;
    for photo in &photos {
        site.rate(&bob, *photo, 5).await;
    }
    site.run(RefreshRanks {}).await;
    let standing =
        "select string_agg(concat_ws(' ', photo_id, score, rank), ',' order by photo_id) from photo_ranks";
    let before: String = site.ask(standing).await;
    site.rate(&ada, photos[1], 10).await;
    site.run(RefreshRanks {}).await;
    assert_ne!(site.ask::<String>(standing).await, before);
    let shape = ada.api.get("users/me").await.expect(200).json();
    assert_eq!(shape["ratings_cast"], 1);
    take_back(&ada, photos[1]).await.expect(204);
    take_back(&ada, photos[1]).await.expect(204);
    site.run(RefreshRanks {}).await;
    assert_eq!(site.ask::<String>(standing).await, before);
    assert_eq!(ada.api.get("users/me").await.expect(200).json()["ratings_cast"], 0);
    // The photo's page doesn't tell others' opinion any more.
    assert!(!ada.pages.get(&format!("/photos/{}", photos[1])).await.expect(200).has(".big-score b"));
    // Others' ratings stay, and nobody takes back those of others.
    take_back(&ada, photos[0]).await.expect(204);
    assert_eq!(listed(&bob, "").await.0.len(), 2);
    site.api().delete(&format!("photos/{}/rating", photos[0]), Value::Null).await.error(401);
    take_back(&ada, 999_999).await.expect(204);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn used_ballots_stay_used_and_a_new_one_counts(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photo = site.photos(1).await[0];
    let rate = async |ballot: &str, value: i64| {
        ada.api.put(&format!("photos/{photo}/rating"), json!({ "value": value, "ballot": ballot })).await
    };
    let (older, used) = (
        site.ballot(&ada, photo, Duration::from_mins(2)).await,
        site.ballot(&ada, photo, Duration::from_mins(1)).await,
    );
    rate(&used, 6).await.expect(200);
    take_back(&ada, photo).await.expect(204);
    // The form that was sent, once more, late; and a page that was open before.
    for late in [&used, &older] {
        let (message, field) = rate(late, 6).await.error(400);
        assert!(message.contains("has been used") && field.as_deref() == Some("ballot"), "{message}");
    }
    ada.api.put(&format!("photos/{photo}/rating"), json!({ "value": 6 })).await.error(403);
    let fresh = site.ballot(&ada, photo, Duration::ZERO).await;
    rate(&fresh, 8).await.expect(200);
    assert_eq!(listed(&ada, "").await.0, [(photo, 8)]);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_comes_again_when_all_others_are_rated(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photos = site.photos(12).await;
    let first = ada.api.get("rate/next").await.expect(200).json();
    let taken = first["photo"]["id"].as_i64().expect("an id");
    let body = json!({ "value": 3, "ballot": first["ballot"] });
    ada.api.put(&format!("photos/{taken}/rating"), body).await.expect(200);
    take_back(&ada, taken).await.expect(204);
    let order = ada.api.rate_all(|_| 5).await;
    assert_eq!((order.len(), order.last()), (photos.len(), Some(&taken)));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn rating_and_taking_back_at_once_never_doubles_or_loses(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photos = site.photos(3).await;
    for round in 0..8 {
        let photo = photos[round % photos.len()];
        let ballot = site.ballot(&ada, photo, Duration::ZERO).await;
        let body = json!({ "value": 1 + round % 10, "ballot": ballot });
        let acts = (0..12).map(|act| {
            let (api, other, body) = (ada.api.clone(), bob.api.clone(), body.clone());
            async move {
                match act % 3 {
                    0 => api.put(&format!("photos/{photo}/rating"), body).await.status,
                    1 => api.delete(&format!("photos/{photo}/rating"), Value::Null).await.status,
                    _ => other.delete(&format!("photos/{photo}/rating"), Value::Null).await.status,
                }
            }
        });
        let statuses = join_all(acts).await;
        assert!(statuses.iter().all(|status| [200, 204, 400].contains(status)), "{statuses:?}");
        site.rate(&bob, photo, 5).await;
        let returned: i64 = site
            .ask(
                "select count(*) from ratings join taken_back_ratings as used using (photo_id, rater_id)
                 where ratings.ballot_at <= used.ballot_at",
            )
            .await;
        assert_eq!(returned, 0, "a used ballot has counted again");
    }
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_anonymous_users_used_ballots_move_to_the_account(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, eve) = (site.member("ada").await, site.anonymous().await);
    let photos = site.photos(2).await;
    let used = site.ballot(&eve, photos[0], Duration::ZERO).await;
    let rate = json!({ "value": 6, "ballot": used });
    eve.api.put(&format!("photos/{}/rating", photos[0]), rate.clone()).await.expect(200);
    take_back(&eve, photos[0]).await.expect(204);
    // The account took back a rating of a photo that the anonymous user has rated with an older ballot.
    let older = site.ballot(&eve, photos[1], Duration::from_mins(5)).await;
    eve.api
        .put(&format!("photos/{}/rating", photos[1]), json!({ "value": 2, "ballot": older }))
        .await
        .expect(200);
    let own = site.ballot(&ada, photos[1], Duration::ZERO).await;
    let again = json!({ "value": 9, "ballot": own });
    ada.api.put(&format!("photos/{}/rating", photos[1]), again.clone()).await.expect(200);
    take_back(&ada, photos[1]).await.expect(204);
    eve.api.post("tokens", json!({ "email": ada.email(), "password": PASSWORD })).await.expect(201);
    ada.api.put(&format!("photos/{}/rating", photos[0]), rate).await.error(400);
    ada.api.put(&format!("photos/{}/rating", photos[1]), again).await.error(400);
    assert_eq!(listed(&ada, "").await.0, [(photos[1], 2)]);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_was_taken_back_is_forgotten_with_its_ballots(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    for photo in site.photos(2).await {
        site.rate(&ada, photo, 6).await;
        take_back(&ada, photo).await.expect(204);
    }
    site.change(
        "update taken_back_ratings set taken_at = now() - interval '49 hours'
                 where photo_id = (select min(photo_id) from taken_back_ratings)",
    )
    .await;
    site.run(Purge {}).await;
    assert_eq!(site.ask::<i64>("select count(*) from taken_back_ratings").await, 1);
}
