//! The rating loop: one photo until it is rated, then the next.

use std::collections::HashSet;
use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt as _, stream};
use pawdium_shared::db::MIGRATIONS;
use reqwest::header::COOKIE;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Person, Site};

const NOW: Duration = Duration::ZERO;

fn rating_path(photo: i64) -> String {
    format!("/photos/{photo}/rating")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_same_photo_stays_until_it_is_rated_and_none_comes_twice(db: PgPool) {
    let site = Site::start(db).await;
    let mut photos = site.photos(7).await;
    let pages = site.visitor();
    let mut seen = Vec::new();
    while let Some((photo, ballot)) = pages.shown().await {
        assert!(!seen.contains(&photo), "photo {photo} came again after {seen:?}");
        for _ in 0..2 {
            assert_eq!(pages.shown().await.expect("it stays").0, photo, "reloading changes nothing");
        }
        seen.push(photo);
        let form = [("value", "7"), ("ballot", ballot.as_str()), ("from", "rate")];
        assert_eq!(pages.post(&rating_path(photo), &form).await.location(), format!("/?rated={photo}"));
    }
    seen.sort_unstable();
    photos.sort_unstable();
    assert_eq!(seen, photos);
    assert_eq!(pages.get("/").await.texts("h1"), ["You've rated them all"]);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn members_are_never_shown_their_own_photos(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let mut hers = Vec::new();
    for _ in 0..4 {
        hers.push(site.photo().by(&ada).live().await);
    }
    let others = site.photos(3).await;
    let served: HashSet<_> = ada.api.rate_all(|_| 5).await.into_iter().collect();
    assert_eq!(served, others.into_iter().collect());
    ada.api.get("rate/next").await.expect(204);

    // Not even with a ballot.
    let ballot = site.ballot(&ada, hers[0], NOW).await;
    let body = json!({ "value": 10, "ballot": ballot });
    assert!(ada.api.put(&rating_path(hers[0]), body).await.error(403).0.contains("own photo"));
    let page = ada.pages.get(&format!("/photos/{}", hers[0])).await.expect(200);
    assert!(!page.has("form[data-keys]"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_is_no_whole_number_from_1_to_10_is_refused_and_not_stored(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photos(2).await[0];
    let ada = site.member("ada").await;
    let ballot = site.ballot(&ada, photo, NOW).await;
    for value in [
        json!(0),
        json!(11),
        json!(-1),
        json!("abc"),
        json!("7"),
        json!(7.5),
        json!(null),
        json!([7]),
        json!(1e30),
    ] {
        let body = json!({ "value": value, "ballot": ballot });
        let (message, field) = ada.api.put(&rating_path(photo), body).await.error(400);
        assert_eq!(field.as_deref(), Some("value"), "{value}: {message}");
        assert!(message.contains("1 to 10"), "{message}");
    }
    for value in ["0", "11", "abc", "", "7.5", "１"] {
        let form = [("value", value), ("ballot", &ballot)];
        let page = ada.pages.post(&rating_path(photo), &form).await.expect(400);
        assert!(page.text().contains("1 to 10"), "{value}");
        let part = ada.pages.own(&rating_path(photo)).header("pawdium-part", "rate").form(&form);
        let part = Answer::to(part).await.expect(400);
        assert_eq!(part.texts("[data-stage] [role=alert]").len(), 1, "{value}");
    }
    ada.pages.post(&rating_path(photo), &[]).await.expect(400);
    ada.api.put(&rating_path(photo), json!({ "ballot": ballot })).await.error(400);
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 0);
    site.rate(&ada, photo, 10).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_ballot_counts_once_for_its_photo_and_rater_within_a_day(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(2).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let attempt = async |rater: &Person, photo: i64, ballot: &str| {
        rater.api.put(&rating_path(photo), json!({ "value": 9, "ballot": ballot })).await
    };
    let hers = site.ballot(&ada, photos[0], NOW).await;
    let mut forged = hers.clone().into_bytes();
    forged[3] = if forged[3] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).expect("it is text");
    let old = site.ballot(&ada, photos[0], Duration::from_hours(25)).await;
    let refused = [
        ("forged", attempt(&ada, photos[0], &forged).await),
        ("no ballot at all", attempt(&ada, photos[0], "x").await),
        ("empty", attempt(&ada, photos[0], "").await),
        ("another photo's", attempt(&ada, photos[1], &hers).await),
        ("another rater's", attempt(&bob, photos[0], &hers).await),
        ("expired", attempt(&ada, photos[0], &old).await),
    ];
    for (what, answer) in refused {
        assert_eq!(answer.error(400).1.as_deref(), Some("ballot"), "{what}");
    }
    ada.api.put(&rating_path(photos[0]), json!({ "value": 9 })).await.error(403);
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 0);

    attempt(&ada, photos[0], &hers).await.expect(200);
    let other = json!({ "value": 8, "ballot": hers });
    assert!(ada.api.put(&rating_path(photos[0]), other).await.error(400).0.contains("used"));
    let earlier = site.ballot(&ada, photos[0], Duration::from_mins(1)).await;
    assert_eq!(attempt(&ada, photos[0], &earlier).await.error(400).1.as_deref(), Some("ballot"));
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_ballot_counts_once_whatever_becomes_of_its_rater(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(3).await;
    site.member("ada").await;
    let register = [("name", "bob"), ("email", "bob@example.org"), ("password", PASSWORD)];
    let log_in = [("email", "ada@example.org"), ("password", PASSWORD)];
    for becomes in [Some(("/register", &register[..])), Some(("/login", &log_in[..])), None] {
        let pages = site.visitor();
        pages.keep_key().await;
        let (photo, ballot) = pages.shown().await.expect("there is one");
        let left = format!("visitor={}", pages.cookie("visitor").expect("a visitor without a user has one"));
        let form = [("value", "7"), ("ballot", ballot.as_str())];
        pages.post(&rating_path(photo), &form).await.location();
        if let Some((path, form)) = becomes {
            assert_eq!(pages.post(path, form).await.location(), "/");
        } else {
            let session = pages.cookie("session").expect("a session");
            site.api().with_token(&session).delete("users/me", Value::Null).await.expect(204);
        }
        let (ratings, users) = ("select count(*) from ratings", "select count(*) from users");
        let before: (i64, i64) = (site.ask(ratings).await, site.ask(users).await);
        for value in ["7", "8"] {
            let again = site.visitor().own(&rating_path(photo)).header(COOKIE, &left);
            Answer::to(again.form(&[("value", value), ("ballot", &ballot)])).await.expect(400);
        }
        assert_eq!((site.ask(ratings).await, site.ask(users).await), before, "{becomes:?}");

        // A visitor who returns with that cookie counts as a new one and may rate.
        let back = site.visitor();
        back.keep(&left);
        let (photo, ballot) = back.shown().await.expect("there is one");
        let form = [("value", "3"), ("ballot", ballot.as_str())];
        back.post(&rating_path(photo), &form).await.location();
    }
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn rating_again_replaces_the_first_value(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photos(1).await[0];
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.rate(&bob, photo, 10).await;
    site.rate(&ada, photo, 3).await;

    let address = format!("/photos/{photo}");
    let page = ada.pages.get(&address).await.expect(200);
    assert_eq!(page.attribute(".keys button[aria-pressed=true]", "value"), "3");
    assert!(!page.has("input[name=ballot]"), "replacing needs no ballot");
    let form = [("value", "8"), ("from", "photo")];
    assert_eq!(ada.pages.post(&rating_path(photo), &form).await.location(), address);
    let page = ada.pages.get(&address).await.expect(200);
    assert_eq!(page.attribute(".keys button[aria-pressed=true]", "value"), "8");
    assert_eq!(page.texts(".big-score"), ["9.0 of 10 from 2 ratings".replace("9.0 of", "9.0of")]);

    let answer = ada.api.put(&rating_path(photo), json!({ "value": 6 })).await.expect(200).json();
    assert_eq!((&answer["rating"]["mean"], &answer["rating"]["count"]), (&json!(8.0), &json!(2)));
    assert_eq!(answer["rating"]["histogram"], json!([0, 0, 0, 0, 0, 1, 0, 0, 0, 1]));
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 2);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nobody_sees_the_ratings_before_rating(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(2).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    for photo in &photos {
        site.rate(&bob, *photo, 2).await;
    }
    let served = ada.api.get("rate/next").await.expect(200).json();
    assert_eq!(served["photo"].get("rating"), None);
    let photo = served["photo"]["id"].as_i64().expect("an id");
    for path in ["/".to_owned(), format!("/photos/{photo}")] {
        for pages in [&ada.pages, &site.visitor()] {
            let page = pages.get(&path).await.expect(200);
            assert!(!page.has(".opinion, .feedback, .score-chip, .rank, .histogram"), "{path}");
        }
    }
    let body = json!({ "value": 4, "ballot": served["ballot"] });
    let rated = ada.api.put(&rating_path(photo), body).await.expect(200).json();
    assert_eq!((&rated["rating"]["value"], &rated["rating"]["mean"]), (&json!(4), &json!(3.0)));
    assert_eq!(rated["next"]["photo"].get("rating"), None);
    assert!(ada.pages.get(&format!("/photos/{photo}")).await.has(".opinion"));
    assert!(ada.pages.get(&format!("/?rated={photo}")).await.has("[data-feedback]"));
    let other = photos.iter().find(|other| **other != photo).expect("there are two");
    assert!(!ada.pages.get(&format!("/?rated={other}")).await.has("[data-feedback]"), "it is not rated yet");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_first_rating_creates_one_user_and_keeps_the_photo_on_the_page(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(5).await;
    let users: i64 = site.ask("select count(*) from users").await;
    let pages = site.visitor();
    pages.keep_key().await;
    let (photo, ballot) = pages.shown().await.expect("there is one");
    assert_eq!(site.ask::<i64>("select count(*) from users").await, users);

    // Somebody else's browser can't use the ballot.
    let form = [("value", "5"), ("ballot", ballot.as_str())];
    assert_eq!(site.visitor().post(&rating_path(photo), &form).await.status, 400);
    assert_eq!(site.ask::<i64>("select count(*) from users").await, users, "a refused rating makes nobody");

    // Two simultaneous presses are one rating by one user.
    let path = rating_path(photo);
    let (one, other) = tokio::join!(pages.post(&path, &form), pages.post(&path, &form));
    assert_eq!(one.location(), other.location());
    assert_eq!(site.ask::<i64>("select count(*) from users").await, users + 1);
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 1);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_rater_has_their_own_serving_order(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(30).await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(site.anonymous().await.api.rate_all(|_| 5).await);
    }
    for order in &orders {
        assert_eq!(order.iter().collect::<HashSet<_>>().len(), photos.len(), "each gets all of them");
        assert_ne!(*order, photos, "not in the order of ids");
        let rising = order.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((6..=23).contains(&rising), "neither rising nor falling: {order:?}");
    }
    assert!(orders[0] != orders[1] && orders[1] != orders[2] && orders[0] != orders[2]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn first_photos_are_spread_over_all_of_them(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(10).await;
    let mut firsts = HashSet::new();
    let mut lower_half = 0;
    for _ in 0..60 {
        let visitor = site.visitor();
        visitor.keep_key().await;
        let (photo, _) = visitor.shown().await.expect("there is one");
        firsts.insert(photo);
        lower_half += usize::from(photo <= photos[4]);
    }
    // Of 60 fair draws among ten, fewer than seven different ones or fewer than 11 in a half come once in 10^6 runs.
    assert!(firsts.len() >= 7, "{firsts:?}");
    assert!((11..=49).contains(&lower_half), "{lower_half} of 60 in the older half");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_that_appears_later_is_served_to_those_who_had_rated_all(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(2).await;
    let ada = site.member("ada").await;
    assert_eq!(ada.api.rate_all(|_| 5).await.len(), 2);
    assert!(ada.pages.shown().await.is_none());
    let late = site.photo().live().await;
    assert_eq!(ada.pages.shown().await.expect("it is new").0, late);
    let page = ada.pages.get(&format!("/photos/{late}")).await;
    assert!(page.has("input[name=ballot]"), "the photo on the rating page may be rated on its own page too");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn many_who_rate_at_once_each_see_every_photo_once(db: PgPool) {
    let site = Site::start(db).await;
    let raters: Vec<_> = stream::iter((0..30).map(|_| site.anonymous())).buffered(20).collect().await;
    // All of them, then what is new since, then nothing.
    for count in [12, 7, 0] {
        let photos = site.photos(count).await;
        let expected: HashSet<_> = photos.iter().copied().collect();
        for seen in join_all(raters.iter().map(|rater| rater.api.rate_all(|_| 5))).await {
            assert_eq!(seen.len(), photos.len(), "none comes twice: {seen:?}");
            assert_eq!(seen.into_iter().collect::<HashSet<_>>(), expected);
        }
    }
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn concurrent_raters_leave_histograms_that_equal_the_ratings(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(4).await;
    // More at once than web has connections, and not so many that one of them waits in vain for its turn.
    let at_once = 20;
    let raters: Vec<_> = stream::iter((0..50).map(|_| site.anonymous())).buffered(at_once).collect().await;
    let ratings = raters.iter().enumerate().flat_map(|(rater, person)| {
        let site = &site;
        photos.iter().enumerate().map(move |(place, photo)| async move {
            let value = i64::try_from((rater * 7 + place * 3) % 10 + 1).expect("it is small");
            site.rate(person, *photo, value).await;
        })
    });
    stream::iter(ratings).buffer_unordered(at_once).collect::<()>().await;
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 200);
    site.histograms_are_right().await;
    for photo in photos {
        let truth: f64 =
            site.ask_of("select avg(value)::float8 from ratings where photo_id = $1", photo).await;
        let rating = site.api().get(&format!("photos/{photo}")).await.expect(200).json()["rating"].take();
        assert_eq!(rating["count"], 50);
        assert!(
            (rating["mean"].as_f64().expect("a number") - truth).abs() < 1e-9,
            "{rating} against {truth}"
        );
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn one_raters_concurrent_requests_are_one_rating(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photos(3).await[0];
    let ada = site.member("ada").await;
    let ballot = &site.ballot(&ada, photo, NOW).await;
    let sent = (1..=10).map(|value| {
        let body = json!({ "value": value, "ballot": ballot });
        let api = ada.api.clone();
        async move { api.put(&rating_path(photo), body).await.status }
    });
    let statuses = futures::future::join_all(sent).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 400].contains(status)), "{statuses:?}");

    let replaced = (1..=10).map(|value| {
        let api = ada.api.clone();
        async move { api.put(&rating_path(photo), json!({ "value": value })).await.expect(200) }
    });
    futures::future::join_all(replaced).await;
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 1);
    let served = (0..10).map(|_| ada.api.get("rate/next"));
    let served: Vec<Value> = futures::future::join_all(served).await.iter().map(Answer::json).collect();
    assert!(
        served.windows(2).all(|pair| pair[0]["photo"]["id"] == pair[1]["photo"]["id"]),
        "all see the same photo"
    );
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn only_live_photos_can_be_rated(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let processing = site.photo().by(&bob).processing().await;
    let failed = site.photo().by(&bob).failed("No good.").await;
    let deleted = site.photo().by(&bob).live().await;
    site.rate(&ada, deleted, 5).await;
    bob.api.delete(&format!("photos/{deleted}"), Value::Null).await.expect(204);
    for photo in [processing, failed, deleted, 987_654_321] {
        let ballot = site.ballot(&ada, photo, NOW).await;
        ada.api.put(&rating_path(photo), json!({ "value": 5, "ballot": ballot })).await.error(404);
    }
    ada.api.get("rate/next").await.expect(204);
    assert_eq!(site.get("/").await.expect(200).texts("h1"), ["No animals here yet"]);
}
