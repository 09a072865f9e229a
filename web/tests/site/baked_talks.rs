//! Pages of calls for visitors whom the site doesn't know: from memory, and in no order that everybody gets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pawdium_kit::relay::{Relay, Target};
use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Answer, Person, SOON, Setup, Site, eventually, source};
use crate::talks_pages::titles;

/// What a visitor without scripts sees from an address, in a browser that says who it is.
async fn seen_from(site: &Site, path: &str, address: usize, agent: &str) -> Answer {
    answer_to(site, path, address, agent).await.expect(200)
}

async fn answer_to(site: &Site, path: &str, address: usize, agent: &str) -> Answer {
    let address = format!("203.0.{}.{}", address / 250, address % 250 + 1);
    let request = site.visitor().request(Method::GET, path);
    Answer::to(request.header("x-forwarded-for", address).header("user-agent", agent)).await
}

/// A hub's call with so many talks that takes votes of members.
async fn voting(site: &Site, owner: &Person, talks: usize, totals: &str) -> i64 {
    let settings = json!({ "voters": "members", "totals": totals });
    let call = site.open_call(owner, "cats", settings).await;
    let authors = site.crowd("author", talks.div_ceil(10)).await;
    site.join("cats", &authors.iter().collect::<Vec<_>>()).await;
    for number in 0..talks {
        authors[number / 10].pitch(call, &format!("Talk {number}")).await;
    }
    owner.move_to(call, "voting").await;
    call
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn visitors_without_scripts_share_sixteen_orders_that_favour_no_talk(db: PgPool) {
    const TALKS: usize = 32;
    const VISITORS: usize = 600;
    let site = Site::start_with_worker(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = voting(&site, &olga, TALKS, "hidden").await;
    site.settle().await;
    let path = format!("/calls/{call}");
    let mut orders: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for visitor in 0..VISITORS {
        let page = seen_from(&site, &path, visitor, "a browser").await;
        assert!(["HIT", "MISS", "STALE"].contains(&source(&page)), "{}", source(&page));
        assert!(
            page.header("cache-control").contains("s-maxage=0"),
            "no shared cache gives one to everybody"
        );
        let order = titles(&page);
        assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), TALKS, "it holds all talks");
        for (place, talk) in order.iter().enumerate() {
            places.entry(talk.clone()).or_default().push(place);
        }
        *orders.entry(order).or_default() += 1;
    }
    assert_eq!(orders.len(), 16);
    // Of 600 fair draws among sixteen, 37.5 each on average with a deviation of 5.9.
    assert!(orders.values().all(|count| (12..=64).contains(count)), "{:?}", orders.values());
    // Over the sixteen orders each talk has the same mean place, and is in each eighth of the list twice.
    for talk in places.keys() {
        let at: Vec<_> =
            orders.keys().filter_map(|order| order.iter().position(|title| title == talk)).collect();
        assert_eq!(at.iter().sum::<usize>() * 2, (TALKS - 1) * 16, "{talk}");
        for eighth in 0..8 {
            assert_eq!(at.iter().filter(|place| **place * 8 / TALKS == eighth).count(), 2, "{talk}");
        }
    }
    // Over all these visitors, too: the mean of 600 places among 32 varies by 0.38.
    for (talk, places) in &places {
        let sum: u32 = places.iter().map(|place| u32::try_from(*place).expect("small")).sum();
        let mean = f64::from(sum) / 600.0;
        assert!((mean - 15.5).abs() < 2.0, "{talk} stands in place {mean} on average");
    }
    // A visitor keeps the order, and people behind one address don't all have the same one.
    let first = titles(&seen_from(&site, &path, 7, "a browser").await);
    assert_eq!(titles(&seen_from(&site, &path, 7, "a browser").await), first);
    let mut beside = BTreeSet::new();
    for number in 0..40 {
        beside.insert(titles(&seen_from(&site, &path, 7, &format!("browser {number}")).await));
    }
    assert!(beside.len() > 8, "{} orders", beside.len());
    // Also of what is not baked: the part that an open page loads, and the way from talk to talk.
    let part = seen_from(&site, &format!("{path}/part"), 7, "a browser").await;
    assert_eq!(titles(&part), first);
    let one = seen_from(&site, &path, 7, "a browser").await.attribute(".talk-title a", "href");
    let talk = seen_from(&site, &one, 7, "a browser").await;
    assert_eq!(talk.texts(".talk-turn-place"), [format!("1 of {TALKS} in your order")]);
    assert!(talk.has(&format!(".one-talk a.button[href^='{path}#talk-']")), "the way to vote");
    assert!(["HIT", "MISS"].contains(&source(&talk)) && talk.header("cache-control").contains("s-maxage=0"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nothing_of_hidden_totals_is_in_a_baked_page(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let hidden = voting(&site, &olga, 3, "hidden").await;
    site.settle().await;
    let first = crate::harness::talks_in(&ada.see(hidden).await)[0];
    let paths = [format!("/calls/{hidden}"), format!("/talks/{first}"), "/h/cats/talks".to_owned()];
    let all = async |path: &str| {
        let mut pages = BTreeMap::new();
        for visitor in 0..60 {
            let page = seen_from(&site, path, visitor, "a browser").await;
            assert!(!page.has(".talk-tally, .talk-place, progress, [data-topics*=standing]"), "{path}");
            pages.insert(page.header("etag").to_owned(), page.text());
        }
        pages
    };
    for path in &paths {
        let before = all(path).await;
        for talk in crate::harness::talks_in(&ada.see(hidden).await) {
            ada.vote(talk).await.expect(200);
        }
        site.settle().await;
        // Not even the age of a page tells that somebody has voted.
        let page = seen_from(&site, path, 0, "a browser").await;
        assert_eq!(source(&page), "HIT", "{path}");
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert_eq!(all(path).await, before, "{path}: no byte has changed");
        for talk in crate::harness::talks_in(&ada.see(hidden).await) {
            ada.unvote(talk).await.expect(200);
        }
        site.settle().await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_baked_call_follows_what_happens_in_it(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&olga, &ada, &bob]).await;
    let settings = json!({ "voters": "members", "totals": "shown" });
    let call = site.open_call(&olga, "cats", settings).await;
    let path = format!("/calls/{call}");
    // How soon is measured elsewhere (`baked.rs`): here the machine may be slow.
    let shown = async |what: &str, shows: &dyn Fn(&Answer) -> bool| {
        eventually(what, SOON, async || shows(&site.get(&path).await.expect(200)).then_some(())).await;
    };
    site.get(&path).await.expect(200);
    let naps = ada.pitch(call, "Naps").await;
    shown("the pitch", &|page: &Answer| titles(page) == ["Naps"]).await;
    ada.api.patch(&format!("talks/{naps}"), json!({ "title": "Long naps" })).await.expect(200);
    shown("the edit", &|page: &Answer| titles(page) == ["Long naps"]).await;
    let boxes = bob.pitch(call, "Boxes").await;
    olga.move_to(call, "voting").await;
    shown("the phase", &|page: &Answer| page.has("[data-board=voting]")).await;
    bob.vote(naps).await.expect(200);
    shown("the total, which is shown", &|page: &Answer| {
        page.texts(&format!("#talk-{naps} .talk-tally b")) == ["1"]
    })
    .await;
    let one = format!("/talks/{naps}");
    eventually("the total on its own page", SOON, async || {
        (site.get(&one).await.expect(200).texts(".talk-tally b") == ["1"]).then_some(())
    })
    .await;
    bob.unvote(naps).await.expect(200);
    eventually("that it is gone from there", SOON, async || {
        (site.get(&one).await.expect(200).texts(".talk-tally b") == ["0"]).then_some(())
    })
    .await;
    bob.vote(naps).await.expect(200);
    // What an owner hides is gone in all orders at the same time.
    for visitor in 0..40 {
        seen_from(&site, &path, visitor, "a browser").await;
        seen_from(&site, &format!("/talks/{boxes}"), visitor, "a browser").await;
    }
    let hide = [("act", "hide"), ("reason", "It is no talk")];
    olga.pages.post(&format!("/talks/{boxes}/moderate"), &hide).await.location();
    shown("the talk that is left", &|page: &Answer| titles(page) == ["Long naps"]).await;
    for visitor in 0..40 {
        assert!(!seen_from(&site, &path, visitor, "a browser").await.text().contains("Boxes"));
        answer_to(&site, &format!("/talks/{boxes}"), visitor, "a browser").await.expect(404);
    }
    olga.move_to(call, "announced").await;
    shown("the result", &|page: &Answer| page.has("[data-board=announced] .talk-place")).await;
    site.settle().await;
    let results = site.get(&format!("{path}/results")).await.expect(200);
    assert_eq!((source(&results), results.texts(".winner a")[0].as_str()), ("MISS", "Long naps"));
    // The last news of what has happened before may come only now, and is no reason to keep nothing.
    eventually("it is kept", SOON, async || {
        let results = site.get(&format!("{path}/results")).await.expect(200);
        (source(&results) == "HIT").then_some(())
    })
    .await;
    assert!(site.get("/h/cats/talks").await.texts(".call-group h3").contains(&"Results".to_owned()));
    olga.api.patch("hubs/cats", json!({ "visibility": "private" })).await.expect(200);
    for path in [&path, "/h/cats/talks", &format!("{path}/results"), &one] {
        eventually("it is private", SOON, async || (site.get(path).await.status == 404).then_some(())).await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_phase_that_begins_by_the_clock_makes_a_baked_page_old(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = voting(&site, &olga, 3, "hidden").await;
    let closes_at = chrono::Utc::now() + chrono::TimeDelta::seconds(3);
    olga.api.patch(&format!("calls/{call}"), json!({ "closes_at": closes_at })).await.expect(200);
    let path = format!("/calls/{call}");
    assert!(site.get(&path).await.expect(200).has("[data-board=voting]"));
    let left = (closes_at - chrono::Utc::now()).to_std().unwrap_or_default();
    // Without a tally no event tells of the phase.
    tokio::time::sleep(left + Duration::from_millis(500)).await;
    // Sooner than a page is rendered again that nothing is heard of.
    let page = eventually("it is closed", Duration::from_secs(5), async || {
        let page = site.get(&path).await.expect(200);
        page.has("[data-board=closed]").then_some(page)
    })
    .await;
    assert!(["MISS", "HIT"].contains(&source(&page)));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_call_in_which_anybody_votes_has_pages_of_their_own_until_it_closes(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "anybody" })).await;
    let talk = olga.pitch(call, "Naps").await;
    let path = format!("/calls/{call}");
    assert_eq!(source(&site.get(&path).await.expect(200)), "MISS", "nobody votes yet");
    olga.move_to(call, "voting").await;
    for _ in 0..2 {
        let guest = site.visitor();
        let page = eventually("people vote", SOON, async || {
            let page = guest.get(&path).await.expect(200);
            page.has("[data-board=voting]").then_some(page)
        })
        .await;
        assert_eq!((source(&page), page.header("cache-control")), ("", "private, no-cache"));
        assert!(guest.cookie("visitor").is_some() && guest.cookie("device").is_some());
        assert!(page.has(&format!("#talk-{talk} input[name=permit]")));
    }
    olga.move_to(call, "closed").await;
    eventually("it is baked again", SOON, async || {
        let page = site.get(&path).await.expect(200);
        (source(&page) == "HIT" && page.has("[data-board=closed]")).then_some(())
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_long_list_is_read_page_by_page_in_one_order(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = voting(&site, &olga, 3, "hidden").await;
    sqlx::query(
        "insert into talks (call_id, title, title_key) select $1, 'Long ' || n, 'long ' || n from generate_series(1, 250) n",
    )
    .bind(call)
    .execute(&site.db)
    .await
    .expect("they are pitched");
    let mut seen = Vec::new();
    let mut next = Some(format!("/calls/{call}"));
    while let Some(path) = next {
        let page = site.get(&path).await.expect(200);
        assert_eq!(source(&page), "MISS", "{path}");
        assert!(!page.has("[data-shuffle]"), "a browser orders only what it has whole");
        seen.extend(titles(&page));
        next = page.has("[rel=next]").then(|| page.attribute("[rel=next]", "href"));
    }
    assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (253, 253));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn calls_are_read_while_postgres_is_away(db: PgPool) {
    let options = db.connect_options();
    let relay = Relay::to(Target::postgres(&options)).await.expect("a port is free");
    let site = Setup::on(db).set("database.url", relay.url(&options).as_str()).start().await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = voting(&site, &olga, 3, "hidden").await;
    let talk = crate::harness::talks_in(&olga.see(call).await)[0];
    let paths = [format!("/calls/{call}"), format!("/talks/{talk}"), "/h/cats/talks".to_owned()];
    for path in &paths {
        site.get(path).await.expect(200);
    }
    relay.cut();
    for path in &paths {
        eventually("it is an earlier one", SOON, async || {
            (source(&site.get(path).await.expect(200)) == "STALE").then_some(())
        })
        .await;
    }
}
