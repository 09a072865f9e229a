//! The live stream tells nobody of what they may not see.

use std::time::{Duration, Instant};

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::{HubId, WidgetId};
use pawdium_shared::live::{Note, Topic};
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Pages, Person, SOON, Site, Stream, eventually};

const QUIET: Duration = Duration::from_millis(700);

/// How soon a stream must end that its viewer may no longer see.
const ENDS: Duration = Duration::from_secs(5);

async fn private_hub(site: &Site) -> Topic {
    let insert = "insert into hubs (slug, name, visibility) values ('den', 'Den', 'private') returning id";
    Topic::Hub(HubId(sqlx::query_scalar(insert).fetch_one(&site.db).await.expect("it is new")))
}

async fn join(site: &Site, person: &Person, role: &str) {
    let insert =
        "insert into hub_roles (hub_id, user_id, role) select id, $1, $2 from hubs where slug = 'den'";
    sqlx::query(insert).bind(person.id).bind(role).execute(&site.db).await.expect("it is new");
}

async fn leave(site: &Site, person: &Person) {
    let delete =
        "delete from hub_roles where user_id = $1 and hub_id in (select id from hubs where slug = 'den')";
    sqlx::query(delete).bind(person.id).execute(&site.db).await.expect("it is deleted");
}

fn widget(version: u64) -> Note {
    Note::Widget { id: WidgetId(1), version }
}

/// What a stream without anything to show says before it ends.
async fn gone(pages: &Pages, query: &str) -> Vec<String> {
    let mut stream = pages.stream(query).await;
    let mut told = Vec::new();
    while let Some(event) = stream.next().await {
        assert_eq!((event.name.as_str(), event.id), ("gone", None));
        assert_eq!(event.data.as_object().map(serde_json::Map::len), Some(1), "{}", event.data);
        told.push(event.data["topic"].as_str().expect("a name").to_owned());
    }
    told
}

async fn hears(site: &Site, stream: &mut Stream, hub: Topic) {
    eventually("it is told", SOON, async || {
        site.publish(&[(hub, widget(1))]).await;
        stream.within(Duration::from_secs(1)).await.filter(|event| event.name == "widget")
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_a_visitor_may_not_see_is_gone_like_what_does_not_exist(db: PgPool) {
    let site = Site::start(db).await;
    let hub = private_hub(&site).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    let mo = site.moderator("mo").await;
    join(&site, &ada, "member").await;
    join(&site, &bob, "owner").await;
    join(&site, &eve, "subscriber").await;
    let photo = site.photo().by(&ada).processing().await;
    let hidden = [
        "hub=den",
        "hub=none",
        "hub=\0",
        "member=\0",
        &format!("photo={photo}"),
        "photo=999",
        "photo=x",
        "queues=1",
        "job=1",
    ];
    for stranger in [&site.visitor(), &eve.pages, &site.anonymous().await.pages] {
        assert_eq!(gone(stranger, &hidden.join("&").replace('\0', "%00")).await, hidden);
    }
    for (viewer, query) in [(&ada, "hub=den"), (&bob, "hub=den"), (&mo, "hub=den&queues=1&job=1")] {
        let mut stream = viewer.pages.stream(&format!("{query}&member=nobody")).await;
        assert_eq!(stream.until("gone").await.data, json!({ "topic": "member=nobody" }));
        hears(&site, &mut stream, hub).await;
    }
    assert_eq!(site.visitor().ask_stream("", "").await.status(), 400);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_program_hears_with_the_token_of_its_session(db: PgPool) {
    let site = Site::start(db).await;
    let hub = private_hub(&site).await;
    let (ada, eve) = (site.member("ada").await, site.member("eve").await);
    join(&site, &ada, "member").await;
    let ask = async |token: &str| {
        let request = site.visitor().request(Method::GET, "/live?hub=den").bearer_auth(token);
        request.send().await.expect("it is answered")
    };
    let mut hers = Stream::of(ask(ada.api.token()).await);
    hears(&site, &mut hers, hub).await;
    assert_eq!(
        Stream::of(ask(eve.api.token()).await).until("gone").await.data,
        json!({ "topic": "hub=den" })
    );
    assert_eq!(ask("nonsense").await.status(), 401);
    leave(&site, &ada).await;
    site.publish(&[(hub, Note::Roles)]).await;
    assert_eq!(hers.until("gone").await.data, json!({ "topic": "hub=den" }), "the token is looked at again");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_lost_role_ends_the_stream_within_seconds(db: PgPool) {
    let site = Site::start(db).await;
    let hub = private_hub(&site).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    for member in [&ada, &bob] {
        join(&site, member, "member").await;
    }
    let (mut hers, mut his) = (ada.pages.stream("hub=den").await, bob.pages.stream("hub=den").await);
    hears(&site, &mut hers, hub).await;
    hears(&site, &mut his, hub).await;

    leave(&site, &ada).await;
    site.publish(&[(hub, Note::Roles)]).await;
    let begin = Instant::now();
    assert_eq!(hers.until("gone").await.data, json!({ "topic": "hub=den" }));
    assert!(begin.elapsed() < ENDS, "{:?}", begin.elapsed());
    assert_eq!(hers.next().await, None, "there is nothing else to watch");
    site.publish(&[(hub, widget(2))]).await;
    // Others go on.
    while his.until("widget").await.data["version"] != 2 {}

    // Nobody says that he has left: he is asked for again before long.
    leave(&site, &bob).await;
    tokio::time::sleep(ENDS).await;
    site.publish(&[(hub, widget(3))]).await;
    assert_eq!(his.next().await.expect("it is told").name, "gone");
    assert_eq!(his.next().await, None);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_hub_that_becomes_private_is_gone_for_strangers(db: PgPool) {
    let site = Site::start(db).await;
    let hub = private_hub(&site).await;
    site.change("update hubs set visibility = 'public' where slug = 'den'").await;
    let ada = site.member("ada").await;
    join(&site, &ada, "member").await;
    let (mut hers, mut theirs) = (ada.pages.stream("hub=den").await, site.visitor().stream("hub=den").await);
    hears(&site, &mut hers, hub).await;
    hears(&site, &mut theirs, hub).await;
    site.change("update hubs set visibility = 'private' where slug = 'den'").await;
    site.publish(&[(hub, Note::Roles), (hub, widget(2))]).await;
    theirs.until("gone").await;
    hears(&site, &mut hers, hub).await;

    // From now on her session counts.
    ada.api.delete("tokens/current", serde_json::Value::Null).await;
    site.change("delete from sessions").await;
    tokio::time::sleep(ENDS).await;
    site.publish(&[(hub, widget(9))]).await;
    while let Some(event) = hers.within(QUIET).await {
        assert_ne!(event.data["version"], 9, "nothing after the session has ended");
    }
}
