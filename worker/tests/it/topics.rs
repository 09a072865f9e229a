//! Counts of topics after whatever happened to photos and topics, against a model; and what the jobs mend.

use std::collections::{BTreeMap, BTreeSet};

use pawdium_kit::waiting::until_idle;
use pawdium_kit::workers::enqueue;
use pawdium_shared::audit::Actor;
use pawdium_shared::db::Tx;
use pawdium_shared::ids::{PhotoId, TopicActId, UserId};
use pawdium_shared::jobs::topics::{CountTopics, RewriteTags};
use pawdium_shared::photos::{Species, Tags, transitions};
use pawdium_shared::topics::{self, Refusal, upkeep};
use pawdium_worker::runner;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::PgPool;

use crate::site::{Site, draft, stored};
use crate::workers::start_workers;

const WORDS: [&str; 6] = ["blep", "sofa", "couch", "settee", "night", "loaf"];

const MODERATOR: Actor<'static> = Actor::Program("test");

/// What the site should know: what owners wrote, which photos are live, and what moderators did.
#[derive(Clone, Debug, Default)]
struct Model {
    photos: BTreeMap<i64, (bool, Vec<usize>)>,
    merged: [Option<usize>; WORDS.len()],
    banned: BTreeSet<usize>,
    known: BTreeSet<usize>,
}

impl Model {
    fn root(&self, mut word: usize) -> usize {
        while let Some(into) = self.merged[word] {
            word = into;
        }
        word
    }

    /// How many live photos each topic has that isn't merged or banned.
    fn counts(&self) -> BTreeMap<String, i64> {
        let standing =
            self.known.iter().filter(|word| self.merged[**word].is_none() && !self.banned.contains(word));
        let mut counts: BTreeMap<_, _> = standing.map(|word| (WORDS[*word].to_owned(), 0)).collect();
        for (is_live, words) in self.photos.values() {
            let roots: BTreeSet<_> = words.iter().map(|word| self.root(*word)).collect();
            for root in roots.into_iter().filter(|_| *is_live) {
                if let Some(count) = counts.get_mut(WORDS[root]) {
                    *count += 1;
                }
            }
        }
        counts
    }
}

/// What a moderator did, with the model before it.
enum Done {
    Merge(usize),
    Ban(usize),
}

struct World {
    site: Site,
    owner: UserId,
    model: Model,
    acts: Vec<(TopicActId, Done)>,
}

impl World {
    async fn submit(&mut self, words: Vec<usize>, is_live: bool) {
        let mut tx = Tx::begin(&self.site.db).await.expect("a transaction");
        let text = words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(",");
        let mut draft = draft(Species::Cat);
        draft.tags = Tags::new(&text).expect("tags");
        let photo =
            transitions::submit(&mut tx, self.owner, &draft, stored("none")).await.expect("it is submitted");
        if is_live {
            assert!(transitions::go_live(&mut tx, photo, &[], "", None).await.expect("it goes live"));
        }
        tx.commit().await.expect("it commits");
        self.model.known.extend(words.iter().copied());
        self.model.photos.insert(photo.0, (is_live, words));
    }

    fn pick(&self, random: &mut StdRng) -> Option<i64> {
        let photos: Vec<_> = self.model.photos.keys().copied().collect();
        (!photos.is_empty()).then(|| photos[random.random_range(0..photos.len())])
    }

