//! Every page passes axe in both themes, on a phone and on a desktop, for everybody who sees it: `make axe`. Without
//! axe-core (`PAWDIUM_AXE`), nothing is checked.

use pawdium_shared::db::MIGRATIONS;
use sqlx::PgPool;

use super::axe_world::{World, paths};
use crate::harness::{Browser, Person};

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
