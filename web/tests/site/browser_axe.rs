//! Every page passes axe in both themes, on a phone and on a desktop, for everybody who sees it: `make axe`. Without
//! axe-core (`PAWDIUM_AXE`), nothing is checked.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::admin_jobs::dead;
use super::imports;
use crate::harness::{Browser, Person, Setup, Site, submission};

/// Checks the page with everything unfolded in both themes, and says which rules which elements break. Themes differ
/// only in colours.
const CHECK: &str = "
    for (const part of document.querySelectorAll('details')) part.open = true;
    const { dataset } = document.documentElement;
    // The colours of a theme are there at once, and no bar covers a part of the page, whose colours axe would mix.
    const still = new CSSStyleSheet();
    still.replaceSync(`*, ::before, ::after { transition: none !important; animation: none !important; }
        .site-nav, .hub-edit, .votes-bar { position: static !important; }`);
    document.adoptedStyleSheets = [still];
    const violations = async (theme, options) => {
        dataset.theme = theme;
        const { violations, passes } = await axe.run(document, { resultTypes: ['violations'], ...options });
        if (passes.length === 0) return [`${theme}: axe has checked nothing`];
        return violations.map(({ id, nodes }) => `${theme}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
    };
    const light = violations('light', {});
    return light.then(async (light) => [...light, ...await violations('dark', { runOnly: ['color-contrast'] })]);
";

/// What a finger can't hit on a phone: buttons and links lower or narrower than 24 pixels, except links in a text and
/// fields that nobody can reach.
const SMALL: &str = "
    const inText = (element) => element.localName === 'a' && getComputedStyle(element).display === 'inline';
    const isSmall = (element) => {
        const { width, height } = element.getBoundingClientRect();
        return width > 1 && (width < 24 || height < 24) && !inText(element) && element.closest('[inert], .skip') === null;
    };
    return [...document.querySelectorAll('a, button, summary, select, textarea, input:not([tabindex=\"-1\"], [type=hidden], [type=radio], [type=checkbox])')]
        .filter(isSmall).map((element) => `too small: ${element.outerHTML.slice(0, 120)}`);
";

/// Opens pages one after the other and collects what is wrong with them.
pub(super) struct Walk<'a> {
    pub(super) browser: &'a Browser,
    pub(super) who: &'static str,
    pub(super) wrong: Vec<String>,
}

impl Walk<'_> {
    /// Begins anew as somebody else.
    async fn log_in(&mut self, who: &'static str, person: Option<&Person>) {
        self.browser.forget().await;
        if let Some(person) = person {
            self.browser.log_in(&person.email()).await;
        }
        self.who = who;
    }

    async fn through(&mut self, paths: &[String]) {
        for path in paths {
            self.browser.goto(path).await;
            self.check(path).await;
        }
    }

    /// Checks the page that is open.
    pub(super) async fn check(&mut self, what: &str) {
        self.browser.find("h1").await;
        for width in [1280, 390] {
            self.browser.phone(width, 800).await;
            for script in [CHECK, SMALL] {
                let found = self.browser.run(script).await;
                let found = found.as_array().expect("a list");
                self.wrong
                    .extend(found.iter().map(|one| format!("{what} ({}, {width} wide): {one}", self.who)));
            }
        }
    }
}

fn paths<const N: usize>(paths: [&str; N]) -> Vec<String> {
    paths.map(str::to_owned).to_vec()
}

/// A site with something in every state.
struct World {
    site: Site,
    ada: Person,
    bob: Person,
    mo: Person,
    root: Person,
    /// A live photo of Ada's, which Bob has rated.
    photo: i64,
    /// Pages of calls in each phase but the first.
    talks: Vec<String>,
}

impl World {
    async fn new(db: PgPool) -> Self {
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
    fn calls(&self) -> Vec<String> {
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
    async fn photos(&self, state: &'static str) -> Vec<String> {
        let found: Vec<i64> =
            sqlx::query_scalar("select id from photos where state = $1 order by id limit 1")
                .bind(state)
                .fetch_all(&self.site.db)
                .await
                .expect("a list");
        assert!(!found.is_empty(), "no photo is {state}");
        found.into_iter().map(|photo| format!("/photos/{photo}")).collect()
    }

    fn for_everybody(&self) -> Vec<String> {
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

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_page_passes_axe_in_both_themes(db: PgPool) {
    let Ok(file) = std::env::var("PAWDIUM_AXE") else {
        eprintln!("no page is checked: `make axe` fetches axe-core and runs this");
        return;
    };
    let axe = std::fs::read_to_string(file).expect("axe-core is readable");
    let world = World::new(db).await;
    let World { site, ada, bob, mo, root, photo, .. } = &world;
    let browser = site.browser().await;
    browser.begin_with(&axe).await;
    browser.reduce_motion().await;
    let mut walk = Walk { browser: &browser, who: "a visitor", wrong: Vec::new() };

    walk.through(&world.for_everybody()).await;
    let code: String = site.ask("select code from shares limit 1").await;
    walk.through(&[format!("/s/{code}")]).await;
    walk.through(&paths([
        "/feed",
        "/hubs/new",
        "/login",
        "/register",
        "/forgot",
        "/reset/x",
        "/verify/x",
        "/settings",
        "/nothing",
        "/api",
        "/demo/mail",
        "/demo/mail/1",
    ]))
    .await;

    walk.log_in("a member", Some(bob)).await;
    walk.through(&world.for_everybody()).await;
    for state in ["draft", "failed", "hidden"] {
        walk.through(&world.photos(state).await).await;
    }
    for draft in world.photos("draft").await {
        walk.through(&[format!("{draft}/edit")]).await;
    }
    walk.through(&paths([
        "/drafts",
        "/imports",
        "/imports/1",
        "/feed",
        "/hubs/new",
        "/members/bob",
        "/members/bob/photos",
        "/comments/1",
        "/comments/2",
        "/notifications",
        "/settings",
        "/settings/account",
        "/settings/blocked",
        "/settings/notifications",
        "/reports",
        "/h/cats/report",
        "/members/root/report",
        "/settings/standing",
        "/settings/security",
        "/settings/sessions",
        "/settings/tokens",
        "/ratings",
        "/admin",
    ]))
    .await;
    let standing = bob.pages.get("/settings/standing").await.expect(200);
    let appeal = standing.attribute(".sanction .actions a", "href");
    walk.through(std::slice::from_ref(&appeal)).await;
    bob.pages.post(&appeal, &[("text", "It was a quotation.")]).await.location();
    walk.through(&[appeal]).await;

    walk.log_in("an owner", Some(ada)).await;
    walk.through(&paths([
        "/h/cats?edit=1",
        "/h/cats/widgets/new",
        "/h/cats/members",
        "/h/cats/settings",
        "/h/bare",
        "/h/bare?edit=1",
        "/h/old/settings",
        "/h/idle?edit=1",
        "/h/secret",
        "/h/idle/talks",
        "/h/cats/calls/new",
        "/members/ada?edit=1",
    ]))
    .await;
    walk.through(&world.talks).await;
    walk.through(&world.calls()).await;
    let draft: i64 = site.ask("select id from calls where title = 'Talks in draft'").await;
    walk.through(&[format!("/calls/{draft}")]).await;
    let note: i64 = site.ask("select id from widgets where kind = 'sticky-note' order by id limit 1").await;
    let own = ["", "/edit", "/revisions"].map(|page| format!("/photos/{photo}{page}"));
    walk.through(&own).await;
    walk.through(&[format!("/h/cats/widgets/{note}")]).await;
    browser.fill("#until", "tomorrow").await;
    browser.click("button[value=save]").await;
    browser.find("#until-error").await;
    walk.check("refused settings of a widget").await;
    browser.goto("/h/cats?edit=1").await;
    browser.click(&format!("#widget-{note} button[value=remove]")).await;
    browser.find(".widget-undo").await;
    walk.check("a removed widget").await;

    walk.log_in("a moderator", Some(mo)).await;
    walk.through(&[format!("/photos/{photo}"), "/h/cats/settings".to_owned()]).await;
    walk.through(&paths([
        "/moderation",
        "/moderation/review",
        "/moderation/review?about=talk",
        "/moderation/review/1",
        "/moderation/review/3",
        "/moderation/review/4",
        "/moderation/review?about=appeal",
        "/moderation/review/bulk?act=take_down&case=1&case=3",
        "/moderation/comments",
        "/moderation/doubtful",
        "/moderation/blocked",
        "/moderation/members",
        "/moderation/members/bob",
        "/moderation/acts",
        "/transparency",
        "/moderation/topics",
        "/topics",
        "/topics/tongue",
        "/topics/none",
        "/comments/1",
        "/admin/queues",
    ]))
    .await;
    browser.goto("/moderation/review/3").await;
    browser.click(".case-sanction summary").await;
    walk.check("a sanction in a case").await;

    walk.log_in("an admin", Some(root)).await;
    walk.through(&paths([
        "/admin",
        "/admin/queues",
        "/admin/jobs",
        "/admin/jobs?state=dead&id=x",
        "/admin/jobs/901",
        "/admin/jobs/77777",
        "/admin/jobs/bulk?act=delete&state=dead",
        "/admin/schedules",
        "/admin/cache",
        "/admin/audit",
        "/moderation/blocked",
        "/moderation/topics",
    ]))
    .await;
    let cached: String = site.ask("select concat(hub_id, '.', id) from widgets order by id limit 1").await;
    walk.through(&[format!("/admin/cache/{cached}")]).await;
    assert!(walk.wrong.is_empty(), "{}", walk.wrong.join("\n"));
}
