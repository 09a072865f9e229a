//! The list of a call in the browser: ordered before it is painted, and votes that outlive the page.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Browser, SOON, Site, eventually};

/// The ids of the talks as they stand on the page.
async fn order(browser: &Browser) -> Value {
    browser.run("return [...document.querySelectorAll('.talk-list > .talk')].map(({ id }) => Number(id.slice(5)))").await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_list_stands_in_the_browsers_own_order_before_it_is_painted(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members", "totals": "shown" })).await;
    for number in 0..10 {
        olga.pitch(call, &format!("Talk {number}")).await;
        ada.pitch(call, &format!("Talk {}", number + 10)).await;
    }
    olga.move_to(call, "voting").await;
    site.settle().await;
    let path = format!("/calls/{call}");
    let browser = site.browser().await;
    // At each frame that may be painted: whether the list is visible, and its order.
    browser
        .begin_with(
            "window.frames_seen = [];
             const look = () => {
               const list = document.querySelector('.talk-list');
               if (list && getComputedStyle(list).visibility === 'visible') {
                 const ids = [...list.children].map(({ id }) => id).join();
                 if (window.frames_seen.at(-1) !== ids) window.frames_seen.push(ids);
               }
               requestAnimationFrame(look);
             };
             requestAnimationFrame(look);",
        )
        .await;
    browser.goto(&path).await;
    let first = order(&browser).await;
    let expected = browser
        .run_with(
            "return talkOrder.order(JSON.parse(localStorage.getItem('order of talks')), arguments[0],
                                    [...document.querySelectorAll('.talk-list > .talk')].map(({ id }) => Number(id.slice(5))))",
            json!(call),
        )
        .await;
    assert_eq!(first, expected);
    browser.run("return new Promise((done) => setTimeout(done, 300))").await;
    let frames = browser.run("return window.frames_seen.length").await;
    assert_eq!(frames, 1, "no other order was ever visible");
    browser.goto(&path).await;
    assert_eq!(order(&browser).await, first, "the same over reloads");

    // A live refresh keeps it.
    browser.mark().await;
    let talk = first[0].as_i64().expect("an id");
    let author: i64 = site.ask_of("select author_id from talks where id = $1", talk).await;
    if author == ada.id { &olga } else { &ada }.vote(talk).await.expect(200);
    eventually("the vote is shown", SOON, async || {
        (browser.text(&format!("#talk-{talk} .talk-tally b")).await == "1").then_some(())
    })
    .await;
    assert!(browser.is_marked().await);
    assert_eq!(order(&browser).await, first);
    browser.has_no_complaints().await;
    let other = site.browser_beside(&browser).await;
    other.goto(&path).await;
    assert_ne!(order(&other).await, first, "another browser has another");
}

/// As for the orders that the server makes (`shared/src/talks/order.rs`): 10,000 browsers and 30 talks.
#[sqlx::test(migrator = "MIGRATIONS")]
async fn over_many_browsers_each_talk_stands_in_each_place_equally_often(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members" })).await;
    for title in ["Naps", "Boxes"] {
        olga.pitch(call, title).await;
    }
    olga.move_to(call, "voting").await;
    let browser = site.browser().await;
    browser.goto(&format!("/calls/{call}")).await;
    // Keys as a browser draws them, but the same in each run; ids of talks as they follow each other in a table.
    let counted = browser
        .run(
            "const TALKS = 30;
             let state = 20_261_130;
             const random = () => {
               state = Math.imul(state ^ (state >>> 15), 0x2c_1b_3c_6d) + 0x9e_37_79_b9 | 0;
               let bits = Math.imul(state ^ (state >>> 12), 0x29_7a_2d_39);
               return (bits ^ (bits >>> 15)) >>> 0;
             };
             const talks = Array.from({ length: TALKS }, (_, number) => 100 + number);
             const worst = [];
             for (const call of [1, 7]) {
               const counts = Array.from({ length: TALKS }, () => Array(TALKS).fill(0));
               for (let browser = 0; browser < 10_000; browser += 1) {
                 const list = talkOrder.order([random(), random()], call, talks);
                 for (const [place, talk] of list.entries()) counts[talk - 100][place] += 1;
               }
               // A binomial of 10,000 trials at 1/30: mean 333.3, standard deviation 17.95.
               worst.push(Math.max(...counts.flat().map((count) => Math.abs(count - 333))));
             }
             return worst;",
        )
        .await;
    for worst in counted.as_array().expect("a list") {
        assert!(worst.as_i64().is_some_and(|off| off <= 72), "{worst} off the mean of 333");
    }
    // Two calls are in unlike orders, and a talk that goes moves no other two.
    let facts = browser
        .run(
            "const talks = Array.from({ length: 30 }, (_, number) => number + 1);
             const key = [123, 456];
             const [one, two] = [talkOrder.order(key, 1, talks), talkOrder.order(key, 2, talks)];
             const fewer = talkOrder.order(key, 1, talks.filter((talk) => talk !== 7));
             return [String(one) !== String(two), String(fewer) === String(one.filter((talk) => talk !== 7))];",
        )
        .await;
    assert_eq!(facts, json!([true, true]));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn votes_that_could_not_be_sent_are_sent_by_the_next_page(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&olga, &ada, &bob]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members" })).await;
    let (naps, boxes) = (olga.pitch(call, "Naps").await, olga.pitch(call, "Boxes").await);
    olga.move_to(call, "voting").await;
    let path = format!("/calls/{call}");
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.goto(&path).await;
    browser.block("*/vote").await;
    browser.click(&format!("#talk-{naps} .vote")).await;
    browser.click(&format!("#talk-{boxes} .vote")).await;
    let stored = "select count(*) from talk_votes";
    let kept = format!("return JSON.parse(localStorage.getItem('unsent votes {call}'))?.wanted.length ?? 0");
    eventually("it is kept", SOON, async || (browser.run(&kept).await == 2).then_some(())).await;
    // The page is left without another word. The browser may ask whether to.
    browser.run("addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), { capture: true })").await;
    browser.goto("/top").await;
    assert_eq!(site.ask::<i64>(stored).await, 0);

    browser.block_nothing().await;
    browser.goto(&path).await;
    eventually("both are stored", SOON, async || (site.ask::<i64>(stored).await == 2).then_some(())).await;
    eventually("nothing is kept any more", SOON, async || (browser.run(&kept).await == 0).then_some(()))
        .await;
    for talk in [naps, boxes] {
        assert_eq!(browser.attribute(&format!("#talk-{talk} .vote"), "aria-pressed").await, "true");
    }
    assert!(browser.has("[data-note][hidden]").await);
    // What is kept for one voter is never sent by another.
    let foreign = format!(
        "localStorage.setItem('unsent votes {call}',
           JSON.stringify({{ voter: '{}', at: Date.now(), wanted: [[{naps}, false]] }}))",
        bob.id
    );
    browser.run(&foreign).await;
    browser.goto(&path).await;
    browser.run("return new Promise((done) => setTimeout(done, 1000))").await;
    assert_eq!(site.ask::<i64>(stored).await, 2);
}