    /// Does something at random, and the same in the model.
    async fn step(&mut self, random: &mut StdRng) {
        let words = |random: &mut StdRng| {
            let mut words = Vec::new();
            for _ in 0..random.random_range(0..4) {
                let word = random.random_range(0..WORDS.len());
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            words
        };
        let (one, other) = (random.random_range(0..WORDS.len()), random.random_range(0..WORDS.len()));
        match random.random_range(0..10) {
            0..3 => {
                let words = words(random);
                let is_live = random.random_bool(0.8);
                self.submit(words, is_live).await;
            }
            3 => {
                let Some(photo) = self.pick(random) else { return };
                let new = words(random);
                let text = new.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(",");
                let mut tx = Tx::begin(&self.site.db).await.expect("a transaction");
                topics::set(&mut tx, PhotoId(photo), &Tags::new(&text).expect("tags"))
                    .await
                    .expect("they are set");
                tx.commit().await.expect("it commits");
                self.model.known.extend(new.iter().copied());
                self.model.photos.get_mut(&photo).expect("it is known").1 = new;
            }
            4 => {
                let Some(photo) = self.pick(random) else { return };
                let mut tx = Tx::begin(&self.site.db).await.expect("a transaction");
                transitions::delete(&mut tx, PhotoId(photo)).await.expect("it is deleted");
                tx.commit().await.expect("it commits");
                self.model.photos.get_mut(&photo).expect("it is known").0 = false;
            }
            5 | 6 => self.merge(one, other).await,
            7 => self.ban(one).await,
            _ => self.undo(random).await,
        }
    }

    async fn merge(&mut self, one: usize, other: usize) {
        let mut tx = Tx::begin(&self.site.db).await.expect("a transaction");
        let merged = topics::merge(&mut tx, MODERATOR, WORDS[one], WORDS[other]).await;
        let (from, into) = (self.model.root(one), self.model.root(other));
        match merged {
            Ok(act) => {
                tx.commit().await.expect("it commits");
                assert_ne!(from, into);
                self.model.merged[from] = Some(into);
                self.acts.push((act, Done::Merge(from)));
            }
            Err(Refusal::Itself) => assert_eq!(from, into),
            Err(Refusal::NoTopic(_)) => {
                assert!(!self.model.known.contains(&one) || !self.model.known.contains(&other));
            }
            Err(error) => panic!("{error}"),
        }
    }

    async fn ban(&mut self, word: usize) {
        let mut tx = Tx::begin(&self.site.db).await.expect("a transaction");
        let root = self.model.root(word);
        match topics::ban(&mut tx, MODERATOR, WORDS[word]).await {
            Ok(act) => {
                tx.commit().await.expect("it commits");
                assert!(self.model.banned.insert(root));
                self.acts.push((act, Done::Ban(root)));
            }
            Err(Refusal::Already) => assert!(self.model.banned.contains(&root)),
            Err(Refusal::NoTopic(_)) => assert!(!self.model.known.contains(&word)),
            Err(error) => panic!("{error}"),
        }
    }

    async fn undo(&mut self, random: &mut StdRng) {
        if self.acts.is_empty() {
            return;
        }
        let (act, done) = self.acts.swap_remove(random.random_range(0..self.acts.len()));
        let mut tx = Tx::begin(&self.site.db).await.expect("a transaction");
        topics::undo::undo(&mut tx, MODERATOR, act).await.expect("it is undone");
        tx.commit().await.expect("it commits");
        match done {
            Done::Merge(from) => self.model.merged[from] = None,
            Done::Ban(root) => drop(self.model.banned.remove(&root)),
        }
    }

    /// What the site counts, and what it lists.
    async fn check(&self, context: &str) {
        let mut db = self.site.db.acquire().await.expect("a connection");
        for (word, expected) in self.model.counts() {
            let found =
                topics::queries::find(&mut db, &word).await.expect("it is asked").expect("it is there");
            assert_eq!(found.topic.photos, expected, "{word} {context}: {:?}", self.model);
            let page = pawdium_shared::paging::PageOf { page: 1, limit: 1000 };
            let listed =
                topics::queries::list_newest(&mut db, found.topic.id, page).await.expect("they are listed");
            assert_eq!(i64::try_from(listed.len()).ok(), Some(expected), "{word} {context}");
        }
        let drift = upkeep::recount(&mut db).await.expect("it counts");
        assert_eq!(drift, upkeep::Drift::default(), "a recount finds nothing {context}");
    }
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn counts_equal_a_recount_whatever_happens(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let mut world = World { site, owner, model: Model::default(), acts: Vec::new() };
    for seed in 0..4 {
        let mut random = StdRng::seed_from_u64(seed);
        for step in 0..60 {
            world.step(&mut random).await;
            world.check(&format!("after step {step} of {seed}")).await;
            if step % 7 == 0 {
                let mut db = world.site.db.acquire().await.expect("a connection");
                upkeep::add_up(&mut db).await.expect("they are added up");
            }
        }
    }
    assert!(world.model.photos.len() > 20, "something has happened");
}

async fn run(site: &Site, job: impl pawdium_queue::Enqueue) {
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &job).await;
    until_idle(&site.db).await;
    workers.stop().await;
}

async fn ask(site: &Site, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(&site.db).await.expect("the statement is right")
}

async fn execute(site: &Site, statement: &'static str) {
    sqlx::query(statement).execute(&site.db).await.expect("the statement is right");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn photos_that_an_earlier_version_tagged_get_topics(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.live(owner, Species::Cat).await;
    let draft = site.live(owner, Species::Cat).await;
    execute(&site, "update photos set tags = '{Upside down,straße,<b>}'").await;
    sqlx::query("update photos set state = 'hidden' where id = $1")
        .bind(draft.0)
        .execute(&site.db)
        .await
        .expect("it is");
    run(&site, CountTopics { all: true }).await;
    assert_eq!(site.photo(photo).await.tags, ["Upside-down", "straße"]);
    assert_eq!(
        ask(&site, "select count(*) from topic_keys where key in ('upside-down', 'strasse')").await,
        2
    );
    let mut db = site.db.acquire().await.expect("a connection");
    let found = topics::queries::find(&mut db, "strasse").await.expect("it is asked").expect("it is there");
    assert_eq!(found.topic.photos, 1, "the hidden one doesn't count");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn counts_that_drifted_are_corrected(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let mut world = World { site, owner, model: Model::default(), acts: Vec::new() };
    for words in [vec![0, 1], vec![1], vec![2]] {
        world.submit(words, true).await;
    }
    execute(&world.site, "update topics set photos = photos + 7 where key = 'sofa'").await;
    execute(&world.site, "update taggings set live = false where photo_id = (select max(id) from photos)")
        .await;
    run(&world.site, CountTopics { all: true }).await;
    run(&world.site, CountTopics { all: false }).await;
    world.check("after the jobs").await;
    assert_eq!(ask(&world.site, "select photos from topics where key = 'sofa'").await, 2, "it is added up");
    assert_eq!(ask(&world.site, "select count(*) from topic_moves").await, 0);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn names_are_written_to_photos_for_search(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let mut world = World { site, owner, model: Model::default(), acts: Vec::new() };
    for words in [vec![1, 2], vec![2], vec![4]] {
        world.submit(words, true).await;
    }
    world.merge(2, 1).await;
    let topics = sqlx::query_scalar("select id from topics order by id").fetch_all(&world.site.db).await;
    let topics: Vec<i64> = topics.expect("they are listed");
    run(&world.site, RewriteTags { topics: topics.into_iter().map(pawdium_shared::ids::TopicId).collect() })
        .await;
    let words: Vec<Vec<String>> = sqlx::query_scalar("select tags from photos order by id")
        .fetch_all(&world.site.db)
        .await
        .expect("they are read");
    assert_eq!(words, [vec!["sofa".to_owned()], vec!["sofa".to_owned()], vec!["night".to_owned()]]);
}
