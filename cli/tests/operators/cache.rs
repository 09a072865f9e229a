//! What is cached of hubs' pages.

use pawdium_shared::cache::{Cache, Whole};
use pawdium_shared::config::RedisConfig;
use pawdium_shared::db::Db;
use pawdium_shared::events::Event;
use pawdium_shared::ids::{HubId, WidgetId};
use pawdium_shared::redis::Redis;
use pawdium_widgets::cached::{CachedWidget, kinds};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::command::{Ended, pawdium_with, read};

/// A site with a part of the tests' Redis for itself, and two hubs: one with about, newest-photos and drafts, which is
/// personal, and one with about.
struct Place {
    db: PgPool,
    url: String,
    prefix: String,
    cache: Cache,
    widgets: Vec<CachedWidget>,
}

impl Place {
    async fn new(db: PgPool) -> Self {
        let url = std::env::var("PAWDIUM_REDIS__URL").expect("the tests run with a stack");
        let database = db.connect_options().get_database().expect("it has a name").to_owned();
        let prefix = format!("{database}:");
        let config = RedisConfig { url: url.clone().into(), prefix: prefix.clone() };
        let redis = Redis::connect(&config, "the test fails").expect("the URL is right");
        let widgets: Vec<(HubId, WidgetId)> = sqlx::query_as(
            "with made as (insert into hubs (slug, name) values ('cats', 'Cats'), ('dogs', 'Dogs') returning id, slug),
                  placed as (insert into widgets (hub_id, kind, side, position)
                             select made.id, kind, 'left', position
                             from made join (values ('cats', 'about', 0), ('cats', 'newest-photos', 1),
                                                    ('cats', 'drafts', 2), ('dogs', 'about', 0))
                                       as wanted (slug, kind, position) using (slug)
                             returning hub_id, id, kind, position)
             select hub_id, id from placed where kind <> 'drafts' order by hub_id, position",
        )
        .fetch_all(&db)
        .await
        .expect("the statement is right");
        let widgets = widgets.into_iter().map(|(hub, widget)| CachedWidget { hub, widget }).collect();
        Self { db, url, prefix, cache: Cache::new(redis, kinds()), widgets }
    }

    /// Caches these of its widgets.
    async fn load(&self, numbers: &[usize]) {
        let these: Vec<_> = numbers.iter().map(|number| self.widgets[*number]).collect();
        let found = self.cache.find_each(&Db::from(self.db.clone()), &these, Whole).await.expect("no error");
        assert_eq!(found.len(), these.len());
    }

    fn name(&self, number: usize) -> String {
        let CachedWidget { hub, widget } = self.widgets[number];
        format!("widget:{hub}.{widget}")
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let settings = [("PAWDIUM_REDIS__URL", self.url.as_str()), ("PAWDIUM_REDIS__PREFIX", &self.prefix)];
        let arguments: Vec<_> = ["cache"].iter().chain(arguments).copied().collect();
        pawdium_with(&self.db, &arguments, "", &settings).await
    }

    async fn said(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert!(ended.succeeded, "{}", ended.err);
        ended.out
    }

