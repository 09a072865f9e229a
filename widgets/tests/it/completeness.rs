//! An event that changes what a widget shows is never answered with no.
//!
//! Makes hundreds of random changes. After each, loads every widget again, and asks the kinds about the events that the
//! change recorded, just as triage does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::join_all;
use pawdium_shared::cache::{Cached, Kind as CachedKind, Stale, Whole};
use pawdium_shared::db::{Db, MIGRATIONS};
use pawdium_shared::events::Event;
use pawdium_shared::hubs::facts::CachedFacts;
use pawdium_shared::hubs::{HubRole, queries};
use pawdium_shared::ids::{HubId, UserId, WidgetId};
use pawdium_shared::jobs::cache::InvalidateCache;
use pawdium_shared::live::Note;
use pawdium_shared::paging::PageOf;
use pawdium_shared::photos::hub_photos::HubPhotoList;
use pawdium_shared::ranking::hub_top::HubTopList;
use pawdium_widgets::cached::CachedWidget;
use pawdium_widgets::{Viewer, find_kind, layout};
use sqlx::PgPool;
use sqlx::types::Json;

use crate::operations::{Changer, Operation};
use crate::world::World;

/// How many changes are made.
const CHANGES: usize = 700;

/// After so many changes a hub falls asleep.
const SLEEP: usize = 25;

/// How many connections load at once.
const TOGETHER: usize = 4;

/// How many kinds of cached data about hubs are watched besides widgets.
const LISTS: usize = 3;

/// What a widget shows.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    kind: String,
    data: String,
}

type Snapshot = HashMap<WidgetId, Shown>;

/// How often a kind was right.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// It changed, and the kind had said so.
    right: usize,
    /// The kind said that it changes, and it didn't.
    in_vain: usize,
}

struct Watch<'a> {
    world: &'a World,
    founder: UserId,
    lurker: UserId,
}

impl Watch<'_> {
    /// Everything that all widgets show: personal ones to a viewer who does nothing, or to the owner.
    async fn look(&self) -> Snapshot {
        let widgets: Vec<_> =
            self.world.list("select id from widgets order by id").await.into_iter().map(WidgetId).collect();
        let each = widgets.len().div_ceil(TOGETHER).max(1);
        join_all(widgets.chunks(each).map(|part| self.look_at(part))).await.into_iter().flatten().collect()
    }

    async fn look_at(&self, widgets: &[WidgetId]) -> Vec<(WidgetId, Shown)> {
        let mut db = self.world.db.acquire().await.expect("a connection");
        let found = layout::find_each(&mut db, widgets).await.expect("a list");
        let mut shown = Vec::with_capacity(found.len());
        for (hub, placed) in found {
            let kind = find_kind(&placed.kind).expect("a kind");
            let user = match (kind.personal, hub.profile_of) {
                (false, _) => None,
                (true, _) if kind.name == "rate-one" => Some(self.lurker),
                (true, member) => Some(member.unwrap_or(self.founder)),
            };
            let viewer = match user {
                Some(user) => Viewer {
                    user: Some(user),
                    roles: queries::list_roles(&mut db, hub.id, user).await.expect("a list"),
                    ..Viewer::nobody()
                },
                None => Viewer::nobody(),
            };
            let data = kind.load(&placed.config, &hub, &viewer, &mut db).await;
            let data = data.unwrap_or_else(|error| panic!("{} doesn't load: {error:#}", kind.name));
            shown.push((placed.id, Shown { kind: placed.kind, data }));
        }
        shown
    }

    /// Takes the events that were recorded since the last call.
    async fn take_events(&self) -> Vec<Event> {
        let jobs: Vec<Json<InvalidateCache>> =
            sqlx::query_scalar("delete from jobs where kind = 'cache.invalidate.v1' returning payload")
                .fetch_all(&self.world.pool)
                .await
                .expect("the jobs");
        jobs.into_iter().map(|job| job.0.event).collect()
    }

    /// The widgets that triage finds stale.
    async fn stale_after(&self, events: &[Event]) -> BTreeSet<i64> {
        let kinds = [CachedKind::reloaded::<CachedWidget>()];
        let (stale, asked) = Stale::after(events, &kinds, &self.world.db).await;
        asked.expect("they answer");
        let shared = stale.reload.iter().filter_map(|one| one.name.split_once('.')?.1.parse().ok());
        let personal = stale.topics.iter().filter_map(|(_, note)| match note {
            Note::Widget { id, .. } => Some(id.0),
            Note::Changed | Note::Roles => None,
        });
        shared.chain(personal).collect()
    }

    /// What is cached of hubs besides widgets, by the names of its groups.
    async fn look_at_lists(&self) -> HashMap<String, String> {
        let hubs: Vec<_> =
            self.world.list("select id from hubs order by id").await.into_iter().map(HubId).collect();
        let mut shown = HashMap::new();
        read::<CachedFacts>(
            &hubs.iter().copied().map(CachedFacts).collect::<Vec<_>>(),
            Whole,
            &self.world.db,
            &mut shown,
        )
        .await;
        let page = PageOf { page: 1, limit: 5 };
        let photos: Vec<_> = hubs.iter().copied().map(HubPhotoList).collect();
        read(&photos, page, &self.world.db, &mut shown).await;
        let top: Vec<_> = hubs.iter().copied().map(HubTopList).collect();
        read(&top, page, &self.world.db, &mut shown).await;
        shown
    }

    /// The groups that are dropped after these events.
    async fn dropped_after(&self, events: &[Event]) -> BTreeSet<String> {
        let kinds = [
            CachedKind::of::<CachedFacts>(),
            CachedKind::of::<HubPhotoList>(),
            CachedKind::of::<HubTopList>(),
        ];
        let (stale, asked) = Stale::after(events, &kinds, &self.world.db).await;
        asked.expect("they answer");
        stale.groups.iter().map(|group| group.name().to_owned()).collect()
    }

    async fn today(&self) -> String {
        self.world.ask("select current_date::text").await
    }
}

