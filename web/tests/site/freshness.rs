//! Cache freshness: once an act's jobs are done, every cached page matches the database.

use pawdium_shared::db::{MIGRATIONS, Tx};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::ranking::{RecountRatings, RefreshRanks, RefreshVirality};
use pawdium_shared::jobs::topics::RelateTopics;
use pawdium_shared::photos::Tags;
use pawdium_shared::topics;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, OwnRedis, Person, Setup, Site};

/// A site whose cache can be emptied.
struct Watched {
    site: Site,
    redis: OwnRedis,
    photos: Vec<i64>,
    /// A moderator, who reads comments.
    reader: Person,
}

impl Watched {
    /// All that is cached, as the API shows it, and how many photos there are to rate.
    async fn read(&self) -> Vec<(String, Value)> {
        let mut paths: Vec<_> = self.photos.iter().map(|photo| format!("photos/{photo}")).collect();
        paths.extend(
            [
                "top",
                "top?species=cat",
                "top?species=dog",
                "top?period=day&limit=2&page=2",
                "trending",
                "trending?limit=1",
                "trending?species=cat",
                "trending?species=dog",
                "new",
                "new?species=cat",
                "new?species=dog&limit=1",
                "hubs?q=cats",
                "hubs/cats/photos",
                "hubs/cats/photos?limit=1&page=2",
                "hubs/cats/top",
                "topics",
                "topics?sort=name&limit=1",
                "topics/tongue",
                "topics/tongue?sort=top&limit=2",
                "topics/sofa?with=tongue",
                "topics/loaf",
                "topics/naps",
                "sections",
                "search?q=sofa&in=topics,photos",
                "hubs/cats/top?limit=1&page=2",
            ]
            .map(str::to_owned),
        );
        let mut shown = Vec::new();
        for path in paths {
            let answer = self.site.api().get(&path).await;
            // A topic that was renamed or merged redirects, without a body.
            let mut said =
                if answer.status == 308 { json!(answer.header("location")) } else { answer.json() };
            still(&mut said);
            shown.push((path, said));
        }
        // Who says so waits for a baked page to be current.
        let current = async |path: &str| {
            let request = self.site.visitor().request(Method::GET, path).header("cache-control", "no-cache");
            Answer::to(request).await.expect(200)
        };
        let page = current("/").await;
        shown.push(("/".to_owned(), json!(page.texts("label[for=rated]"))));
        for photo in &self.photos {
            // Of a photo that is gone there is nothing to read.
            let page = self.reader.pages.get(&format!("/photos/{photo}/comments")).await;
            shown.push((format!("comments on {photo}"), json!(page.texts(".comment-count, .comment-text"))));
        }
        let talks = current("/h/cats/talks").await;
        shown.push(("/h/cats/talks".to_owned(), json!(talks.texts(".call-card"))));
        shown
    }

    /// Fills the cache, has something done, and compares.
    async fn check(&self, what: &str, act: impl AsyncFnOnce()) {
        let before = self.read().await;
        act().await;
        self.site.settle().await;
        let cached = self.read().await;
        self.redis.flush().await;
        let computed = self.read().await;
        for ((path, cached), (_, computed)) in cached.iter().zip(&computed) {
            assert_eq!(cached, computed, "{path} after {what}");
        }
        assert_ne!(before, cached, "{what} changes something that is shown");
    }
}

/// Removes virality, which decays by itself.
fn still(shown: &mut Value) {
    match shown {
        Value::Object(fields) => {
            if let Some(virality) = fields.get_mut("virality") {
                *virality = json!(format!("{:.1}", virality.as_f64().unwrap_or_default()));
            }
            fields.values_mut().for_each(still);
        }
        Value::Array(items) => items.iter_mut().for_each(still),
        _ => {}
    }
}

async fn share(site: &Site, sharer: &Person, photo: i64) {
    let link = sharer.api.post(&format!("photos/{photo}/shares"), Value::Null).await.expect(201).json();
    let code = link["url"].as_str().and_then(|url| url.rsplit('/').next()).expect("a code").to_owned();
    site.get(&format!("/s/{code}")).await.expect(200);
    site.run(RefreshVirality {}).await;
}

