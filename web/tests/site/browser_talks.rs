//! A call on a phone: pitching, voting, taking a vote back, and the result; with a network that fails, and without
//! scripts.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::CallId;
use pawdium_shared::live::Topic;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Browser, Person, SOON, Site, eventually};

/// Well before a tab without a stream looks by itself.
const LIVE: Duration = Duration::from_secs(5);

async fn pressed(browser: &Browser, talk: i64) -> bool {
    browser.attribute(&format!("#talk-{talk} .vote"), "aria-pressed").await == "true"
}

async fn votes(site: &Site) -> i64 {
    site.ask("select count(*) from talk_votes").await
}

async fn left(browser: &Browser) -> String {
    browser.text("[data-left]").await
}

/// A hub with members, and a call of it in the phase of voting with talks of the first two.
async fn ballot(site: &Site, people: &[&Person], each: i64) -> (i64, Vec<i64>) {
    site.hub_of("cats", people).await;
    let call = site.open_call(people[0], "cats", json!({ "voters": "members", "votes_each": each })).await;
    let mut talks = Vec::new();
    for title in ["Naps", "Boxes", "String"] {
        talks.push(people[1].pitch(call, title).await);
    }
    people[0].move_to(call, "voting").await;
    (call, talks)
}

/// Calls of the hub `wide` in each phase, with a long word everywhere. Returns their pages, which not everybody may
/// see.
pub(crate) async fn calls_called(site: &Site, owner: &Person, word: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let below = ["", "/edit", "/pitch", "/dashboard", "/results", "/receipt"];
    for phase in ["pitch", "voting", "closed", "announced"] {
        let settings = json!({ "title": word, "text": word.repeat(2), "voters": "members", "votes_each": 3 });
        let call = site.open_call(owner, "wide", settings).await;
        let talk = owner.pitch(call, &format!("{word} 1")).await;
        owner.pitch(call, &"W".repeat(120)).await;
        paths.extend(below.map(|below| format!("/calls/{call}{below}")));
        paths.push(format!("/talks/{talk}"));
        if phase != "pitch" {
            owner.move_to(call, phase).await;
        }
    }
    paths.extend(["/h/wide/talks", "/h/wide/calls/new"].map(str::to_owned));
    paths
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pitch_vote_toggle_back_and_see_the_result_on_a_phone(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&olga, &ada, &bob]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members", "votes_each": 2 })).await;
    let talk = bob.pitch(call, "This Cheese Is Full Of Nails").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.phone(390, 844).await;
    browser.goto("/h/cats/talks").await;
    browser.click(".call-card a").await;
    browser.click(".board-own .button").await;
    browser.fill("#title", "Where Did I Put That Thing?").await;
    assert_eq!(browser.text("#title-hint").await, "93 characters left");
    browser.fill("#description", "Keys, *glasses*, the other sock.").await;
    browser.click(".talk-form .button").await;
    assert_eq!(browser.text(".board-own .talk-title").await, "Where Did I Put That Thing?");

    browser.mark().await;
    olga.move_to(call, "voting").await;
    eventually("the open page has moved on", SOON, async || {
        browser.has("[data-board=voting]").await.then_some(())
    })
    .await;
    assert!(!browser.is_marked().await, "it is another page");
    browser.mark().await;
    assert_eq!(left(&browser).await, "2");
    browser.click(&format!("#talk-{talk} .vote")).await;
    eventually("the vote is stored", SOON, async || (votes(&site).await == 1).then_some(())).await;
    eventually("the totals are shown", SOON, async || browser.has(".talk-tally").await.then_some(())).await;
    assert_eq!(left(&browser).await, "1");
    browser.click(&format!("#talk-{talk} .vote")).await;
    eventually("it is taken back", SOON, async || (votes(&site).await == 0).then_some(())).await;
    eventually("totals are hidden again", SOON, async || (!browser.has(".talk-tally").await).then_some(()))
        .await;
    browser.click(&format!("#talk-{talk} .vote")).await;
    eventually("it is given again", SOON, async || (votes(&site).await == 1).then_some(())).await;
    eventually("totals are back", SOON, async || browser.has(".talk-tally").await.then_some(())).await;
    assert!(browser.is_marked().await, "all that without loading the page");

    // Others' votes come by themselves.
    olga.vote(talk).await.expect(200);
    eventually("the count is live", SOON, async || {
        (browser.text(&format!("#talk-{talk} .talk-tally b")).await == "2").then_some(())
    })
    .await;
    olga.move_to(call, "announced").await;
    eventually("the result is out", SOON, async || browser.has("[data-board=announced]").await.then_some(()))
        .await;
    browser.click(".tabs a[href$=results]").await;
    assert_eq!(browser.text(".winner a").await, "This Cheese Is Full Of Nails");
    browser.click(".tabs a[href$=receipt]").await;
    assert_eq!(browser.text(".receipts .badge").await, "counted");
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_vote_shows_at_once_and_is_sent_until_it_is_stored(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    let (call, talks) = ballot(&site, &[&olga, &ada, &bob], 2).await;
    let browser = site.browser().await;
    browser.log_in(&bob.email()).await;
    browser.phone(390, 844).await;
    browser.goto(&format!("/calls/{call}")).await;
    browser.mark().await;
    // Before its script runs, a page sends its forms itself, and is gone if there is no network.
    let opened = async || site.watched(&[Topic::Call(CallId(call))]).await[0].then_some(());
    eventually("the script has opened the stream", SOON, opened).await;
    browser.cut_off().await;
    for talk in &talks[..2] {
        browser.click(&format!("#talk-{talk} .vote")).await;
        assert!(pressed(&browser, *talk).await, "it shows at once");
    }
    assert_eq!(left(&browser).await, "0");
    assert!(
        browser.has(&format!("#talk-{} .vote:disabled", talks[2])).await,
        "no vote is left for the third"
    );
    eventually("it says so", SOON, async || {
        browser.text("[data-note]").await.contains("Not saved").then_some(())
    })
    .await;
    // The second thought counts, not the first.
    browser.click(&format!("#talk-{} .vote", talks[0])).await;
    browser.click(&format!("#talk-{} .vote", talks[2])).await;
    assert_eq!(votes(&site).await, 0);
    browser.free_network().await;
    let stored = async || {
        let stored = sqlx::query_scalar::<_, i64>("select talk_id from talk_votes order by talk_id");
        stored.fetch_all(&site.db).await.expect("a list")
    };
    eventually("what was wanted last is stored", SOON, async || (stored().await == talks[1..]).then_some(()))
        .await;
    eventually("the note goes", SOON, async || browser.has("[data-note][hidden]").await.then_some(())).await;
    assert!(
        browser.is_marked().await && pressed(&browser, talks[2]).await && !pressed(&browser, talks[0]).await
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_vote_after_the_close_says_why_it_doesnt_count(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    let (call, talks) = ballot(&site, &[&olga, &ada, &bob], 1).await;
    let browser = site.browser().await;
    browser.log_in(&bob.email()).await;
    browser.goto(&format!("/calls/{call}")).await;
    olga.move_to(call, "closed").await;
    browser.run("for (const button of document.querySelectorAll('.vote')) button.dataset.seen = 1").await;
    browser.run_with("document.querySelector(`#talk-${arguments[0]} .vote`)?.click()", json!(talks[0])).await;
    eventually("the page shows that it is over", LIVE, async || {
        browser.has("[data-board=closed]").await.then_some(())
    })
    .await;
    assert_eq!(votes(&site).await, 0);
    assert!(!browser.has(".vote").await);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn keys_reach_every_vote_and_the_focus_stays(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    let (call, talks) = ballot(&site, &[&olga, &ada, &bob], 3).await;
    let browser = site.browser().await;
    browser.log_in(&bob.email()).await;
    browser.goto(&format!("/calls/{call}")).await;
    browser.run_with("document.querySelector(`#talk-${arguments[0]} .vote`).focus()", json!(talks[0])).await;
    browser.press('\u{e007}').await;
    eventually("the vote is stored", SOON, async || (votes(&site).await == 1).then_some(())).await;
    eventually("totals are shown", SOON, async || browser.has(".talk-tally").await.then_some(())).await;
    let focused = browser.run("return document.activeElement.closest('.talk')?.id").await;
    assert_eq!(focused, format!("talk-{}", talks[0]), "the button keeps the focus");
    let name =
        browser.run("return document.activeElement.querySelector('.visually-hidden').textContent").await;
    assert_eq!(name, "Vote for Naps");
}