/// Loads objects of a kind.
async fn read<C: Cached>(these: &[C], part: C::Part, db: &Db, shown: &mut HashMap<String, String>) {
    for (one, data) in C::load(these, part, db).await.expect("they load") {
        let data = serde_json::to_string(&data).expect("it serializes");
        shown.insert(one.group().name().to_owned(), data);
    }
}

/// Three hubs with a widget of each kind, and members with profiles, photos and ratings.
async fn populate(world: &World, founder: UserId, changer: &mut Changer<'_>) {
    let mut members = vec![founder];
    for name in ["ada", "bob", "eve", "mallory", "trent"] {
        members.push(world.member(name).await);
    }
    let mut photos = Vec::new();
    for (number, member) in members.iter().enumerate() {
        photos.push(world.photo(*member, &format!("First {number}"), "blep, sofa").await);
    }
    for slug in ["cats", "dogs", "sleepers"] {
        let hub = world.hub(founder, slug).await;
        for (member, photo) in members.iter().zip(&photos).skip(1).take(3) {
            world.join(hub, *member, HubRole::Member).await;
            world.post(hub, *photo, *member).await;
        }
        world.add_all_kinds(hub).await;
    }
    changer.rates(&photos, &members).await;
    let profile: HubId = world.profile(founder).await;
    world.add_all_kinds(profile).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_a_change_shows_was_announced(pool: PgPool) {
    let world = World::new(pool);
    let (founder, lurker) = (world.member("founder").await, world.member("lurker").await);
    let moderator = world.admin("moderator").await;
    let watch = Watch { world: &world, founder, lurker };
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_260_531);
    println!("seed {seed}");
    let mut changer = Changer::new(&world, seed, founder, lurker, moderator);
    populate(&world, founder, &mut changer).await;
    watch.take_events().await;

    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut done: HashMap<Operation, usize> = HashMap::new();
    let (mut before, mut lists) = (watch.look().await, watch.look_at_lists().await);
    let mut today = watch.today().await;
    let (mut changes, mut silent) = (0, Vec::new());
    while changes < CHANGES {
        let operation = changer.draw();
        if !changer.run(operation).await.unwrap_or_else(|error| panic!("{operation:?}: {error}")) {
            continue;
        }
        changes += 1;
        *done.entry(operation).or_default() += 1;
        let events = watch.take_events().await;
        let stale = watch.stale_after(&events).await;
        let after = watch.look().await;
        let now = watch.today().await;
        let (dropped, lists_after) = (watch.dropped_after(&events).await, watch.look_at_lists().await);
        for (name, was) in &lists {
            let Some(is) = lists_after.get(name) else { continue };
            let kind = name.split(':').next().unwrap_or_default();
            let is_ranked = kind == HubTopList::KIND && dropped.contains("ranks");
            let tally = tallies.entry(kind.to_owned()).or_default();
            match (was == is, dropped.contains(name) || is_ranked) {
                (true, true) => tally.in_vain += 1,
                (false, true) => tally.right += 1,
                (true, false) => {}
                (false, false) => {
                    silent
                        .push(format!("{name} after {operation:?}, which recorded {events:?}:\n{was}\n{is}"));
                }
            }
        }
        lists = lists_after;
        let compared = before.iter().filter_map(|(widget, was)| Some((widget, was, after.get(widget)?)));
        for (widget, was, is) in compared.filter(|_| now == today) {
            let tally = tallies.entry(was.kind.clone()).or_default();
            match (was == is, stale.contains(&widget.0)) {
                (true, true) => tally.in_vain += 1,
                (false, true) => tally.right += 1,
                (true, false) => {}
                (false, false) => silent.push(format!(
                    "{} after {operation:?} (change {changes}), which recorded {events:?}:\n{}\n{}",
                    was.kind, was.data, is.data
                )),
            }
        }
        (before, today) = (after, now);
        if changes % SLEEP == 0 {
            changer.sleep().await;
            (before, lists) = (watch.look().await, watch.look_at_lists().await);
        }
    }
    report(&tallies);
    assert!(
        silent.is_empty(),
        "{} changes were unannounced with seed {seed}:\n{}",
        silent.len(),
        silent.join("\n")
    );
    let missing: Vec<_> =
        <Operation as strum::VariantArray>::VARIANTS.iter().filter(|one| !done.contains_key(one)).collect();
    assert!(missing.is_empty(), "never done: {missing:?}");
    // Otherwise the test would prove nothing about a kind.
    let still: Vec<_> = tallies.iter().filter(|(_, tally)| tally.right == 0).map(|(kind, _)| kind).collect();
    assert!(
        still.is_empty() && tallies.len() == pawdium_widgets::KINDS.len() + LISTS,
        "never changed: {still:?}"
    );
}

fn report(tallies: &BTreeMap<String, Tally>) {
    let mut all = Tally::default();
    println!("{:<16} {:>8} {:>8} {:>10}", "kind", "changed", "in vain", "precision");
    let line = |name: &str, tally: Tally| {
        let said = (tally.right + tally.in_vain).max(1);
        println!("{name:<16} {:>8} {:>8} {:>8} %", tally.right, tally.in_vain, tally.right * 100 / said);
    };
    for (kind, tally) in tallies {
        line(kind, *tally);
        all = Tally { right: all.right + tally.right, in_vain: all.in_vain + tally.in_vain };
    }
    line("all", all);
}
