//! Remixes of photos that moderators take away: moderators look at them, too.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, SOON, Setup, Site, eventually};
use crate::remixes::{published, remix};

/// A photo of ada's and remixes of it: whole, and with a crop of its own.
async fn stage(db: PgPool) -> (Site, Person, i64, [i64; 2]) {
    let site = Setup::on(db).worker().start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let parent = site.photo().by(&ada).titled("The first").live().await;
    let whole = published(&site, &bob, parent, json!({ "title": "Whole" })).await;
    let cropped = published(&site, &bob, parent, json!({ "title": "Close", "crop": "100,100,400" })).await;
    (site, bob, parent, [whole, cropped])
}

async fn cases(site: &Site) -> Vec<i64> {
    let cases = "select coalesce(array_agg(thing_id order by thing_id), '{}') from cases
                 where state = 'open' and about = 'photo'";
    site.ask(cases).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn taking_a_photo_away_opens_a_case_about_each_live_remix(db: PgPool) {
    let (site, bob, parent, remixes) = stage(db).await;
    let mo = site.moderator("mo").await;
    site.verify(&mo).await;
    let unpublished = remix(&bob, parent, json!({ "title": "Later" })).await.expect(202).json();
    let unpublished = unpublished["id"].as_i64().expect("an id");
    site.photo().by(&bob).titled("Another").live().await;
    bob.flag(&format!("photos/{parent}")).await;
    let case = site.open_case().await;
    let page = mo.pages.get(&format!("/moderation/review/{case}")).await.expect(200);
    assert!(page.texts(".case-thing").concat().contains("2 live photos were made from this one"));
    // One that a sanction of its owner hides comes back by itself.
    site.change("update photos set state = 'hidden' where title = 'Close'").await;
    mo.judge(case, "delete", "Not an animal").await.location();
    site.settle().await;
    assert_eq!(cases(&site).await, remixes);
    let case: i64 =
        site.ask_of("select id from cases where state = 'open' and thing_id = $1", remixes[0]).await;
    let page = mo.pages.get(&format!("/moderation/review/{case}")).await.expect(200);
    let thing = page.texts(".case-thing").concat();
    assert!(thing.contains("It was made from “The first”, which moderators have taken away"), "{thing}");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mail = eventually("the mail arrives", SOON, async || {
        let says = "A photo was made from one that moderators have taken away.";
        site.letters().into_iter().find(|letter| words(&letter.text).contains(says))
    })
    .await;
    assert_eq!(mail.to, "mo@example.org");

    // A draft that is published afterwards is looked at, too, and judged ones aren't opened again.
    mo.judge(case, "dismiss", "").await.location();
    bob.api.post(&format!("photos/{unpublished}/publish"), Value::Null).await.expect(200);
    assert_eq!(site.processed(unpublished).await, "live");
    site.settle().await;
    assert_eq!(cases(&site).await, [remixes[1], unpublished]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_remix_that_is_taken_away_and_what_owners_delete_open_no_case(db: PgPool) {
    let (site, bob, parent, remixes) = stage(db).await;
    let (eve, mo) = (site.member("eve").await, site.moderator("mo").await);
    let deep = published(&site, &eve, remixes[0], json!({ "title": "Deep" })).await;
    mo.pages.post(&format!("/photos/{}/block", remixes[1]), &[("reason", "No animal")]).await.location();
    bob.api.delete(&format!("photos/{}", remixes[0]), Value::Null).await.expect(204);
    site.settle().await;
    assert_eq!(cases(&site).await, Vec::<i64>::new());
    // What was made from a remix was made from its parent, too.
    mo.api.delete(&format!("photos/{parent}"), Value::Null).await.expect(204);
    site.settle().await;
    assert_eq!(cases(&site).await, [deep]);
}
