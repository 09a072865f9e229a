//! Reports through the API: who may report what, and what is refused.

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Setup, Site};

/// A photo of ada's with a comment of hers, her hub with a talk of hers, and bob, who has rated the photo.
struct Stage {
    site: Site,
    ada: Person,
    bob: Person,
    hub: i64,
    things: Vec<String>,
}

impl Stage {
    async fn set(site: Site) -> Self {
        let (ada, bob) = (site.member("ada").await, site.member("bob").await);
        let photo = site.photo().by(&ada).titled("Blep").live().await;
        site.rated_by(photo, &[&bob]).await;
        let comment = ada.comment(photo, "Mine.").await;
        let hub = site.hub_of("cats", &[&ada]).await;
        let call = site.open_call(&ada, "cats", json!({})).await;
        let talk = ada.pitch(call, "On bleps").await;
        let things = vec![
            format!("photos/{photo}"),
            format!("comments/{comment}"),
            format!("talks/{talk}"),
            "hubs/cats".to_owned(),
            "users/ada".to_owned(),
        ];
        Self { site, ada, bob, hub, things }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn each_kind_of_thing_is_reported_once_by_each_member(db: PgPool) {
    let Stage { site, ada, bob, things, .. } = Stage::set(Site::start(db).await).await;
    let cleo = site.member("cleo").await;
    for what in &things {
        let body = json!({ "category": "hurtful", "text": "It made me cry." });
        let first = bob.report(what, body).await.expect(201).json();
        assert_eq!(first.as_object().map(serde_json::Map::len), Some(1), "{first}");
        let again =
            bob.report(what, json!({ "category": "other", "text": "Again." })).await.expect(200).json();
        assert_eq!(again, first, "{what}");
        let (message, field) = ada.report(what, json!({ "category": "spam" })).await.error(403);
        assert!(message.contains("of your own") && field.is_none(), "{message}");
        site.api().post(&format!("{what}/reports"), json!({ "category": "spam" })).await.error(401);
        let anonymous = site.anonymous().await;
        anonymous.report(what, json!({ "category": "spam" })).await.error(403);
    }
    // Who can't read a comment can't report it.
    cleo.report(&things[1], json!({ "category": "spam" })).await.error(404);
    assert_ne!(cleo.flag(&things[0]).await, 0);
    assert_eq!(
        site.ask::<String>("select string_agg(concat(about, ' ', reports), ', ' order by id) from cases")
            .await,
        "photo 2, comment 1, talk 1, hub 1, member 1"
    );
    let kept: String = site.ask("select concat(category, ' ', text) from reports order by id limit 1").await;
    assert_eq!(kept, "hurtful It made me cry.");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn forged_categories_and_texts_are_refused_with_their_field(db: PgPool) {
    let Stage { site, bob, things, .. } = Stage::set(Site::start(db).await).await;
    for what in &things {
        for (body, field) in [
            (json!({}), Some("category")),
            (json!({ "category": null }), Some("category")),
            (json!({ "category": "Spam" }), Some("category")),
            (json!({ "category": "spam\0" }), Some("category")),
            (json!({ "category": "not_an_animal" }), Some("category")),
            (json!({ "category": "spam", "text": "a\0b" }), Some("text")),
            (json!({ "category": "spam", "text": "\u{1b}[31m" }), Some("text")),
            (json!({ "category": "spam", "text": "ä".repeat(1001) }), Some("text")),
            (json!({ "category": 7 }), Some("category")),
            (json!({ "category": "spam", "weight": 9 }), Some("weight")),
            (json!([]), None),
        ] {
            let (message, named) = bob.report(what, body.clone()).await.error(400);
            assert!(named.as_deref() == field || named.is_none(), "{body}: {named:?} {message}");
            assert!(
                named.is_some() || field.is_none() || message.contains(field.unwrap_or_default()),
                "{message}"
            );
        }
    }
    assert_eq!(site.ask::<i64>("select count(*) from reports").await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from cases").await, 0);
    let longest = format!("  {}\n", "ä".repeat(1000));
    bob.report(&things[0], json!({ "category": "not-an-animal", "text": longest })).await.expect(201);
    assert_eq!(site.ask::<i32>("select length(text) from reports").await, 1000);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_nobody_may_see_cant_be_reported(db: PgPool) {
    let Stage { site, ada, bob, hub, things } = Stage::set(Site::start(db).await).await;
    for gone in
        ["photos/999", "photos/x", "comments/999", "talks/999", "hubs/dogs", "users/nobody-1", "users/%00"]
    {
        bob.report(gone, json!({ "category": "spam" })).await.error(404);
    }
    // A private hub and its talks don't exist for others, and a wrong body doesn't tell either.
    site.make_private(hub).await;
    for hidden in [&things[2], &things[3]] {
        bob.report(hidden, json!({ "category": "spam" })).await.error(404);
        bob.report(hidden, json!({ "category": "nonsense" })).await.error(404);
        bob.pages.get(&format!("/{}/report", hidden.replace("hubs/", "h/"))).await.expect(404);
    }
    let draft = site.photo().by(&ada).processing().await;
    bob.report(&format!("photos/{draft}"), json!({ "category": "spam" })).await.error(404);
    ada.api.delete(&things[0], Value::Null).await.expect(204);
    bob.report(&things[0], json!({ "category": "spam" })).await.error(404);
    bob.report(&things[1], json!({ "category": "spam" })).await.error(404);
    assert_eq!(site.ask::<i64>("select count(*) from cases").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_former_slug_of_a_hub_leads_to_the_current_one(db: PgPool) {
    let Stage { ada, bob, site: _site, .. } = Stage::set(Site::start(db).await).await;
    ada.api.patch("hubs/cats", json!({ "slug": "all-cats" })).await.expect(200);
    let moved = bob.report("hubs/cats", json!({ "category": "spam" })).await.expect(308);
    assert_eq!(moved.header("location"), "/api/v1/hubs/all-cats/reports");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_member_reports_ten_things_an_hour_and_the_same_again_is_none(db: PgPool) {
    let site = Setup::on(db).set("security.reports_per_hour", "10").start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mut photos = Vec::new();
    for number in 0..12 {
        photos.push(site.photo().by(&ada).titled(&format!("Cat {number}")).live().await);
    }
    for photo in &photos[..10] {
        bob.flag(&format!("photos/{photo}")).await;
    }
    let eleventh = format!("photos/{}", photos[10]);
    let refused = bob.report(&eleventh, json!({ "category": "spam" })).await.expect(429);
    let wait: i64 = refused.header("retry-after").parse().expect("seconds");
    assert!((3500..=3601).contains(&wait), "{wait}");
    bob.report(&format!("photos/{}", photos[0]), json!({ "category": "spam" })).await.expect(200);
    // It slides: when the first is an hour old, there is room for one more.
    site.change("update reports set created_at = created_at - interval '1 hour' where id = (select min(id) from reports)")
        .await;
    bob.flag(&eleventh).await;
    bob.report(&format!("photos/{}", photos[11]), json!({ "category": "spam" })).await.expect(429);
    assert_eq!(site.ask::<i64>("select count(*) from reports").await, 11);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn reports_at_the_same_time_are_one_case_and_one_report_of_each(db: PgPool) {
    // Enough of them would hide the photo from the others.
    let site = Setup::on(db).set("security.reports_to_hide", "0").start().await;
    let Stage { site, things, .. } = Stage::set(site).await;
    let crowd = site.crowd("witness", 6).await;
    let what = &things[0];
    let body = || json!({ "category": "illegal" });
    let twice = crowd.iter().chain(&crowd).map(|one| one.report(what, body()));
    let answers = join_all(twice).await;
    let new = answers.iter().filter(|answer| answer.status == 201).count();
    let others: Vec<_> = answers.iter().filter(|answer| !matches!(answer.status, 200 | 201)).collect();
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(new, 6);
    let counted: String = site
        .ask("select concat(count(*), ' ', sum(reports), ' ', sum(weight) = (select sum(weight) from reports)) from cases")
        .await;
    assert_eq!(counted, "1 6 t");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ten_at_the_same_time_dont_get_around_the_limit(db: PgPool) {
    let site = Setup::on(db).set("security.reports_per_hour", "3").start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mut photos = Vec::new();
    for number in 0..8 {
        photos.push(site.photo().by(&ada).titled(&format!("Cat {number}")).live().await);
    }
    let answers = join_all(photos.iter().map(|photo| {
        let (bob, photo) = (&bob, *photo);
        async move { bob.report(&format!("photos/{photo}"), json!({ "category": "spam" })).await.status }
    }))
    .await;
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 3);
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 5);
}
