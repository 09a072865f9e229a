//! Talks that are hidden: who keeps them so, who still reads them, and what results say of them.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site};
use crate::sanctions::{lift, sanction};

async fn moderate(by: &Person, talk: i64, act: &str) -> Answer {
    by.pages.post(&format!("/talks/{talk}/moderate"), &[("act", act), ("reason", "Off topic")]).await
}

async fn state(site: &Site, talk: i64) -> String {
    site.ask_of("select state from talks where id = $1", talk).await
}

/// That the owner of the hub is told why the talk stays hidden, and can't show it by a forged form either.
async fn stays_hidden(site: &Site, by: &Person, talk: i64, why: &str) {
    let page = by.pages.get(&format!("/talks/{talk}")).await.expect(200);
    assert!(!page.has("button[value=approve]"), "no button that would be refused");
    assert!(page.texts(".hint-line").iter().any(|line| line.contains(why)), "{:?}", page.texts(".hint-line"));
    let refused = moderate(by, talk, "approve").await.expect(403).text();
    assert!(refused.contains(why), "{refused}");
    assert_eq!(state(site, talk).await, "hidden");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn owners_of_a_hub_dont_show_what_the_site_has_hidden(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (olga, ada, mo) = (site.member("olga").await, site.member("ada").await, site.moderator("mo").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let call = site.open_call(&olga, "cats", json!({})).await;
    let (own, adas) = (olga.pitch(call, "My own").await, ada.pitch(call, "Naps").await);

    // What a moderator has hidden, be it the owner's own.
    moderate(&mo, own, "hide").await.location();
    stays_hidden(&site, &olga, own, "Only its moderators").await;
    moderate(&mo, own, "approve").await.location();
    assert_eq!(state(&site, own).await, "shown");
    moderate(&olga, own, "hide").await.location();
    moderate(&olga, own, "approve").await.location();
    assert_eq!(state(&site, own).await, "shown", "what owners hide they show again");

    // What waits for moderators because of reports.
    for witness in &site.trusted("witness", 3).await {
        witness.flag(&format!("talks/{own}")).await;
    }
    stays_hidden(&site, &olga, own, "Only its moderators").await;
    mo.judge(site.open_case().await, "dismiss", "").await.location();
    assert_eq!(state(&site, own).await, "shown");

    // What a sanction of the author hides, which moderators alone are told.
    let hidden_before = ada.pitch(call, "Boxes").await;
    moderate(&olga, hidden_before, "hide").await.location();
    sanction(&mo, "ada", "suspend", "2", "hide").await.location();
    site.settle().await;
    for talk in [adas, hidden_before] {
        stays_hidden(&site, &olga, talk, "Only its moderators").await;
        stays_hidden(&site, &mo, talk, "A sanction of its author").await;
    }
    lift(&site, &mo).await;
    site.settle().await;
    assert_eq!(
        (state(&site, adas).await, state(&site, hidden_before).await),
        ("shown".into(), "hidden".into())
    );
    moderate(&olga, hidden_before, "approve").await.location();
    assert_eq!(state(&site, hidden_before).await, "shown");
    assert_eq!(site.ask::<i64>("select count(*) from withheld").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_author_reads_a_talk_of_theirs_that_is_hidden_and_others_dont(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&olga, &ada, &bob]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members" })).await;
    let (talk, _) = (ada.pitch(call, "Naps").await, bob.pitch(call, "Boxes").await);
    for phase in ["pitch", "voting", "closed"] {
        if phase != "pitch" {
            olga.move_to(call, phase).await;
        }
        if phase == "voting" {
            bob.vote(talk).await.expect(200);
        }
        moderate(&olga, talk, "hide").await.location();
        for reader in [&ada, &olga] {
            let board = reader.pages.get(&format!("/calls/{call}")).await.expect(200);
            let link = format!(".talk-title a[href='/talks/{talk}']");
            assert!(board.has(&link), "{phase}: {}'s list names it", reader.name);
            let page = reader.pages.get(&format!("/talks/{talk}")).await.expect(200);
            assert_eq!(page.texts(".talk-by .badge.processing"), ["hidden"], "{phase}");
            assert!(!page.has(".vote-form, [href$=edit]"), "{phase}");
        }
        let board = bob.pages.get(&format!("/calls/{call}")).await.expect(200);
        assert!(!board.text().contains("Naps"), "{phase}");
        bob.pages.get(&format!("/talks/{talk}")).await.expect(404);
        // Those who voted for it are not shown what it was called either.
        if phase != "pitch" {
            let receipt = bob.pages.get(&format!("/calls/{call}/receipt")).await.expect(200);
            assert!(!receipt.text().contains("Naps"), "{phase}");
            assert_eq!(receipt.texts(".receipt-head h3"), ["A talk that is hidden"], "{phase}");
            let own = bob.api.get(&format!("calls/{call}/receipts")).await.expect(200).json();
            assert_eq!((&own["data"][0]["talk"], &own["data"][0]["title"]), (&json!(talk), &Value::Null));
        }
        moderate(&olga, talk, "approve").await.location();
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn places_stay_those_of_the_result_when_a_talk_is_hidden_or_shown_after_the_close(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members" })).await;
    let mut talks = Vec::new();
    for title in ["Naps", "Boxes", "String", "Left out"] {
        talks.push(ada.pitch(call, title).await);
    }
    let [naps, boxes, _, left_out] = talks[..] else { panic!("four") };
    let voters = site.crowd("voter", 3).await;
    site.join("cats", &voters.iter().collect::<Vec<_>>()).await;
    olga.move_to(call, "voting").await;
    for (count, voter) in (1..).zip(&voters) {
        voter.vote(left_out).await.expect(200);
        for talk in &talks[..count.min(2)] {
            voter.vote(*talk).await.expect(200);
        }
    }
    moderate(&olga, left_out, "hide").await.location();
    olga.move_to(call, "closed").await;
    let before = site.api().get(&format!("calls/{call}/results")).await.expect(200).json();
    assert_eq!(before["talks"][0]["id"], naps);

    moderate(&olga, naps, "hide").await.location();
    moderate(&olga, left_out, "approve").await.location();
    let results = site.get(&format!("/calls/{call}/results")).await.expect(200);
    assert_eq!(results.texts(".winner"), ["A talk that was hidden since"]);
    assert!(!results.has(&format!("[href='/talks/{naps}']")), "nothing leads to what is gone");
    for page in [ada.pages.get(&format!("/calls/{call}")).await, site.get(&format!("/calls/{call}")).await] {
        let place = |talk: i64| page.texts(&format!("#talk-{talk} .talk-place"));
        assert_eq!(place(boxes), ["Place 2"], "as in the results");
        assert_eq!(place(left_out), Vec::<String>::new(), "the result doesn't contain it");
        assert!(!page.has(&format!("#talk-{left_out} .talk-tally")), "its votes weren't counted");
    }
    let seen = ada.see(call).await;
    let shown = seen["talks"].as_array().expect("a list");
    let last = shown.iter().find(|talk| talk["id"] == left_out).expect("it is shown again");
    assert_eq!(last["votes"], Value::Null);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_an_owner_never_approved_is_in_no_history(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&olga, &ada, &bob]).await;
    let call = site.open_call(&olga, "cats", json!({ "moderated": true })).await;
    let talk = ada.pitch(call, "Naps").await;
    moderate(&olga, talk, "approve").await.location();
    for title in ["Buy my mice", "Long naps"] {
        let change = json!({ "title": title });
        ada.api.patch(&format!("talks/{talk}"), change).await.expect(200);
    }
    moderate(&olga, talk, "approve").await.location();
    let said = async |by: &Person| by.pages.get(&format!("/talks/{talk}")).await.texts(".revisions h2");
    assert_eq!(said(&bob).await, ["Naps"]);
    assert_eq!(said(&ada).await, ["Buy my mice", "Naps"]);
    assert_eq!(said(&olga).await, ["Buy my mice", "Naps"]);
    let page = site.get(&format!("/talks/{talk}")).await.expect(200);
    assert!(!page.text().contains("mice") && page.has(".revisions"));
}
