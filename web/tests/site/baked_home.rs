//! The first page of a visitor whom the site doesn't know: from memory, with a photo to rate.

use std::collections::BTreeSet;

use pawdium_kit::relay::{Relay, Target};
use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use sqlx::PgPool;

use crate::harness::{Answer, Pages, SOON, Setup, Site, eventually, source};

/// The first page as a browser of that name sees it.
async fn first_page(pages: &Pages, agent: &str) -> Answer {
    Answer::to(pages.request(Method::GET, "/").header("user-agent", agent)).await.expect(200)
}

fn photo_on(page: &Answer) -> i64 {
    page.attribute("[data-photo]", "data-photo").parse().expect("an id")
}

/// Rates the photo of a page as a browser without scripts does.
async fn rate(pages: &Pages, page: &Answer, value: &str) -> Answer {
    let form = [("value", value.to_owned()), ("ballot", page.attribute("input[name=ballot]", "value"))];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    pages.post(&page.attribute("form[data-keys]", "action"), &form).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_visitor_rates_the_photo_of_a_baked_page_without_scripts(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(5).await;
    let users: i64 = site.ask("select count(*) from users").await;
    let visitor = site.visitor();
    let first = visitor.get("/").await.expect(200);
    assert_eq!((source(&first), first.header("cache-control")), ("MISS", "private, no-store"));
    assert!(!first.headers.contains_key("set-cookie"));
    let again = visitor.get("/").await.expect(200);
    assert_eq!(
        (source(&again), photo_on(&again)),
        ("HIT", photo_on(&first)),
        "the same photo after a reload"
    );
    assert_eq!(site.ask::<i64>("select count(*) from users").await, users, "looking makes no user");

    let rated = rate(&visitor, &again, "7").await;
    assert_eq!(rated.location(), format!("/?rated={}", photo_on(&first)));
    let next = visitor.get(rated.location()).await.expect(200);
    assert_eq!((source(&next), next.has(".feedback")), ("", true), "the visitor is somebody now");
    assert_ne!(photo_on(&next), photo_on(&first));
    assert_eq!(next.texts(".progress-line label"), ["1 of 5 rated"]);
    // The form sent again is the same rating of the same rater, also without the cookie.
    let twice = rate(&site.visitor(), &again, "7").await;
    assert_eq!(twice.location(), rated.location());
    assert_eq!(rate(&visitor, &again, "8").await.status, 400, "its ballot is used");
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 1);
    assert_eq!(site.ask::<i64>("select count(*) from users").await, users + 1);
    // Another answer of the same page is another visitor's.
    rate(&site.visitor(), &first, "3").await.location();
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 2);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn two_presses_at_once_are_one_rating_by_one_user(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(3).await;
    let users: i64 = site.ask("select count(*) from users").await;
    for round in 1..=8 {
        let visitor = site.visitor();
        let page = visitor.get("/").await.expect(200);
        let (one, other) = tokio::join!(rate(&visitor, &page, "5"), rate(&visitor, &page, "5"));
        assert_eq!(one.location(), other.location());
        assert_eq!(site.ask::<i64>("select count(*) from users").await, users + round);
        assert_eq!(site.ask::<i64>("select count(*) from ratings").await, round);
    }
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_first_page_counts_for_who_has_become_somebody_meanwhile(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(4).await;
    let ada = site.member("ada").await;
    let open = site.visitor().get("/").await.expect(200);
    rate(&ada.pages, &open, "6").await.location();
    let rater = "select rater_id from ratings where photo_id = $1";
    assert_eq!(site.ask_of::<i64>(rater, photo_on(&open)).await, ada.id);
    // Who has rated another page of the same visit is still one user.
    let visitor = site.visitor();
    let (tab, other) = (visitor.get("/").await.expect(200), visitor.get("/").await.expect(200));
    rate(&visitor, &tab, "4").await.location();
    rate(&visitor, &other, "5").await.location();
    let anonymous = "select count(*) from users where name is null and id in (select rater_id from ratings)";
    assert_eq!(site.ask::<i64>(anonymous).await, 1);
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 2, "the later one replaces the value");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn first_photos_differ_between_visitors_and_a_hidden_one_is_gone_at_once(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let photos = site.photos(10).await;
    let mallory = site.moderator("mallory").await;
    site.settle().await;
    let firsts = async || {
        let mut seen = BTreeSet::new();
        for number in 0..150 {
            let page = first_page(&site.visitor(), &format!("browser {number}")).await;
            assert!(!source(&page).is_empty());
            seen.insert(photo_on(&page));
        }
        seen
    };
    let seen = firsts().await;
    // Sixty-four draws among ten: fewer than seven different ones come once in a billion runs.
    assert!(seen.len() >= 7, "{seen:?}");
    let hidden = *seen.first().expect("there is one");
    let form = [("reason", "Not an animal")];
    mallory.pages.post(&format!("/photos/{hidden}/block"), &form).await.location();
    assert!(!firsts().await.contains(&hidden));
    assert!(photos.contains(&hidden));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_first_photo_of_a_site_is_shown_as_soon_as_it_is_live(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let empty = site.get("/").await.expect(200);
    assert_eq!((source(&empty), empty.texts("h1")), ("MISS", vec!["No animals here yet".to_owned()]));
    let photo = site.photo().titled("Blep").live().await;
    let page = eventually("it is shown", SOON, async || {
        let page = site.get("/").await.expect(200);
        page.has("[data-photo]").then_some(page)
    })
    .await;
    assert_eq!(photo_on(&page), photo);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_first_page_is_shown_while_postgres_is_away_and_a_rating_says_so(db: PgPool) {
    let options = db.connect_options();
    let relay = Relay::to(Target::postgres(&options)).await.expect("a port is free");
    let site = Setup::on(db).set("database.url", relay.url(&options).as_str()).start().await;
    site.photos(2).await;
    site.get("/").await.expect(200);
    relay.cut();
    let visitor = site.visitor();
    let page = eventually("it is an earlier one", SOON, async || {
        let page = visitor.get("/").await.expect(200);
        (source(&page) == "STALE").then_some(page)
    })
    .await;
    let refused = rate(&visitor, &page, "7").await.expect(503);
    assert!(refused.text().contains("Try again"), "{}", refused.text());
    relay.mend();
    eventually("the same form is taken", SOON, async || {
        (rate(&visitor, &page, "7").await.status == 303).then_some(())
    })
    .await;
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_next_picture_is_known_before_the_first_rating(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(6).await;
    let visitor = site.visitor();
    let page = visitor.get("/").await.expect(200);
    let ballot = page.attribute("input[name=ballot]", "value");
    let ahead = visitor.request(Method::GET, "/rate/ahead").header("pawdium-ballot", &ballot);
    let ahead = Answer::to(ahead).await.expect(200).json();
    let next = rate(&visitor, &page, "7").await.location().to_owned();
    let shown = visitor.get(&next).await.expect(200);
    assert_eq!(shown.attribute("img.full", "srcset"), ahead["srcset"], "the one that was said");
}
