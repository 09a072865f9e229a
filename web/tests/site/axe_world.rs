//! A site with something in every state, for the walk through its pages.

use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::admin_jobs::dead;
use super::imports;
use crate::harness::{Person, Setup, Site, submission};

/// Paths as a list of texts.
pub(super) fn paths<const N: usize>(paths: [&str; N]) -> Vec<String> {
    paths.map(str::to_owned).to_vec()
}

/// A site with something in every state.
pub(super) struct World {
    pub(super) site: Site,
    pub(super) ada: Person,
    pub(super) bob: Person,
    pub(super) mo: Person,
    pub(super) root: Person,
    /// A live photo of Ada's, which Bob has rated.
    pub(super) photo: i64,
    /// Pages of calls in each phase but the first.
    pub(super) talks: Vec<String>,
}

impl World {
    pub(super) async fn new(db: PgPool) -> Self {
        let site = Setup::on(db).demo().worker().start().await;
        let (ada, bob) = (site.member("ada").await, site.member("bob").await);
        let (mo, root) = (site.moderator("mo").await, site.admin("root").await);
        let photo = site.photo().by(&ada).live().await;
        let mut world = Self { photo, site, ada, bob, mo, root, talks: Vec::new() };
        world.fill_hubs().await;
        world.fill_talks().await;
        world.fill_photos().await;
        imports::import_all_kinds(&world.bob).await;
        world
    }

    async fn fill_hubs(&self) {
        let Self { site, ada, bob, .. } = self;
        for (slug, settings) in [
            ("cats", json!({ "join": "request", "summary": "All of them." })),
            ("bare", json!({})),
            ("old", json!({})),
            ("idle", json!({})),
            ("secret", json!({ "visibility": "private" })),
        ] {
            site.hub_with(ada, slug, settings).await;
        }
        bob.api.put("hubs/cats/roles/member", Value::Null).await.expect(202);
        bob.api.put("hubs/idle/roles/member", Value::Null).await.expect(204);
        bob.api.put("hubs/cats/roles/subscriber", Value::Null).await.expect(204);
        site.change("delete from widgets using hubs where hubs.id = hub_id and slug in ('cats', 'bare')")
            .await;
        for kind in site.kinds_for("hubs").await {
            let column = if kind["columns"] == "right" { "right" } else { "left" };
            let config = match kind["kind"].as_str() {
                Some("sticky-note" | "about" | "rules") => json!({ "text": "Hello **there**, [all](/top)." }),
                Some("links") => json!({ "links": "Cats https://example.org/cats" }),
                _ => json!({}),
            };
            let body = json!({ "kind": kind["kind"], "column": column, "config": config });
            ada.api.post("hubs/cats/widgets", body).await.expect(201);
        }
        for photo in [self.photo, site.photo().by(ada).live().await] {
            site.post(ada, "cats", photo).await;
        }
        site.change("update hubs set active_at = now() - interval '40 days' where slug = 'idle'").await;
        site.change("update widgets set kind = 'nobody-knows' from hubs where hubs.id = hub_id and slug = 'idle' and kind = 'numbers'")
            .await;
        ada.api.patch("hubs/old", json!({ "archived": true })).await.expect(200);
    }

    /// Calls in each phase, which Bob has voted in. Calls of `bare` stay empty.
    async fn fill_talks(&mut self) {
        let Self { site, ada, bob, .. } = &*self;
        bob.api.put("hubs/idle/roles/member", Value::Null).await.expect(204);
        let authors = site.crowd("author", 2).await;
        site.join("idle", &authors.iter().collect::<Vec<_>>()).await;
        let mut talks = Vec::new();
        for phase in ["pitch", "voting", "closed", "announced"] {
            let settings = json!({ "title": format!("Talks in {phase}"), "voters": "members", "votes_each": 2, "text": "Five *minutes*." });
            let call = site.open_call(ada, "idle", settings).await;
            let mut first = 0;
            for (number, person) in [&authors[0], &authors[1], ada, bob].into_iter().enumerate() {
                first = person.pitch(call, &format!("Talk {number}")).await;
            }
            talks.extend([format!("/calls/{call}"), format!("/talks/{first}")]);
            if phase == "pitch" {
                continue;
            }
            ada.move_to(call, "voting").await;
            bob.vote(first - 1).await.expect(200);
            if phase == "voting" {
                continue;
            }
            ada.move_to(call, "closed").await;
            talks.extend([format!("/calls/{call}/results"), format!("/calls/{call}/receipt")]);
            if phase == "announced" {
                ada.move_to(call, "announced").await;
            }
        }
        site.call(ada, "idle", json!({ "title": "Talks in draft" })).await;
        site.open_call(ada, "bare", json!({ "title": "Nothing yet" })).await;
        self.talks = talks;
    }