    /// The groups that are listed.
    async fn listed(&self, only: &[&str]) -> Vec<String> {
        let arguments: Vec<_> = ["list", "--json"].iter().chain(only).copied().collect();
        let list = read(&self.run(&arguments).await);
        let groups = list.as_array().expect("a list").iter();
        groups.map(|group| group["name"].as_str().expect("a name").to_owned()).collect()
    }
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn coverage_counts_current_data_of_all_widgets_that_are_the_same_for_everybody(db: PgPool) {
    let place = Place::new(db).await;
    let none = place.said(&["coverage"]).await;
    assert!(none.starts_with("0 cached values, 3 missing. 0.00 percent coverage.\nKIND"), "{none}");
    place.load(&[0, 1]).await;
    let some = place.said(&["coverage"]).await;
    let lines: Vec<Vec<_>> = some.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0].join(" "), "2 cached values, 1 missing. 66.67 percent coverage.");
    assert_eq!(lines[2][..4], ["about", "1", "1", "50.00%"]);
    assert_eq!(lines[3][..4], ["newest-photos", "1", "0", "100.00%"]);
    assert_eq!(lines.len(), 4, "{some}");

    let coverage = read(&place.run(&["coverage", "--hub", "dogs", "--json"]).await);
    assert_eq!(
        (&coverage["cached"], &coverage["missing"], &coverage["percent"]),
        (&json!(0), &json!(1), &json!(0.0))
    );
    let coverage =
        read(&place.run(&["coverage", "--kind", "newest-photos", "--hub", "cats", "--json"]).await);
    assert_eq!(coverage["percent"], json!(100.0));
    assert_eq!(coverage["kinds"][0]["kind"], "newest-photos");
    assert!(coverage["kinds"][0]["oldest_age_seconds"].is_u64());
    let nothing = place.said(&["coverage", "--hub", "dogs", "--kind", "newest-photos"]).await;
    assert_eq!(nothing, "There are no widgets that can be cached.\n");

    // Void data is not current, though it is kept as what pages fall back on.
    let event = Event::HubChanged { hub: place.widgets[0].hub };
    let (stale, asked) = place.cache.stale_after(&[event], &Db::from(place.db.clone())).await;
    asked.expect("all kinds are asked");
    place.cache.expire(stale.reload, stale.staleness).await.expect("no error");
    let void = read(&place.run(&["coverage", "--kind", "newest-photos", "--json"]).await);
    assert_eq!((&void["cached"], &void["missing"]), (&json!(0), &json!(1)));
    assert!(place.listed(&[]).await.contains(&place.name(1)));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn lists_and_drops_of_one_hub_or_kind_leave_the_others_alone(db: PgPool) {
    let place = Place::new(db).await;
    assert_eq!(place.said(&["list"]).await, "Nothing is cached.\n");
    place.load(&[0, 1, 2]).await;
    let (cats_about, newest, dogs_about) = (place.name(0), place.name(1), place.name(2));
    assert_eq!(place.listed(&[]).await.len(), 3);
    assert_eq!(place.listed(&["--hub", "dogs"]).await, std::slice::from_ref(&dogs_about));
    assert_eq!(place.listed(&["--kind", "about"]).await, [cats_about.clone(), dogs_about.clone()]);
    assert_eq!(place.listed(&["--kind", "about", "--hub", "cats"]).await, std::slice::from_ref(&cats_about));
    assert!(place.said(&["list", "--hub", "dogs"]).await.contains(&dogs_about));

    assert_eq!(place.said(&["clean", "--hub", "cats", "--kind", "about"]).await, "Dropped 1 group.\n");
    assert_eq!(place.listed(&[]).await, [newest.clone(), dogs_about.clone()]);
    assert_eq!(place.said(&["clean", "--hub", "cats", "--kind", "about"]).await, "Dropped 0 groups.\n");
    let dropped = read(&place.run(&["clean", "--kind", "about", "--json"]).await);
    assert_eq!(dropped, json!({ "dropped": 1 }));
    assert_eq!(place.listed(&[]).await, [newest]);
    assert_eq!(place.said(&["clean", "widget:"]).await, "Dropped 1 group.\n");
    assert_eq!(read(&place.run(&["list", "--json"]).await), Value::Array(Vec::new()));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn what_does_not_exist_is_named_and_drops_nothing(db: PgPool) {
    let place = Place::new(db).await;
    place.load(&[0]).await;
    for (arguments, complaint) in [
        (&["clean", "--hub", "cows"][..], "there is no hub cows"),
        (&["coverage", "--hub", "members/nobody"], "there is no hub members/nobody"),
        (&["list", "--kind", "aboot"], "the cached kinds are about, "),
        (&["clean", "widget:", "--hub", "cats"], "cannot be used with"),
    ] {
        let ended = place.run(arguments).await;
        assert!(!ended.succeeded && ended.err.contains(complaint), "{arguments:?}: {}", ended.err);
    }
    assert_eq!(place.listed(&[]).await.len(), 1);
}
