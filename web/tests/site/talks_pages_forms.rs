//! The forms of calls and talks: times in the hub's zone, refused fields, and what owners do to talks and votes.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use super::talks_pages::{press, titles};
use crate::harness::Site;

#[sqlx::test(migrator = "MIGRATIONS")]
async fn times_are_those_of_the_hubs_clocks(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let settings = olga.pages.get("/h/cats/settings").await.expect(200);
    assert_eq!(settings.attribute("#time_zone [selected]", "value"), "UTC");
    let refused = olga.pages.post("/h/cats/settings", &[("time_zone", "Mars/Olympus")]).await.expect(400);
    assert!(refused.has("#time_zone[aria-invalid]") && refused.has("#time_zone-error"));
    ada.pages.post("/h/cats/settings", &[("time_zone", "Europe/Berlin")]).await.expect(403);
    olga.pages.post("/h/cats/settings", &[("time_zone", "Europe/Berlin")]).await.location();
    assert_eq!(site.ask::<String>("select time_zone from hubs where slug = 'cats'").await, "Europe/Berlin");

    let form = olga.pages.get("/h/cats/calls/new").await.expect(200);
    assert!(form.texts(".call-times .field-hint")[0].contains("Europe/Berlin"));
    let make = async |voting: &str, closes: &str| {
        let fields =
            [("title", "Talks"), ("voters", "members"), ("voting_from", voting), ("closes_at", closes)];
        olga.pages.post("/h/cats/calls/new", &fields).await
    };
    // Clocks go forward on 28 March 2027 and back on 31 October.
    let skipped = make("2027-03-28T02:30", "2027-10-31T02:30").await.expect(400);
    assert!(skipped.texts("#voting_from-error")[0].contains("skip"));
    assert!(skipped.texts("#closes_at-error")[0].contains("twice"), "both fields are explained at once");
    assert_eq!(skipped.attribute("#voting_from", "value"), "2027-03-28T02:30", "what was written stays");
    assert!(make("2027-06-01T18:00", "2027-05-01T18:00").await.expect(400).has("#closes_at-error"));
    assert!(make("whenever", "").await.expect(400).has("#voting_from-error"));
    assert_eq!(site.ask::<i64>("select count(*) from calls").await, 0);

    let call = make("2027-06-01T18:00", "2027-12-01T18:00").await.location().to_owned();
    let stored = "select to_char(voting_from at time zone 'UTC', 'HH24:MI') || ' ' || to_char(closes_at at time zone 'UTC', 'HH24:MI')
                  from calls";
    assert_eq!(site.ask::<String>(stored).await, "16:00 17:00", "summer and winter");
    let page = olga.pages.get(&call).await.expect(200);
    assert_eq!(page.texts(".phase time"), ["1 Jun, 18:00", "1 Dec, 18:00"]);
    let edit = olga.pages.get(&format!("{call}/edit")).await.expect(200);
    assert_eq!(edit.attribute("#voting_from", "value"), "2027-06-01T18:00");
    // A time between whole minutes stays as it is, if the form says the same.
    site.change("update calls set voting_from = voting_from + interval '17 seconds'").await;
    let fields =
        [("title", "More talks"), ("voting_from", "2027-06-01T18:00"), ("closes_at", "2027-12-01T18:00")];
    olga.pages.post(&format!("{call}/edit"), &fields).await.location();
    assert_eq!(
        site.ask::<i32>("select round(extract(second from voting_from))::integer from calls").await,
        17
    );
    assert_eq!(site.ask::<String>("select title from calls").await, "More talks");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_refused_form_keeps_what_was_written_and_explains_each_field(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let untitled =
        olga.pages.post("/h/cats/calls/new", &[("title", " "), ("text", "Soon")]).await.expect(400);
    assert!(untitled.has("#title[aria-invalid][autofocus]") && untitled.texts("#text")[0] == "Soon");
    let many = [("title", "Talks"), ("votes_each", "many")];
    assert!(olga.pages.post("/h/cats/calls/new", &many).await.expect(400).has("#votes_each-error"));
    let call = site.open_call(&olga, "cats", json!({})).await;
    let pitch = format!("/calls/{call}/pitch");
    let long = "x".repeat(2001);
    let refused = ada.pages.post(&pitch, &[("title", "Naps"), ("description", &long)]).await.expect(400);
    assert!(refused.texts("#description-error")[0].contains("2,000"));
    assert_eq!(refused.attribute("#title", "value"), "Naps");
    assert!(ada.pages.post(&pitch, &[("title", "")]).await.expect(400).has("#title-error"));
    assert!(
        ada.pages.post(&pitch, &[("title", "Naps"), ("photo", "7")]).await.expect(400).has("#photo-error")
    );
    ada.pages.post(&pitch, &[("title", "Naps"), ("description", &"ä".repeat(2000))]).await.location();
    let twice = ada.pages.post(&pitch, &[("title", "naps")]).await.expect(409);
    assert!(twice.texts("#title-error")[0].contains("already"));
    let photo = site.photo().by(&ada).titled("Asleep").live().await;
    let with_photo = [("title", "Boxes"), ("photo", &*photo.to_string())];
    ada.pages.post(&pitch, &with_photo).await.location();
    assert!(olga.pages.get(&format!("/calls/{call}")).await.expect(200).has(".talk-picture img[alt]"));
    let form = ada.pages.get(&pitch).await.expect(200);
    assert!(form.has(&format!(".photo-choice input[value='{photo}']")));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pitches_are_edited_with_their_history_withdrawn_and_approved(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&olga, &ada, &bob]).await;
    let call = site.open_call(&olga, "cats", json!({ "moderated": true, "blind": true })).await;
    let path = format!("/calls/{call}");
    ada.pages.post(&format!("{path}/pitch"), &[("title", "Naps")]).await.location();
    let waits = ada.pages.get(&path).await.expect(200);
    assert!(waits.texts(".flash")[0].contains("waits"));
    assert!(waits.texts(".board-own .badge").contains(&"waits for an owner".to_owned()));
    assert!(!bob.pages.get(&path).await.text().contains("Naps"), "nobody else sees it");
    let owner = olga.pages.get(&path).await.expect(200);
    assert_eq!(owner.texts(".board-waiting .talk-title"), ["Naps"]);
    press(&olga, &owner, ".board-waiting [value=approve]").await.location();
    let seen = bob.pages.get(&path).await.expect(200);
    assert_eq!(titles(&seen), ["Naps"]);
    assert!(!seen.text().contains("/members/ada"), "names are hidden until the close");

    let talk: i64 = site.ask("select id from talks").await;
    let edit = format!("/talks/{talk}/edit");
    bob.pages.get(&edit).await.expect(403);
    ada.pages.post(&edit, &[("title", "Long naps"), ("description", "On sofas")]).await.location();
    assert!(!bob.pages.get(&path).await.text().contains("naps"), "it waits again");
    press(&olga, &olga.pages.get(&path).await, ".board-waiting [value=approve]").await.location();
    let one = bob.pages.get(&format!("/talks/{talk}")).await.expect(200);
    assert_eq!(one.texts(".revisions h2"), ["Naps"], "what it said before");
    assert!(one.texts(".revisions summary")[0].contains("Edited 1 time"));

    let hide = format!("/talks/{talk}/moderate");
    bob.pages.post(&hide, &[("act", "hide"), ("reason", "No.")]).await.expect(403);
    let unexplained = olga.pages.post(&hide, &[("act", "hide"), ("reason", " ")]).await.expect(400);
    assert!(unexplained.has("details[open] #reason-error"));
    olga.pages.post(&hide, &[("act", "hide"), ("reason", "No cats in it")]).await.location();
    bob.pages.get(&format!("/talks/{talk}")).await.expect(404);
    assert_eq!(olga.pages.get(&path).await.texts("#hidden ~ .talk-lines .talk-title"), ["Long naps"]);
    press(&olga, &olga.pages.get(&format!("/talks/{talk}")).await, "[value=approve]").await.location();
    press(&ada, &ada.pages.get(&path).await, "[action$=withdraw] button").await.location();
    assert!(bob.pages.get(&path).await.has(".nothing a[href$=pitch]"), "an empty call offers the next step");
    olga.move_to(call, "voting").await;
    ada.pages.get(&format!("{path}/pitch")).await.expect(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_call_moves_once_however_many_owners_press(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, oleg, ada) = (site.member("olga").await, site.member("oleg").await, site.member("ada").await);
    let hub = site.hub_of("cats", &[&olga, &ada]).await;
    site.give_role(hub, &oleg, "owner").await;
    let call = site.open_call(&olga, "cats", json!({})).await;
    let path = format!("/calls/{call}");
    let both = olga.pages.get(&path).await.expect(200);
    press(&olga, &both, "[name=to][value=voting]").await.location();
    press(&oleg, &both, "[name=to][value=voting]").await.location();
    assert!(oleg.pages.get(&path).await.has(".flash.bad"), "the other was faster");
    assert_eq!(site.ask::<String>("select call_phase(calls) from calls").await, "voting");
    let phase = format!("{path}/phase");
    ada.pages.post(&phase, &[("from", "voting"), ("to", "closed")]).await.expect(403);
    olga.pages.post(&phase, &[("from", "voting"), ("to", "pitch")]).await.expect(400);
    assert!(!ada.pages.get(&path).await.has(".call-moves"));
    let edit = olga.pages.get(&format!("{path}/edit")).await.expect(200);
    assert!(!edit.has("[name=voters]"), "who votes is settled");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn owners_see_voters_and_set_votes_of_one_device_aside_with_a_reason(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, bob) = (site.member("olga").await, site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&olga, &ada, &bob]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members" })).await;
    let talk = olga.pitch(call, "Naps").await;
    olga.move_to(call, "voting").await;
    let (path, dashboard) = (format!("/calls/{call}"), format!("/calls/{call}/dashboard"));
    press(&ada, &ada.pages.get(&path).await, ".vote").await.location();
    let device = ada.pages.cookie("device").expect("the browser has an id");
    bob.pages.keep(&format!("device={device}"));
    press(&bob, &bob.pages.get(&path).await, ".vote").await.location();
    for stranger in [&ada.pages, &site.visitor()] {
        for page in [&dashboard, &format!("{dashboard}/part"), &format!("{path}/votes.csv")] {
            stranger.get(page).await.expect(403);
        }
    }
    let page = olga.pages.get(&format!("{dashboard}?talk={talk}")).await.expect(200);
    assert_eq!(page.texts(".top-talks b"), ["2"]);
    assert_eq!(page.texts("#voters .voter-name"), ["bob", "ada"], "the latest first");
    assert!(page.texts("#voters .voter-facts")[0].contains("1 vote cast"));
    assert!(page.has(".pace-line polyline"), "votes a minute");
    let signs = page.texts(".signs li");
    assert!(signs.iter().any(|sign| sign.contains("one browser")), "{signs:?}");
    assert!(page.text().contains("no proof"));

    let judge = format!("{path}/votes/set-aside");
    let bobs = bob.id.to_string();
    let form =
        |act, reason| [("voter", bobs.clone()), ("act", String::from(act)), ("reason", String::from(reason))];
    let post = async |person: &crate::harness::Person, act: &'static str, reason: &'static str| {
        let form = form(act, reason);
        let form: Vec<_> = form.iter().map(|(key, value)| (*key, value.as_str())).collect();
        person.pages.post(&judge, &form).await
    };
    post(&ada, "set-aside", "Same device").await.expect(403);
    assert!(post(&olga, "set-aside", " ").await.expect(400).has(".flash.bad"));
    let unchosen = olga.pages.post(&judge, &[("act", "set-aside"), ("reason", "Why")]).await.expect(400);
    assert!(unchosen.texts(".flash.bad")[0].contains("whose"));
    post(&olga, "set-aside", "Same device").await.location();
    assert_eq!(site.ask::<i32>("select votes from talks").await, 1);
    assert!(
        bob.pages.get(&format!("{path}/receipt")).await.text().contains("Same device"),
        "the voter reads why"
    );
    let aside = olga.pages.get(&dashboard).await.expect(200);
    assert!(aside.has(".device .badge.failed") && aside.has(".device [value=restore]"));
    post(&olga, "restore", "They talked to me").await.location();
    assert_eq!(site.ask::<i32>("select votes from talks").await, 2);
    let audited =
        "select count(*) from audit_log where detail->>'reason' in ('Same device', 'They talked to me')";
    assert_eq!(site.ask::<i64>(audited).await, 2);
    let csv = olga.pages.get(&format!("{path}/votes.csv")).await.expect(200);
    assert_eq!(csv.text().lines().count(), 3);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_of_a_private_hubs_call_are_for_its_members(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, eve) = (site.member("olga").await, site.member("ada").await, site.member("eve").await);
    let hub = site.hub_of("secret", &[&olga, &ada]).await;
    let call = site.open_call(&olga, "secret", json!({ "voters": "anybody" })).await;
    let talk = olga.pitch(call, "Naps").await;
    olga.move_to(call, "voting").await;
    site.make_private(hub).await;
    let paths = [
        "/h/secret/talks".to_owned(),
        "/h/secret/talks/part".to_owned(),
        format!("/calls/{call}"),
        format!("/calls/{call}/part"),
        format!("/calls/{call}/results"),
        format!("/calls/{call}/receipt"),
        format!("/calls/{call}/receipts.txt"),
        format!("/calls/{call}/dashboard"),
        format!("/calls/{call}/pitch"),
        format!("/calls/{call}/edit"),
        format!("/talks/{talk}"),
        format!("/talks/{talk}/edit"),
    ];
    for path in &paths {
        let answers = [eve.pages.get(path).await, site.get(path).await];
        for answer in answers {
            answer.expect(404);
        }
        let nothing = path.replace(&call.to_string(), "777").replace(&format!("talks/{talk}"), "talks/777");
        if nothing != *path {
            eve.pages.get(&nothing).await.expect(404);
        }
    }
    eve.pages.post(&format!("/talks/{talk}/vote"), &[("voted", "true")]).await.expect(404);
    ada.pages.get(&paths[2]).await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_dashboard_shows_the_most_suspicious_of_many_and_chooses_only_likely_ones(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub_of("cats", &[&olga]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members" })).await;
    olga.pitch(call, "Naps").await;
    olga.move_to(call, "voting").await;
    // Couples who share a tablet, and one browser with five new accounts.
    for statement in [
        "insert into users (name, email, password_hash, rater_key, registered_at, created_at)
         select 'voter' || n, 'voter' || n || '@example.org', 'none', n, now(),
                now() - case when n <= 5 then interval '1 minute' else interval '1 year' end
         from generate_series(1, 245) as n",
        "insert into talk_votes (talk_id, voter_id, call_id, nonce, device, at)
         select talks.id, users.id, call_id, decode(md5(users.name), 'hex'),
                decode(md5(case when rater_key <= 5 then 'one' else (rater_key / 2)::text end), 'hex'),
                now() - rater_key * interval '2 minutes'
         from talks, users where users.name like 'voter%'",
    ] {
        site.change(statement).await;
    }
    let page = olga.pages.get(&format!("/calls/{call}/dashboard")).await.expect(200);
    assert_eq!(page.texts(".device").len(), 100);
    assert!(
        page.texts(".hint-line").iter().any(|line| line.contains("21 more are")),
        "{:?}",
        page.texts(".hint-line")
    );
    assert!(page.texts(".device h3")[0].contains("likely one person"));
    assert_eq!(page.texts(".device input[checked]").len(), 5, "those of the likely one");
}
