//! The live stream: who is told what, and what a client learns that comes back.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::{HubId, WidgetId};
use pawdium_shared::live::{Note, Topic};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{SOON, Setup, Site, Stream, eventually};

/// Long enough for what would come.
const QUIET: Duration = Duration::from_millis(700);

async fn hub(site: &Site, slug: &'static str) -> Topic {
    let insert = "insert into hubs (slug, name) values ($1, $1) returning id";
    let id = sqlx::query_scalar(insert).bind(slug).fetch_one(&site.db).await.expect("it is new");
    Topic::Hub(HubId(id))
}

fn widget(id: i64, version: u64) -> Note {
    Note::Widget { id: WidgetId(id), version }
}

/// The widgets and versions of the next events.
async fn versions(stream: &mut Stream) -> Vec<(Value, Value)> {
    let mut told = Vec::new();
    while let Some(event) = stream.within(QUIET).await {
        assert_eq!(event.name, "widget", "{event:?}");
        told.push((event.data["widget"].clone(), event.data["version"].clone()));
    }
    told
}

/// Opens a stream and waits until it hears of the topic.
async fn listening(site: &Site, query: &str, topic: Topic) -> Stream {
    let mut stream = site.visitor().stream(query).await;
    eventually("the process listens", SOON, async || {
        site.publish(&[(topic, widget(999, 1))]).await;
        stream.within(Duration::from_secs(1)).await
    })
    .await;
    while stream.within(QUIET).await.is_some() {}
    stream
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_change_reaches_those_who_watch_it_and_nobody_else(db: PgPool) {
    let site = Site::start(db).await;
    let (cats, dogs) = (hub(&site, "cats").await, hub(&site, "dogs").await);
    let mut both = listening(&site, "hub=cats&hub=dogs", dogs).await;
    assert!((1000..=5000).contains(&both.retry), "{}", both.retry);
    let mut only_cats = site.visitor().stream("hub=cats").await;
    only_cats.begin().await;
    assert!(!only_cats.last_id.is_empty(), "it can resume before anything has happened");

    site.publish(&[(dogs, widget(42, 17)), (dogs, Note::Changed)]).await;
    let event = both.next().await.expect("it goes on");
    assert_eq!(event.name, "widget");
    assert_eq!(event.data, json!({ "hub": "dogs", "widget": 42, "version": 17, "spread": 0 }));
    assert!(event.id.is_some_and(|id| id.contains('-')));
    let event = both.next().await.expect("it goes on");
    let expected = json!({ "topic": "hub=dogs", "spread": 0 });
    assert_eq!((event.name.as_str(), event.data), ("changed", expected));
    assert_eq!(only_cats.within(QUIET).await, None);

    let member = site.member("ada").await;
    let profile: i64 = site.ask_of("select id from hubs where profile_of = $1", member.id).await;
    let mut profiles = site.visitor().stream("member=Ada").await;
    profiles.begin().await;
    site.publish(&[(Topic::Hub(HubId(profile)), widget(7, 1)), (cats, widget(8, 1))]).await;
    let event = profiles.next().await.expect("it goes on");
    assert_eq!(event.data, json!({ "member": "Ada", "widget": 7, "version": 1, "spread": 0 }));
    assert_eq!(versions(&mut only_cats).await, [(json!(8), json!(1))]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_comes_back_is_told_exactly_what_they_missed(db: PgPool) {
    let mut site = Setup::on(db).behind_socket().start().await;
    let (cats, dogs) = (hub(&site, "cats").await, hub(&site, "dogs").await);
    let last = listening(&site, "hub=cats", cats).await.last_id;
    let missed = [(cats, widget(1, 1)), (cats, widget(2, 5)), (dogs, widget(3, 1)), (cats, widget(1, 2))];
    site.publish(&missed).await;

    let mut back = site.visitor().resume("hub=cats", &last).await;
    let expected = [(json!(2), json!(5)), (json!(1), json!(2))];
    assert_eq!(versions(&mut back).await, expected);
    let mut again = site.visitor().resume("hub=cats", &back.last_id).await;
    assert_eq!(versions(&mut again).await, []);

    // The process that comes after it knows as much.
    drop((back, again));
    site.restart_web().await;
    let mut back = site.visitor().resume("hub=cats", &last).await;
    assert_eq!(versions(&mut back).await, expected);

    for unknown in ["0-1", "99999999999999-0", "7", "x"] {
        let mut lost = site.visitor().resume("hub=cats", unknown).await;
        let reset = lost.next().await.expect("it goes on");
        assert_eq!((reset.name.as_str(), &reset.id), ("reset", &Some(back.last_id.clone())), "{unknown}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn workers_learn_what_is_watched(db: PgPool) {
    let site = Site::start(db).await;
    let (cats, dogs) = (hub(&site, "cats").await, hub(&site, "dogs").await);
    assert!(site.watched(&[]).await.is_empty());
    let first = site.visitor().stream("hub=dogs").await;
    // Before the answer: what happens next may already concern it.
    assert_eq!(site.watched(&[cats, dogs]).await, [false, true]);
    tokio::time::sleep(Duration::from_secs(32)).await;
    assert_eq!(site.watched(&[cats, dogs]).await, [false, true], "as long as it is open");
    drop(first);
    let forgotten = Duration::from_mins(1);
    eventually("it is forgotten", forgotten, async || (!site.watched(&[dogs]).await[0]).then_some(())).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_answer_comes_at_once_and_an_idle_line_is_heard(db: PgPool) {
    let site = Site::start(db).await;
    let cats = hub(&site, "cats").await;
    let mut stream = listening(&site, "hub=cats", cats).await;
    let begin = std::time::Instant::now();
    let mut other = site.visitor().stream("hub=cats&photo=1&queues=1").await;
    other.begin().await;
    assert!(begin.elapsed() < Duration::from_millis(800), "{:?}", begin.elapsed());
    let dogs = hub(&site, "dogs").await;
    site.publish(&[(dogs, widget(1, 1))]).await;
    let before = stream.last_id.clone();
    let ping = tokio::time::timeout(Duration::from_secs(25), stream.response.chunk()).await;
    let ping = ping.expect("within 20 seconds").expect("it is open").expect("it goes on");
    let ping = String::from_utf8_lossy(&ping);
    assert!(ping.starts_with(": ping\nid: ") && !ping.contains(&before), "it can resume from there: {ping}");
}
