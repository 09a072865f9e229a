//! What the demo fills a site with.

use std::collections::BTreeSet;
use std::time::Duration;

use pawdium_demo::logins::PASSWORD;
use pawdium_demo::seed::{self, Amounts, Bustle};
use pawdium_shared::db::{Db, MIGRATIONS};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Site};

/// All that acts of the demo's people change.
async fn state(site: &Site) -> String {
    site.ask(
        "select concat((select sum(value) from ratings), ' ', (select count(*) from ratings), ' ',
                       (select count(*) from hub_roles), ' ', (select count(*) from hub_photos), ' ',
                       (select count(*) from talk_votes), ' ', (select count(*) from talks), ' ',
                       (select count(*) from calls), ' ', (select count(*) from comments))",
    )
    .await
}

async fn hubs(ada: &Person) -> Vec<Value> {
    let list = ada.api.get("hubs?limit=100&sort=name").await.expect(200).json();
    list["data"].as_array().expect("a list").clone()
}

fn number(hub: &Value, key: &str) -> i64 {
    hub[key].as_i64().expect("a number")
}

/// One hub has a call in each phase, and the last one tallies as it should.
async fn calls_are_there(site: &Site, ada: &Person) {
    // Drafts are listed for owners and moderators, and ada is an admin.
    let calls = ada.api.get("hubs/one-braincell/calls").await.expect(200).json();
    let mut phases: Vec<_> =
        calls["data"].as_array().expect("a list").iter().map(|call| call["phase"].clone()).collect();
    phases.sort_by_key(Value::to_string);
    assert_eq!(phases, ["announced", "closed", "draft", "pitch", "voting"]);

    let tally = async |phase: &str| {
        let call = calls["data"].as_array().expect("a list").iter().find(|call| call["phase"] == phase);
        let call = site.api().get(&format!("calls/{}", call.expect("a call")["id"])).await.expect(200).json();
        let talks = call["talks"].as_array().expect("a list");
        talks.iter().map(|talk| (talk["title"].clone(), talk["votes"].clone())).collect::<Vec<_>>()
    };
    let classics = [
        ("Where Did I Put That Thing?", 3),
        ("This Cheese Is Full Of Nails", 2),
        ("Having The Time Of Your Life", 1),
    ];
    assert_eq!(tally("announced").await, classics.map(|(title, votes)| (json!(title), json!(votes))));
    let voting = tally("voting").await;
    assert!((8..=12).contains(&voting.len()), "{voting:?}");
    assert!(voting.iter().all(|(_, votes)| votes.is_null()), "who leads is hidden: {voting:?}");
    let authors = "select count(distinct author_id) from talks join calls on calls.id = call_id
                   where call_phase(calls) = 'voting' and totals = 'hidden'";
    assert!(site.ask::<i64>(authors).await >= 4);
    let with_widget = "select count(*) from widgets join hubs on hubs.id = hub_id
                       where kind = 'talks' and slug in ('one-braincell', 'small-and-round')";
    assert_eq!(site.ask::<i64>(with_widget).await, 2);
    for (hub, shows) in [("one-braincell", "The Great Indoors"), ("small-and-round", "Cheek Pouches")] {
        let page = site.visitor().get(&format!("/h/{hub}")).await.expect(200);
        assert!(page.text().contains(shows), "{hub} shows {shows}");
    }
}

/// A member has an import with receipts of each kind, and one that is under way.
async fn an_import_is_under_way(site: &Site, bo: &Person) {
    let ids = "select array_agg(id order by id) from imports";
    let [first, second] = site.ask::<Vec<i64>>(ids).await.try_into().expect("two imports");
    let kinds = async |import: i64| {
        let import = bo.api.get(&format!("imports/{import}")).await.expect(200).json();
        let outcomes =
            import["files"].as_array().expect("a list").iter().map(|file| file["outcome"].to_string());
        (import["state"].clone(), outcomes.collect::<BTreeSet<_>>())
    };
    let all = ["\"duplicate\"", "\"failed\"", "\"imported\"", "\"refused\""];
    assert_eq!(kinds(first).await, (json!("done"), all.map(str::to_owned).into()));
    let some = ["\"imported\"", "null"];
    assert_eq!(kinds(second).await, (json!("importing"), some.map(str::to_owned).into()));
    assert!(bo.pages.get(&format!("/imports/{second}")).await.expect(200).has("progress"));
}

