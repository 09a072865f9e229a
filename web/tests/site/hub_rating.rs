//! Rating within a hub: its own walk, the same ballots.

use std::collections::HashSet;

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Pages, Person, Site};

/// A hub with that many live photos of its owner.
async fn filled(site: &Site, slug: &str, owner: &Person, count: usize) -> Vec<i64> {
    site.hub_of(slug, &[owner]).await;
    let mut photos = Vec::new();
    for _ in 0..count {
        photos.push(site.photo().by(owner).live().await);
        site.post(owner, slug, photos[photos.len() - 1]).await;
    }
    photos
}

/// The next photo of a hub and its ballot; `None` if all are rated.
async fn next(rater: &Person, slug: &str) -> Option<(i64, String)> {
    let answer = rater.api.get(&format!("hubs/{slug}/rate/next")).await;
    if answer.status == 204 {
        return None;
    }
    let next = answer.expect(200).json();
    assert!(next["photo"].get("rating").is_none(), "nobody is told the others' opinion first");
    Some((
        next["photo"]["id"].as_i64().expect("an id"),
        next["ballot"].as_str().expect("a ballot").to_owned(),
    ))
}

/// Rates photos of a hub until none is left. Returns them in the order of serving.
async fn rate_all(rater: &Person, slug: &str) -> Vec<i64> {
    let mut order = Vec::new();
    let mut shown = next(rater, slug).await;
    while let Some((photo, ballot)) = shown {
        assert!(!order.contains(&photo), "photo {photo} was served again after {order:?}");
        order.push(photo);
        let body = json!({ "value": 5, "ballot": ballot, "hub": slug });
        let rated = rater.api.put(&format!("photos/{photo}/rating"), body).await.expect(200).json();
        shown = next(rater, slug).await;
        assert_eq!(rated["next"]["photo"]["id"].as_i64(), shown.as_ref().map(|(photo, _)| *photo));
    }
    order
}