async fn tag(site: &Site, photo: i64, tags: &str) {
    let mut tx = Tx::begin(&site.db).await.expect("a transaction");
    topics::set(&mut tx, PhotoId(photo), &Tags::new(tags).expect("tags")).await.expect("they are set");
    tx.commit().await.expect("it is committed");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn cached_pages_match_the_database(db: PgPool) {
    let redis = OwnRedis::start().await;
    let site = Setup::on(db).set("redis.url", &redis.url()).worker().start().await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    let mallory = site.moderator("mallory").await;
    let mut photos = Vec::new();
    for (owner, species) in [(&ada, "cat"), (&ada, "dog"), (&bob, "cat"), (&bob, "dog"), (&bob, "cat")] {
        photos.push(site.photo().by(owner).species(species).live().await);
    }
    let [a, b, c, d, e] = photos[..] else { panic!("five photos") };
    site.hub(&ada, "cats").await;
    for (owner, photo) in [(&ada, a), (&bob, c)] {
        bob.api.put("hubs/cats/roles/member", Value::Null).await.expect(204);
        site.post(owner, "cats", photo).await;
    }
    site.settle().await;
    let reader = site.moderator("reader").await;
    let watched = Watched { site, redis, photos, reader };
    let site = &watched.site;

    watched.check("a rating", async || site.rate(&eve, a, 9).await).await;
    watched.check("a first ranking", async || site.run(RefreshRanks {}).await).await;
    watched.check("a share", async || share(site, &eve, a).await).await;
    watched.check("another share", async || share(site, &eve, c).await).await;
    watched.check("another rating", async || site.rate(&eve, a, 2).await).await;
    watched.check("moved ranks", async || site.run(RefreshRanks {}).await).await;
    watched
        .check("another name", async || {
            bob.api.patch("users/me", json!({ "name": "robert" })).await.expect(200);
        })
        .await;
    watched
        .check("a new photo", async || {
            site.photo().by(&ada).live().await;
        })
        .await;
    watched
        .check("another title and species", async || {
            let body = json!({ "title": "Not a dog", "species": "cat", "tags": "loaf" });
            bob.api.patch(&format!("photos/{d}"), body).await.expect(200);
        })
        .await;
    watched
        .check("a new crop", async || {
            bob.api.patch(&format!("photos/{c}"), json!({ "crop": "0,0,500" })).await.expect(200);
        })
        .await;
    watched
        .check("an earlier revision", async || {
            bob.api.post(&format!("photos/{c}/revisions/1/restore"), Value::Null).await.expect(200);
        })
        .await;
    watched.check("a photo in a hub", async || site.post(&ada, "cats", b).await).await;
    watched
        .check("a photo that is removed from a hub", async || {
            drop(ada.api.delete(&format!("hubs/cats/photos/{a}"), Value::Null).await.expect(204));
        })
        .await;
    watched.check("tags", async || tag(site, a, "Loaf, tongue").await).await;
    watched
        .check("a section", async || {
            let form = [("name", "Things"), ("topics", "sofa, loaf")];
            mallory.pages.post("/moderation/topics/sections", &form).await.location();
        })
        .await;
    watched
        .check("a merge of topics", async || {
            let form = [("topic", "loaf"), ("to", "sofa")];
            mallory.pages.post("/moderation/topics/merge", &form).await.location();
        })
        .await;
    watched
        .check("another name of a topic", async || {
            let form = [("topic", "sofa"), ("to", "Couch")];
            mallory.pages.post("/moderation/topics/rename", &form).await.location();
        })
        .await;
    watched
        .check("a banned topic", async || {
            mallory.pages.post("/moderation/topics/ban", &[("topic", "tongue")]).await.location();
        })
        .await;
    watched
        .check("an act that is undone", async || {
            let act: i64 = site.ask("select max(id) from topic_acts").await;
            mallory.pages.post(&format!("/moderation/topics/acts/{act}/undo"), &[]).await.location();
        })
        .await;
    watched
        .check("photos with the same two tags", async || {
            tag(site, c, "naps, yawn").await;
            tag(site, d, "naps, yawn").await;
        })
        .await;
    watched.check("related topics", async || site.run(RelateTopics {}).await).await;
    let mut comment = 0;
    watched.check("a comment", async || comment = eve.comment(a, "What a blep.").await).await;
    watched
        .check("an edited comment", async || {
            let text = json!({ "text": "What a bork." });
            eve.api.patch(&format!("comments/{comment}"), text).await.expect(200);
        })
        .await;
    watched
        .check("a deleted comment", async || {
            drop(eve.api.delete(&format!("comments/{comment}"), Value::Null).await.expect(200));
        })
        .await;
    eve.comment(c, "And here.").await;
    let (mut call, mut talk) = (0, 0);
    watched
        .check("a call", async || call = site.open_call(&ada, "cats", json!({ "voters": "members" })).await)
        .await;
    watched.check("a talk", async || talk = bob.pitch(call, "Naps").await).await;
    watched
        .check("a vote that is closed", async || {
            ada.move_to(call, "voting").await;
            ada.vote(talk).await.expect(200);
            ada.move_to(call, "closed").await;
        })
        .await;
    watched
        .check("a stargazer", async || {
            eve.api.put("hubs/cats/roles/stargazer", Value::Null).await.expect(204);
        })
        .await;
    let drift = "update photo_stats set histogram[5] = histogram[5] + 1
                 where photo_id = (select min(id) from photos)";
    site.change(drift).await;
    watched.redis.flush().await;
    watched.check("a histogram that had drifted", async || site.run(RecountRatings {}).await).await;
    watched
        .check("a deletion", async || {
            drop(ada.api.delete(&format!("photos/{b}"), Value::Null).await.expect(204));
        })
        .await;
    watched.check("ranks after a deletion", async || site.run(RefreshRanks {}).await).await;
    watched
        .check("a block", async || {
            let form = [("reason", "Not an animal")];
            let blocked = mallory.pages.post(&format!("/photos/{d}/block"), &form).await;
            assert_eq!(blocked.status, 303);
        })
        .await;
    let visitor = site.anonymous().await;
    site.rate(&visitor, e, 7).await;
    site.settle().await;
    watched
        .check("somebody who logs in and has rated before", async || {
            site.rate(&eve, e, 3).await;
            let body = json!({ "email": "eve@example.org", "password": crate::harness::PASSWORD });
            visitor.api.post("tokens", body).await.expect(201);
        })
        .await;
    watched
        .check("a rater who leaves", async || {
            let body = json!({ "password": crate::harness::PASSWORD });
            eve.api.delete("users/me", body).await.expect(204);
        })
        .await;
    watched
        .check("a member who leaves", async || {
            let body = json!({ "password": crate::harness::PASSWORD });
            bob.api.delete("users/me", body).await.expect(204);
        })
        .await;
}
