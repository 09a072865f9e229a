//! What people do with hubs, from beginning to end, in real browsers.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Browser, SOON, Site, eventually};

/// In which column a widget of this kind stands.
async fn column_of(browser: &Browser, kind: &str) -> Value {
    let column =
        "return document.querySelector(`.widget-${arguments[0]}`)?.closest('[data-column]').dataset.column";
    browser.run_with(column, json!(kind)).await
}

/// The status of the answer to a form that the page's visitor could send.
async fn sends(browser: &Browser, path: &str, form: &str) -> Value {
    let send = "const [[path, body]] = arguments;
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        return fetch(path, { method: 'POST', body, headers }).then(({ status }) => status);";
    browser.run_with(send, json!([path, form])).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_owner_makes_a_hub_and_furnishes_it(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.goto("/hubs/new").await;
    browser.fill("#name", "Cats in boxes").await;
    browser.fill("#slug", "boxes").await;
    browser.click("main form button[type=submit]").await;
    browser.find("[data-hub='hub=boxes']").await;
    browser.has_no_complaints().await;

    // A widget with a mistake in its settings says what is wrong with which of them.
    browser.goto("/h/boxes?edit=1").await;
    browser.click("a[href='/h/boxes/widgets/new']").await;
    browser.click("form:has(input[value=links]) button[value=right]").await;
    browser.fill("textarea[name=links]", "Boxes javascript:alert(1)").await;
    browser.click(".widget-form button[value=save]").await;
    browser.find("textarea[name=links][aria-invalid=true]").await;
    assert_ne!(browser.text("#links-error").await, "");
    let stored = "select count(*) from widgets where config->>'links' like '%javascript%'";
    assert_eq!(site.ask::<i64>(stored).await, 0);
    browser.run("document.querySelector('textarea[name=links]').value = ''").await;
    browser.fill("textarea[name=links]", "Boxes https://example.org/boxes").await;
    browser.click(".widget-form button[value=save]").await;
    browser.find(".widget-links a[href='https://example.org/boxes']").await;

    assert_eq!(column_of(&browser, "links").await, "right");
    browser.click(".widget-links button[value=across]").await;
    eventually("it is in the other column", SOON, async || {
        (column_of(&browser, "links").await == "left").then_some(())
    })
    .await;
    browser.click(".widget-links button[value=up]").await;
    let before = "select position::bigint from widgets where kind = 'links'";
    eventually("it is further up", SOON, async || (site.ask::<i64>(before).await == 3).then_some(())).await;
    browser.click(".widget-links button[value=remove]").await;
    browser.find(".widget-undo").await;
    assert!(!browser.has(".widget-links").await);
    browser.click("button[name=restore]").await;
    browser.find("[data-column=left] .widget-links").await;

    // A member looks at it and can't change it.
    bob.api.put("hubs/boxes/roles/member", Value::Null).await.expect(204);
    let other = site.browser_beside(&browser).await;
    other.log_in(&bob.email()).await;
    other.goto("/h/boxes?edit=1").await;
    other.find(".widget-links a[href='https://example.org/boxes']").await;
    assert!(!other.has(".widget-controls").await && !other.has("[data-editing]").await);
    let links: i64 = site.ask("select id from widgets where kind = 'links'").await;
    assert_eq!(sends(&other, &format!("/h/boxes/widgets/{links}"), "act=remove").await, 403);
    assert_eq!(sends(&other, "/h/boxes/widgets", "kind=rules").await, 403);
    assert_eq!(sends(&other, "/h/boxes/settings", "name=Mine").await, 403);
    assert_eq!(site.ask::<i64>("select count(*) from widgets where kind = 'links'").await, 1);

    // A widget that fails says so in its own place, and comes back when asked to.
    site.change("alter table activity rename to misplaced").await;
    site.change(
        "with old as (delete from widgets where kind = 'activity' returning hub_id, side, position)
         insert into widgets (hub_id, kind, side, position, config)
         select hub_id, 'activity', side, position + 10, '{}' from old",
    )
    .await;
    other.goto("/h/boxes").await;
    let failing = "return document.querySelector('.widget-activity [data-retry]') !== null";
    assert_eq!(other.run(failing).await, true);
    other.find(".widget-links a[href='https://example.org/boxes']").await;
    assert!(other.has(".widget-members .widget-body").await, "the others are there");
    other.mark().await;
    site.change("alter table misplaced rename to activity").await;
    // A look of the page may be faster.
    other.run("document.querySelector('.widget-activity [data-retry]')?.click()").await;
    eventually("it is there", SOON, async || (other.run(failing).await == false).then_some(())).await;
    assert!(other.is_marked().await, "the page was not loaded again");
}

/// Everything that a page has been answered and told so far, and where it has been.
const HEARD: &str = "
    window.heard = [];
    const asking = window.fetch;
    window.fetch = async (...asked) => {
        heard.push(String(asked[0]));
        const answer = await asking(...asked);
        const reader = answer.clone().body?.pipeThrough(new TextDecoderStream()).getReader();
        (async () => {
            for (let piece; reader && !(piece = await reader.read()).done;) heard.push(piece.value);
        })().catch(() => {});
        return answer;
    };
";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_stranger_sees_and_hears_nothing_of_a_private_hub(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    let settings = json!({ "visibility": "private", "name": "Quagmire", "summary": "Wombatastic." });
    site.hub_with(&ada, "zqxden", settings).await;
    site.hub(&ada, "cats").await;
    for slug in ["zqxden", "cats"] {
        site.post(&ada, slug, photo).await;
    }
    let tells = |text: &str| ["zqxden", "Quagmire", "Wombatastic"].iter().any(|secret| text.contains(secret));
    let browser = site.browser().await;
    browser.begin_with(HEARD).await;
    browser.log_in(&bob.email()).await;
    let all = "return document.documentElement.outerHTML";
    for path in [
        "/hubs",
        "/search?q=zqx",
        "/feed",
        "/members/ada",
        "/h/cats",
        &format!("/photos/{photo}"),
        "/explore",
    ] {
        browser.goto(path).await;
        let html = browser.run(all).await;
        assert!(!tells(html.as_str().expect("a text")), "{path}: {html}");
    }
    browser.goto("/h/zqxden").await;
    let (hidden, path) = (browser.text("main").await, browser.path().await);
    browser.goto("/h/zqxnix").await;
    assert_eq!((hidden, path.as_str()), (browser.text("main").await, "/h/zqxden"));

    // What happens in it is heard by its members alone.
    browser.goto("/h/cats").await;
    let held = "return navigator.locks.query().then(({ held }) => held.length)";
    eventually("the stream is open", SOON, async || (browser.run(held).await != 0).then_some(())).await;
    browser.run("return fetch('/live?hub=zqxden&hub=cats').then(() => true)").await;
    ada.api.patch("hubs/zqxden", json!({ "summary": "Wombatastic indeed." })).await.expect(200);
    ada.api.post("hubs/zqxden/widgets", json!({ "kind": "histogram", "column": "left" })).await.expect(201);
    ada.api.post("hubs/cats/widgets", json!({ "kind": "histogram", "column": "left" })).await.expect(201);
    site.rate(&bob, photo, 4).await;
    browser.find(".widget-histogram").await;
    site.settle().await;
    let heard = browser.run("return heard.join('\\n')").await;
    let heard = heard.as_str().expect("a text");
    let lines: Vec<_> = heard.lines().filter(|line| tells(line)).collect();
    let expected = ["/live?hub=zqxden&hub=cats", "data: {\"topic\":\"hub=zqxden\"}"];
    assert_eq!(lines, expected, "{heard}");
    let ids: Vec<i64> = sqlx::query_scalar(
        "select widgets.id from widgets join hubs on hubs.id = hub_id where slug = 'zqxden'",
    )
    .fetch_all(&site.db)
    .await
    .expect("the statement is right");
    assert!(ids.iter().all(|id| !heard.contains(&format!("\"widget\":{id},"))), "{heard}");

    // The page of a hub that becomes private closes for strangers, and stays for members.
    browser.mark().await;
    ada.api.patch("hubs/cats", json!({ "visibility": "private" })).await.expect(200);
    eventually("the page is gone", SOON, async || (!browser.has("[data-hub]").await).then_some(())).await;
    let html = browser.run(all).await;
    assert!(!html.as_str().expect("a text").contains("All about cats"), "{html}");
}