    /// Pages that only owners of a call see, and those of members who pitch.
    pub(super) fn calls(&self) -> Vec<String> {
        let calls: Vec<_> = self
            .talks
            .iter()
            .filter(|path| path.matches('/').count() == 2 && path.starts_with("/calls"))
            .collect();
        let [pitch, voting, ..] = calls[..] else { panic!("{calls:?}") };
        vec![
            format!("{pitch}/pitch"),
            format!("{pitch}/edit"),
            format!("{voting}/edit"),
            format!("{voting}/dashboard"),
            format!("{voting}/dashboard?talk={}", self.talks[3].trim_start_matches("/talks/")),
        ]
    }

    async fn fill_photos(&self) {
        let Self { site, bob, root, .. } = self;
        for (number, other) in (1..).zip(site.photos(6).await) {
            site.rate(bob, other, number).await;
        }
        site.rate(bob, self.photo, 9).await;
        self.fill_comments().await;
        root.api.post(&format!("photos/{}/shares", self.photo), Value::Null).await.expect(201);
        let blocked = site.photo().by(bob).live().await;
        root.pages.post(&format!("/photos/{blocked}/block"), &[("reason", "Not an animal")]).await.location();
        site.photo().by(bob).failed("It is not a picture.").await;
        let form = submission("Not yet", crate::harness::pictures::quarters(640, 480)).text("draft", "true");
        bob.api.upload(form).await.expect(202);
        site.settle().await;
        dead(site, "mail.send.v1", 900, 3, "550 not here").await;
        site.run(RefreshRanks {}).await;
        site.run(RefreshVirality {}).await;
    }

    /// A thread, and a comment that waits because three accounts have written it.
    async fn fill_comments(&self) {
        let Self { ada, bob, root, photo, .. } = self;
        let first = bob.comment(*photo, "So derpy: https://example.org/blep").await;
        ada.reply(*photo, first, "Thank you!").await;
        for person in [ada, root, bob] {
            person.comment(*photo, "Three say this.").await;
        }
        bob.pages.post("/settings/blocked", &[("name", "root"), ("act", "block")]).await.location();
        bob.flag("users/root").await;
        bob.flag("hubs/cats").await;
        bob.report(&format!("photos/{photo}"), json!({ "category": "stolen", "text": "Mine." }))
            .await
            .expect(201);
        let warning = [("kind", "warn"), ("reason", "The same text everywhere")];
        root.pages.post("/moderation/members/bob/sanctions", &warning).await.location();
    }

    /// The photos of a state.
    pub(super) async fn photos(&self, state: &'static str) -> Vec<String> {
        let found: Vec<i64> =
            sqlx::query_scalar("select id from photos where state = $1 order by id limit 1")
                .bind(state)
                .fetch_all(&self.site.db)
                .await
                .expect("a list");
        assert!(!found.is_empty(), "no photo is {state}");
        found.into_iter().map(|photo| format!("/photos/{photo}")).collect()
    }

    pub(super) fn for_everybody(&self) -> Vec<String> {
        let mut all = paths([
            "/",
            "/trending",
            "/top",
            "/top?period=week&species=horse",
            "/new?species=cat",
            "/search",
            "/search?q=cat",
            "/search?q=cat&in=photos",
            "/search?q=xyzzy",
            "/hubs",
            "/hubs?q=xyzzy",
            "/h/cats",
            "/h/cats/photos",
            "/h/cats/top",
            "/h/cats/topics",
            "/h/cats/rate",
            "/h/cats/members",
            "/h/bare",
            "/h/bare/photos",
            "/h/bare/top",
            "/h/old",
            "/h/idle",
            "/h/cats/talks",
            "/h/bare/talks",
            "/members/ada",
            "/members/ada/photos",
            "/submit",
        ]);
        all.extend(self.talks.iter().cloned());
        all.push(format!("/photos/{}?from=new:all", self.photo));
        all
    }
}
