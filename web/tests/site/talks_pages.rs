//! The pages of calls and talks, in each phase and without scripts.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site};

/// The path that a button's form goes to, with what it sends.
fn form_of(page: &Answer, css: &str) -> (String, Vec<(String, String)>) {
    let html = page.html();
    let button = html.select(&crate::harness::select(css)).next().unwrap_or_else(|| panic!("no {css}"));
    let form =
        button.ancestors().filter_map(scraper::ElementRef::wrap).find(|one| one.value().name() == "form");
    let form = form.expect("a button is in a form");
    let text = |name| button.attr(name).unwrap_or_default().to_owned();
    let hidden = crate::harness::select("input[type=hidden]");
    let mut fields: Vec<_> = form
        .select(&hidden)
        .map(|one| {
            (one.attr("name").expect("a name").to_owned(), one.attr("value").unwrap_or_default().to_owned())
        })
        .collect();
    if !text("name").is_empty() {
        fields.push((text("name"), text("value")));
    }
    (form.attr("action").expect("an address").to_owned(), fields)
}

/// Presses a button as a browser without scripts does.
pub(crate) async fn press(person: &Person, page: &Answer, css: &str) -> Answer {
    let (action, fields) = form_of(page, css);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    person.pages.post(&action, &fields).await
}

/// The titles of the talks in the list, in its order.
pub(crate) fn titles(page: &Answer) -> Vec<String> {
    page.texts(".talk-list .talk-title")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_call_goes_from_draft_to_results_on_pages_alone(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&olga, &ada, &bob]).await;

    let empty = olga.pages.get("/h/cats/talks").await.expect(200);
    assert!(empty.has(".hub-tabs [aria-current=page][href='/h/cats/talks']"));
    assert!(empty.has(".nothing a[href='/h/cats/calls/new']"), "the next step");
    assert!(!ada.pages.get("/h/cats/talks").await.expect(200).has("a[href='/h/cats/calls/new']"));
    ada.pages.get("/h/cats/calls/new").await.expect(403);

    let fields = [
        ("title", "Lightning talks"),
        ("text", "Five *minutes* each."),
        ("voters", "members"),
        ("votes_each", "1"),
    ];
    let made = olga.pages.post("/h/cats/calls/new", &fields).await;
    let call = made.location().to_owned();
    let draft = olga.pages.get(&call).await.expect(200);
    assert_eq!(draft.texts("h1"), ["Lightning talks"]);
    assert!(draft.texts(".flash")[0].contains("draft"), "the notice");
    assert_eq!(draft.texts(".prose em"), ["minutes"]);
    assert!(draft.has(".crumbs a[href='/h/cats']") && draft.has(".crumbs a[href='/h/cats/talks']"));
    ada.pages.get(&call).await.expect(404);
    assert!(!ada.pages.get("/h/cats/talks").await.text().contains("Lightning talks"));

    press(&olga, &draft, "[name=to][value=pitch]").await.location();
    let pitching = ada.pages.get(&call).await.expect(200);
    assert!(pitching.has(".phase.current[aria-current=step]"));
    let form = ada.pages.get(&format!("{call}/pitch")).await.expect(200);
    assert!(form.has("textarea[name=description][data-limit='2000']"));
    for (person, title) in [(&ada, "Where Did I Put That Thing?"), (&bob, "This Cheese Is Full Of Nails")] {
        let fields = [("title", title), ("description", "All **about** it.")];
        person.pages.post(&format!("{call}/pitch"), &fields).await.location();
    }
    let own = ada.pages.get(&call).await.expect(200);
    assert_eq!(own.texts(".board-own .talk-title"), ["Where Did I Put That Thing?"]);
    assert_eq!(titles(&own), ["This Cheese Is Full Of Nails"], "others'");

    press(&olga, &olga.pages.get(&call).await, "[name=to][value=voting]").await.location();
    let ballot = ada.pages.get(&call).await.expect(200);
    assert_eq!(ballot.texts(".votes-bar p"), ["1 of 1 votes left"]);
    assert!(!ballot.has(".talk-tally"), "totals are hidden");
    assert!(ballot.texts(".talk-own")[0].contains("can’t vote"));
    let voted = press(&ada, &ballot, ".vote").await;
    let talk = voted.location().rsplit_once("#talk-").expect("the talk").1.to_owned();
    let after = ada.pages.get(&call).await.expect(200);
    assert_eq!(after.attribute(&format!("#talk-{talk} .vote"), "aria-pressed"), "true");
    assert_eq!(after.texts(".votes-bar p"), ["0 of 1 votes left"]);
    assert_eq!(after.texts(&format!("#talk-{talk} .talk-tally b")), ["1"], "who has voted sees totals");

    press(&olga, &olga.pages.get(&call).await, "[name=to][value=closed]").await.location();
    let closed = bob.pages.get(&call).await.expect(200);
    assert_eq!(titles(&closed), ["This Cheese Is Full Of Nails", "Where Did I Put That Thing?"]);
    assert!(!closed.has(".vote") && closed.has(".talk-tally"));
    press(&olga, &olga.pages.get(&call).await, "[name=to][value=announced]").await.location();
    let results = bob.pages.get(&format!("{call}/results")).await.expect(200);
    assert_eq!(results.texts(".winner a")[0], "This Cheese Is Full Of Nails");
    assert!(results.text().contains("pawdium talks verify") && results.texts(".hash")[0].len() == 64);
    assert_eq!(results.texts(".talk-place"), ["Place 1", "Place 2"]);
    let receipts = ada.pages.get(&format!("{call}/receipt")).await.expect(200);
    assert_eq!(receipts.texts(".receipts .badge"), ["counted"]);
    let receipt = receipts.texts(".receipt-facts code")[0].clone();
    let list = site.get(&format!("{call}/receipts.txt")).await.expect(200).text();
    assert_eq!(list, format!("{talk} {receipt}\n"));
    let found = site.get(&format!("{call}/receipt?receipt={receipt}")).await.expect(200);
    assert!(found.has(".flash.good"));
    assert!(site.get(&format!("{call}/receipt?receipt=abc")).await.expect(200).has(".flash.bad"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_vote_says_what_is_wanted_so_a_second_press_changes_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members" })).await;
    let talk = olga.pitch(call, "Naps").await;
    olga.move_to(call, "voting").await;
    let page = ada.pages.get(&format!("/calls/{call}")).await.expect(200);
    for _ in 0..2 {
        let back = press(&ada, &page, ".vote").await;
        assert_eq!(back.location(), format!("/calls/{call}#talk-{talk}"));
        assert_eq!(site.ask::<i64>("select count(*) from talk_votes").await, 1);
    }
    let voted = ada.pages.get(&format!("/calls/{call}")).await.expect(200);
    press(&ada, &voted, ".vote").await.location();
    assert_eq!(site.ask::<i64>("select count(*) from talk_votes").await, 0);
    let elsewhere = [("voted", "true"), ("back", "https://evil.test/")];
    let back = ada.pages.post(&format!("/talks/{talk}/vote"), &elsewhere).await;
    assert_eq!(back.location(), format!("/#talk-{talk}"), "the site leads nowhere else");
    ada.pages.post(&format!("/talks/{talk}/vote"), &[("voted", "perhaps")]).await.expect(400);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_script_is_answered_with_the_part_and_a_refusal_with_its_reason(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members", "votes_each": 1 })).await;
    let (one, two) = (olga.pitch(call, "Naps").await, olga.pitch(call, "Boxes").await);
    olga.move_to(call, "voting").await;
    let vote = async |talk: i64| {
        let form = [("voted", "true"), ("back", &format!("/calls/{call}"))]
            .map(|(key, value)| (key, value.to_owned()));
        let request =
            ada.pages.own(&format!("/talks/{talk}/vote")).header("pawdium-part", "board").form(&form);
        Answer::to(request).await
    };
    let first = vote(one).await.expect(200);
    assert!(first.text().trim_start().starts_with("<div class=\"board\""), "{}", first.text());
    assert_eq!(first.attribute(&format!("#talk-{one} .vote"), "aria-pressed"), "true");
    assert!(first.has(&format!("#talk-{two} .vote[disabled]")), "no vote is left for it");
    let second = vote(two).await.expect(403);
    assert!(second.texts("[data-refused]")[0].contains("no vote left"));
    assert_eq!(second.attribute(&format!("#talk-{one} .vote"), "aria-pressed"), "true");
    olga.move_to(call, "closed").await;
    let late = vote(two).await.expect(403);
    assert!(late.texts("[data-refused]")[0].contains("ended"));
    assert_eq!(late.attribute("[data-board]", "data-board"), "closed");
    assert_eq!(site.ask::<i64>("select count(*) from talk_votes").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_cant_vote_is_told_why_and_what_to_do(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    let hub = site.hub_of("cats", &[&olga]).await;
    for (voters, member_hint) in [("members", "Join"), ("verified", "Verify")] {
        let call = site.open_call(&olga, "cats", json!({ "voters": voters })).await;
        olga.pitch(call, "Naps").await;
        olga.move_to(call, "voting").await;
        let path = format!("/calls/{call}");
        let nobody = site.get(&path).await.expect(200);
        assert!(nobody.has(".hint-line a[href^='/login?next=']") && !nobody.has(".vote"));
        let stranger = ada.pages.get(&path).await.expect(200);
        assert!(stranger.texts(".hint-line").iter().any(|hint| hint.contains(member_hint)), "{voters}");
        assert!(!stranger.has(".vote") && !stranger.has(".votes-bar"));
    }
    let call = site.open_call(&olga, "cats", json!({ "voters": "anybody" })).await;
    olga.pitch(call, "Naps").await;
    olga.move_to(call, "voting").await;
    site.archive(hub).await;
    let page = ada.pages.get(&format!("/calls/{call}")).await.expect(200);
    assert!(page.texts(".hint-line").iter().any(|hint| hint.contains("archived")) && !page.has(".vote"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_guest_votes_on_the_page_that_was_served_and_keeps_the_order(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub_of("cats", &[&olga]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "anybody", "totals": "shown" })).await;
    for number in 0..9 {
        olga.pitch(call, &format!("Talk {number}")).await;
    }
    olga.move_to(call, "voting").await;
    let guest = Person { id: 0, name: String::new(), api: site.api(), pages: site.visitor() };
    let path = format!("/calls/{call}");
    let page = guest.pages.get(&path).await.expect(200);
    let order = titles(&page);
    press(&guest, &page, ".vote").await.location();
    let after = guest.pages.get(&path).await.expect(200);
    assert_eq!(titles(&after), order, "the order of a guest stays");
    assert_eq!(after.texts(".talk-tally span"), ["· 1 of guests"], "apart from members' votes");
    assert_eq!(site.ask::<i64>("select sum(votes)::bigint from talks").await, 0);

    let (action, fields) = form_of(&page, ".vote");
    let stolen: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let script = site.visitor();
    for form in [&stolen[..], &[("voted", "true")]] {
        let talk = script.post(&action, form).await.location().to_owned();
        let page = script.get(&talk).await.expect(200);
        assert_eq!(page.texts(".talk-refused").len(), 1, "{talk}: the reason");
    }
    assert_eq!(site.ask::<i64>("select count(*) from talk_votes").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn orders_differ_between_voters_and_stay_over_pages_and_devices(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&olga, &ada, &bob]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members" })).await;
    // More than a member pitches, and more than a page shows.
    let authors = site.crowd("author", 3).await;
    site.join("cats", &authors.iter().collect::<Vec<_>>()).await;
    for (author, first) in authors.iter().zip([0, 10, 20]) {
        for number in first..first + 10 {
            author.pitch(call, &format!("Talk {number}")).await;
        }
    }
    let path = format!("/calls/{call}");
    assert_eq!(titles(&ada.pages.get(&path).await)[0], "Talk 29", "newest first before the vote");
    olga.move_to(call, "voting").await;
    let all = async |person: &Person| {
        let first = person.pages.get(&path).await.expect(200);
        let next = first.attribute("[rel=next]", "href");
        let second = person.pages.get(&next).await.expect(200);
        assert_eq!(first.texts(".board-count"), ["1 to 20 of 30 talks"]);
        [titles(&first), titles(&second)].concat()
    };
    let (adas, bobs) = (all(&ada).await, all(&bob).await);
    assert_eq!(adas, all(&ada).await, "the same over reloads");
    assert_eq!(adas, all(&site.log_in("ada").await).await, "and on another device");
    assert_ne!(adas, bobs);
    let mut sorted = adas.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), 30, "paging shows each once");

    let nobody = Person { id: 0, name: String::new(), api: site.api(), pages: site.visitor() };
    let whole = nobody.pages.get(&path).await.expect(200);
    assert_eq!(titles(&whole).len(), 30, "visitors have the whole list, which their browser puts in order");
    assert!(nobody.pages.cookie("visitor").is_none(), "who can't vote gets no cookie");
    let reached = "select reached::bigint from call_readers where voter_id = $1";
    assert_eq!(site.ask_of::<i64>(reached, ada.id).await, 30);
}