fn sorted(mut photos: Vec<i64>) -> Vec<i64> {
    photos.sort_unstable();
    photos
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn within_a_hub_each_photo_of_others_comes_once(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    let mut photos = filled(&site, "derps", &ada, 9).await;
    let hub = site.ask("select id from hubs where slug = 'derps'").await;
    site.give_role(hub, &bob, "member").await;
    let his = site.photo().by(&bob).live().await;
    site.post(&bob, "derps", his).await;
    let elsewhere = site.photos(4).await;
    assert_eq!(rate_all(&ada, "derps").await, [his], "own photos never come");
    let seen = rate_all(&bob, "derps").await;
    assert_eq!(sorted(seen.clone()), photos);
    photos.push(his);
    let hers = rate_all(&eve, "derps").await;
    assert_eq!(sorted(hers.clone()), sorted(photos));
    assert_ne!(seen, sorted(seen.clone()), "in the rater's own order");
    // On the whole site only the rest is left, because a rating counts for the photo everywhere.
    let rest = eve.api.rate_all(|_| 5).await;
    assert_eq!(sorted(rest), elsewhere);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_site_and_each_hub_keep_a_photo_of_their_own(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    filled(&site, "derps", &ada, 6).await;
    filled(&site, "sleepy", &ada, 6).await;
    let one = next(&bob, "derps").await.expect("there is one").0;
    let other = next(&bob, "sleepy").await.expect("there is one").0;
    let on_site = bob.api.get("rate/next").await.expect(200).json()["photo"]["id"].as_i64();
    for _ in 0..2 {
        assert_eq!(next(&bob, "derps").await.map(|shown| shown.0), Some(one));
        assert_eq!(next(&bob, "sleepy").await.map(|shown| shown.0), Some(other));
        assert_eq!(bob.api.get("rate/next").await.expect(200).json()["photo"]["id"].as_i64(), on_site);
    }
    let at_once = join_all((0..20).map(|turn| {
        let bob = &bob;
        async move { next(bob, if turn % 2 == 0 { "derps" } else { "sleepy" }).await.map(|shown| shown.0) }
    }))
    .await;
    assert_eq!(at_once.into_iter().flatten().collect::<HashSet<_>>(), HashSet::from([one, other]));
    // What is rated on the site is not shown in the hub any more.
    let (photo, ballot) = next(&bob, "derps").await.expect("there is one");
    let body = json!({ "value": 4, "ballot": ballot });
    bob.api.put(&format!("photos/{photo}/rating"), body).await.expect(200);
    assert_ne!(next(&bob, "derps").await.map(|shown| shown.0), Some(photo));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn photos_that_come_and_go_are_noticed(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    filled(&site, "derps", &ada, 3).await;
    assert_eq!(rate_all(&bob, "derps").await.len(), 3);
    assert_eq!(next(&bob, "derps").await, None);
    // One that is posted before it is live.
    let file = crate::harness::pictures::quarters(300, 300);
    let form = crate::harness::submission("Later", file).text("hubs", "derps");
    let later = ada.api.upload(form).await.expect(202).json()["id"].as_i64().expect("an id");
    assert_eq!(site.processed(later).await, "live");
    assert_eq!(next(&bob, "derps").await.map(|shown| shown.0), Some(later));
    // One that is removed from the hub while it is on the page, and comes back.
    let call = format!("hubs/derps/photos/{later}");
    ada.api.delete(&call, Value::Null).await.expect(204);
    assert_eq!(next(&bob, "derps").await, None);
    let more = site.photo().by(&ada).live().await;
    site.post(&ada, "derps", more).await;
    assert_eq!(next(&bob, "derps").await.map(|shown| shown.0), Some(more));
    ada.api.put(&call, Value::Null).await.expect(204);
    assert_eq!(next(&bob, "derps").await.map(|shown| shown.0), Some(more), "what is on the page stays");
    // One that is hidden while it is on the page.
    let mallory = site.moderator("mallory").await;
    let form = [("reason", "Not an animal")];
    assert_eq!(mallory.pages.post(&format!("/photos/{more}/block"), &form).await.status, 303);
    assert_eq!(rate_all(&bob, "derps").await, [later]);
    // One without a slot, which only the last search finds.
    let lost = site.photo().by(&ada).live().await;
    site.post(&ada, "derps", lost).await;
    site.change("update hub_photos set slot = null where photo_id = (select max(id) from photos)").await;
    assert_eq!(rate_all(&bob, "derps").await, [lost]);
}

/// The photo on a hub's rating page and its ballot.
async fn shown(pages: &Pages, slug: &str) -> Option<(i64, String)> {
    let page = pages.get(&format!("/h/{slug}/rate")).await.expect(200);
    page.has("[data-photo]").then(|| {
        assert_eq!(page.attribute("form[data-keys] input[name=hub]", "value"), slug);
        let photo = page.attribute("[data-photo]", "data-photo").parse().expect("an id");
        (photo, page.attribute("input[name=ballot]", "value"))
    })
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_visitor_rates_a_hub_to_its_end_and_is_led_back(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photos = filled(&site, "derps", &ada, 4).await;
    site.photos(2).await;
    let pages = site.visitor();
    // From here on the site knows the visitor, who gets a photo of their own instead of the one for everybody.
    shown(&pages, "derps").await.expect("there is one in the hub");
    let pinned = pages.shown().await.expect("there is one on the site").0;
    let mut seen = Vec::new();
    while let Some((photo, ballot)) = shown(&pages, "derps").await {
        assert_eq!(shown(&pages, "derps").await.map(|shown| shown.0), Some(photo), "it stays");
        let ahead = pages.get("/rate/ahead?hub=derps").await;
        assert_eq!(ahead.status, if seen.len() < 3 { 200 } else { 204 });
        seen.push(photo);
        let form = [("value", "7"), ("ballot", ballot.as_str()), ("from", "rate"), ("hub", "derps")];
        let next = pages.post(&format!("/photos/{photo}/rating"), &form).await.location().to_owned();
        assert_eq!(next, format!("/h/derps/rate?rated={photo}"));
        assert!(pages.get(&next).await.expect(200).has("[data-feedback]"));
    }
    assert_eq!(sorted(seen.clone()), photos);
    assert_eq!(site.ask::<i64>("select count(*) from users where name is null").await, 1);
    let end = pages.get("/h/derps/rate").await.expect(200);
    assert_eq!(end.texts("h1"), ["You've rated them all"]);
    assert_eq!(end.attribute(".stage-empty .button", "href"), "/h/derps");
    assert!(end.text().contains("4 photos in derps"), "{}", end.text());
    if !seen.contains(&pinned) {
        assert_eq!(pages.shown().await.map(|shown| shown.0), Some(pinned), "the site's photo stays pinned");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_part_for_the_script_goes_on_within_the_hub(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photos = filled(&site, "derps", &ada, 3).await;
    site.photos(5).await;
    let (photo, ballot) = shown(&bob.pages, "derps").await.expect("there is one");
    let send = async |value: &str| {
        let form = [("value", value), ("ballot", ballot.as_str()), ("hub", "derps")];
        let part = bob.pages.own(&format!("/photos/{photo}/rating")).header("pawdium-part", "rate");
        Answer::to(part.form(&form)).await
    };
    let refused = send("11").await.expect(400);
    assert_eq!(refused.attribute("[data-photo]", "data-photo"), photo.to_string());
    let part = send("7").await.expect(200);
    let next: i64 = part.attribute("[data-photo]", "data-photo").parse().expect("an id");
    assert!(next != photo && photos.contains(&next));
    assert_eq!(part.attribute("input[name=hub]", "value"), "derps");
    assert_eq!(part.texts("label[for=rated]"), ["1 of 3 rated"]);
    assert_eq!(part.attribute(".stage-title .eyebrow a[href^='/h/']", "href"), "/h/derps");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_rating_stands_though_the_hub_cant_be_seen_any_more(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    filled(&site, "derps", &ada, 3).await;
    let hub = site.ask("select id from hubs where slug = 'derps'").await;
    let (photo, ballot) = shown(&bob.pages, "derps").await.expect("there is one");
    site.make_private(hub).await;
    let form = [("value", "7"), ("ballot", ballot.as_str()), ("hub", "derps")];
    let next = bob.pages.post(&format!("/photos/{photo}/rating"), &form).await.location().to_owned();
    assert_eq!(next, format!("/?rated={photo}"));
    bob.api.get("hubs/derps/rate/next").await.error(404);
    assert_eq!(bob.pages.get("/rate/ahead?hub=derps").await.status, 200, "the site's");
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 1);
    site.api().get("hubs/derps/rate/next").await.error(401);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_photo_on_a_hubs_rating_page_can_be_rated_on_its_own_page(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photos = filled(&site, "derps", &ada, 3).await;
    let (photo, _) = next(&bob, "derps").await.expect("there is one");
    for other in photos {
        let page = bob.pages.get(&format!("/photos/{other}")).await.expect(200);
        assert_eq!(page.has("form[data-keys]"), other == photo);
    }
}