/// Forgets the last act of the calls, as if the run had been interrupted right before it.
async fn interrupt(pool: &PgPool) {
    for undo in [
        "delete from call_results where call_id = (select max(id) from calls)",
        "update calls set announced_at = null, closes_at = null, told_phase = 'voting'
         where id = (select max(id) from calls)",
        "with gone as (delete from talk_votes where (talk_id, voter_id) = (select talk_id, max(voter_id) from talk_votes
                       where call_id = (select max(id) from calls) group by talk_id order by talk_id limit 1)
                       returning talk_id)
         update talks set votes = votes - 1 from gone where id = talk_id",
    ] {
        sqlx::query(undo).execute(pool).await.expect("it is undone");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_demo_has_hubs_full_of_life(pool: PgPool) {
    let site = Site::start_with_worker(pool.clone()).await;
    let db = Db::from(pool.clone());
    assert!(!seed::is_finished(&db).await.expect("no error"));
    let amounts = Amounts { photos: 20, raters: 2, patience: Duration::from_mins(3) };
    seed::seed(&site.base, &db, amounts, |_| ()).await.expect("it is filled");
    assert!(seed::is_finished(&db).await.expect("no error"));

    let ada = json!({ "email": "ada@pawdium.example", "password": PASSWORD });
    let ada = Person::of(&site, &site.api().post("tokens", ada).await.expect(201).json());
    let hubs = hubs(&ada).await;
    assert_eq!(hubs.len(), 6);
    for hub in &hubs {
        assert!(number(hub, "members") >= 3 && number(hub, "subscribers") >= 1, "{hub}");
        assert!(number(hub, "photos") >= 1, "{hub}");
        assert_eq!(hub["owners"].as_array().map(Vec::len), Some(2), "{hub}");
    }
    assert!(hubs.iter().any(|hub| number(hub, "members") >= 12));
    for (key, value, count) in
        [("join", "open", 3), ("join", "request", 1), ("join", "invite", 2), ("visibility", "private", 1)]
    {
        assert_eq!(hubs.iter().filter(|hub| hub[key] == value).count(), count, "{key} {value}");
    }
    let archived: Vec<_> = hubs.iter().filter(|hub| hub["archived"] == true).collect();
    assert_eq!(archived.len(), 1);
    assert_eq!(site.ask::<i64>("select count(*) from hub_requests").await, 3);
    let idle =
        "select count(*) from hubs where archived_at is not null and active_at < now() - interval '31 days'";
    assert_eq!(site.ask::<i64>(idle).await, 1);

    let mut placed = BTreeSet::new();
    for hub in &hubs {
        let path = format!("hubs/{}", hub["slug"].as_str().expect("a slug"));
        let page = ada.api.get(&path).await.expect(200).json();
        let widgets = page["widgets"].as_array().expect("a list");
        placed.extend(widgets.iter().map(|widget| widget["kind"].as_str().expect("a kind").to_owned()));
        let about = widgets.iter().find(|widget| widget["kind"] == "about").expect("each has one");
        assert_ne!(about["config"]["text"], "", "{path}");
    }
    for kind in site.kinds_for("hubs").await {
        assert!(placed.contains(kind["kind"].as_str().expect("a name")), "{kind} is on no page");
    }
    for kind in site.kinds_for("profiles").await.iter().filter(|kind| kind["pages"] == "profiles") {
        let profiles = sqlx::query_scalar(
            "select count(*) from widgets join hubs on hubs.id = hub_id where kind = $1 and slug is null",
        );
        let profiles: i64 = profiles.bind(kind["kind"].as_str()).fetch_one(&pool).await.expect("a count");
        assert!(profiles > 0, "{kind} is on no profile");
    }

    calls_are_there(&site, &ada).await;
    assert_eq!(site.ask::<i16>("select max(depth) from photos where state = 'live'").await, 2);
    let drafts = ada.api.get("users/me/drafts").await.expect(200).json();
    let expires = drafts["data"][0]["expires_at"].as_str().expect("a time");
    let expires: chrono::DateTime<chrono::Utc> = expires.parse().expect("a time");
    assert_eq!((expires - chrono::Utc::now()).num_days(), 2, "{drafts}");
    let said = "select concat_ws(' ', count(*) filter (where state = 'shown') >= 10,
                                 count(*) filter (where state = 'held'),
                                 count(*) filter (where reply_to is not null) >= 5) from comments";
    assert_eq!(site.ask::<String>(said).await, "t 1 t");
    let bo = json!({ "email": "bo@pawdium.example", "password": PASSWORD });
    let bo = Person::of(&site, &site.api().post("tokens", bo).await.expect(201).json());
    assert!(bo.unread().await >= 1, "the demo's member has notifications");
    an_import_is_under_way(&site, &bo).await;

    // Once more, it changes nothing.
    let before = state(&site).await;
    seed::seed(&site.base, &db, amounts, |_| ()).await.expect("it is filled");
    assert_eq!(state(&site).await, before);

    // An interrupted run is continued.
    interrupt(&pool).await;
    assert!(!seed::is_finished(&db).await.expect("no error") && state(&site).await != before);
    seed::seed(&site.base, &db, amounts, |_| ()).await.expect("it is filled");
    assert_eq!(state(&site).await, before);
    calls_are_there(&site, &ada).await;

    let mut bustle = Bustle::new(&site.base, &db).expect("a client");
    for _ in 0..25 {
        bustle.act().await.expect("the site answers");
    }
    assert_ne!(state(&site).await, before, "something has happened");
    // The import that is under way needs hours.
    site.change("update jobs set run_at = now() where kind = 'imports.file.v1'").await;
    site.settle().await;
    site.histograms_are_right().await;
}
