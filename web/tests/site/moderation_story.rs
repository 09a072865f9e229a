//! The story of a photo: its owner changes it, another member remixes it, and a moderator hides it. Then it is gone
//! everywhere within seconds, and undone it is back exactly as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use pawdium_shared::jobs::topics::CountTopics;
use regex::Regex;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Site, pictures, submission};
use crate::remixes;

/// How soon something hidden is gone from every page.
pub(crate) const GONE_WITHIN: Duration = Duration::from_secs(5);

/// A photo in all places that show photos, and those who look at them.
pub(crate) struct Story {
    pub(crate) site: Site,
    /// Whose photo it is.
    pub(crate) ada: Person,
    /// Remixes it, and has commented on it.
    pub(crate) bob: Person,
    /// Has rated it.
    pub(crate) eve: Person,
    /// Follows its owner and the hub.
    pub(crate) fay: Person,
    pub(crate) mo: Person,
    pub(crate) photo: i64,
    pub(crate) remix: i64,
    /// The files of its picture that no other photo has.
    files: Vec<String>,
    /// All places that may show it, each with who looks there.
    places: Vec<(Looker, String)>,
}

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looker {
    Nobody,
    Bob,
    Eve,
    Fay,
}

impl Story {
    /// Tells it until the photo has been changed and remixed.
    pub(crate) async fn tell(db: PgPool) -> Self {
        let site = Site::start_with_worker(db).await;
        let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
        let (fay, olga, mo) =
            (site.member("fay").await, site.member("olga").await, site.moderator("mo").await);
        site.hub(&olga, "cats").await;
        site.join("cats", &[&ada]).await;
        for follow in ["/members/ada/roles/subscriber", "/h/cats/roles/subscriber"] {
            fay.pages.post(follow, &[("act", "take")]).await.location();
        }
        let form = submission("Zorblatt asleep", pictures::scene(7, 1200, 90)).text("tags", "zorbnap, sofa");
        let photo = ada.api.upload(form.text("hubs", "cats")).await.expect(202).json();
        let photo = photo["id"].as_i64().expect("an id");
        assert_eq!(site.processed(photo).await, "live");
        let mut story =
            Self { site, ada, bob, eve, fay, mo, photo, remix: 0, files: Vec::new(), places: Vec::new() };
        story.be_seen(&olga).await;
        story.change().await;
        let body = json!({ "title": "Seen by bob", "crop": "0,0,500" });
        story.remix = remixes::published(&story.site, &story.bob, photo, body).await;
        story.crop_again().await;
        story.count().await;
        story.files = story.own_files().await;
        story.places = story.all_places().await;
        story
    }

    /// People rate it, comment on it, and show it in a talk.
    async fn be_seen(&self, olga: &Person) {
        let Self { site, ada, bob, eve, photo, .. } = self;
        site.rated_by(*photo, &[bob, eve]).await;
        eve.api.post(&format!("photos/{photo}/shares"), Value::Null).await.expect(201);
        let comment = bob.comment(*photo, "What a loaf.").await;
        ada.reply(*photo, comment, "Thank you.").await;
        let call = site.open_call(olga, "cats", json!({ "voters": "members" })).await;
        let talk = json!({ "title": "Naps", "photo": photo });
        ada.api.post(&format!("calls/{call}/talks"), talk).await.expect(201);
    }

    /// The owner changes everything about it on the page for that.
    async fn change(&self) {
        let Self { site, ada, photo, .. } = self;
        let edit = format!("/photos/{photo}/edit");
        let version = ada.pages.get(&edit).await.expect(200).attribute("input[name=version]", "value");
        let form = [
            ("version", version.as_str()),
            ("title", "Zorblatt awake"),
            ("alt", "It has opened one eye"),
            ("species", "rabbit"),
            ("tags", "zorbtag, sofa"),
            ("crop", "0,0,600"),
            ("offers-hubs", "1"),
            ("hubs", "cats"),
            ("comments", "1"),
            ("remixes", "1"),
        ];
        assert_eq!(ada.pages.post(&edit, &form).await.location(), format!("/photos/{photo}"));
        site.settle().await;
        let shown = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
        assert_eq!(shown["title"], "Zorblatt awake");
        assert_eq!((&shown["alt"], &shown["species"]), (&json!("It has opened one eye"), &json!("rabbit")));
        // One save is one revision, with its new picture.
        assert_eq!((&shown["tags"], &shown["revision"]), (&json!(["zorbtag", "sofa"]), &json!(2)));
        assert_eq!(shown["sizes"]["1080"]["width"], 600);
        // The new picture has no ratings yet.
        assert_eq!(shown["rating"]["count"], 0);
        site.rated_by(*photo, &[&self.bob, &self.eve]).await;
    }

    /// The owner crops it anew, so that it has files which the remix doesn't share.
    async fn crop_again(&self) {
        let Self { site, ada, bob, eve, photo, .. } = self;
        ada.api.patch(&format!("photos/{photo}"), json!({ "crop": "0,0,700" })).await.expect(200);
        site.settle().await;
        site.rated_by(*photo, &[bob, eve]).await;
    }

    /// Lets the jobs that run by the clock put it into all lists.
    pub(crate) async fn count(&self) {
        self.site.run(RefreshRanks {}).await;
        self.site.run(RefreshVirality {}).await;
        self.site.run(CountTopics { all: false }).await;
    }

    /// The files of its picture that no other photo has.
    async fn own_files(&self) -> Vec<String> {
        let own = "select key from photo_files where photo_id = $1 and key not in
                   (select key from photo_files where photo_id <> $1
                    union all select key from photo_picture_files where photo_id <> $1)";
        let keys = sqlx::query_scalar(own).bind(self.photo).fetch_all(&self.site.db).await;
        keys.expect("the statement is right")
    }

    async fn all_places(&self) -> Vec<(Looker, String)> {
        let photo = self.photo;
        let mut public: Vec<String> = [
            "/top",
            "/trending",
            "/new",
            "/topics/zorbtag",
            "/topics/zorbtag/feed.atom",
            "/search?q=awake",
            "/search?q=awake&in=photos",
            "/members/ada",
            "/members/ada/photos",
            "/h/cats",
            "/h/cats/photos",
            "/h/cats/top",
            "/h/cats/feed.atom",
            "/api/v1/top",
            "/api/v1/trending",
            "/api/v1/new",
            "/api/v1/topics/zorbtag",
            "/api/v1/search?q=awake&in=photos",
            "/api/v1/users/ada",
            "/api/v1/hubs/cats/photos",
            "/api/v1/hubs/cats/top",
        ]
        .map(str::to_owned)
        .to_vec();
        for path in ["/photos/{}", "/photos/{}/status", "/api/v1/photos/{}", "/api/v1/photos/{}/comments"] {
            public.push(path.replace("{}", &photo.to_string()));
        }
        public.push(format!("/oembed?url={}", self.site.url(&format!("/photos/{photo}"))));
        public.extend([format!("/photos/{}", self.remix), format!("/api/v1/photos/{}", self.remix)]);
        public.extend(self.files.iter().map(|key| format!("/media/{key}")));
        public.extend(self.widgets().await);
        let (call, talk): (i64, i64) = sqlx::query_as("select call_id, id from talks")
            .fetch_one(&self.site.db)
            .await
            .expect("there is one");
        public.extend(
            ["/talks/{talk}", "/calls/{call}", "/api/v1/calls/{call}"]
                .map(|path| path.replace("{talk}", &talk.to_string()).replace("{call}", &call.to_string())),
        );
        let everybody = [Looker::Nobody, Looker::Eve, Looker::Fay];
        let mut places: Vec<_> = everybody
            .into_iter()
            .flat_map(|who| public.iter().map(move |path| (who, path.clone())))
            .collect();
        for part in ["opinion", "comments"] {
            places.extend([Looker::Bob, Looker::Eve].map(|who| (who, format!("/photos/{photo}/{part}"))));
        }
        for path in ["/notifications", "/notifications/part", "/api/v1/users/me/notifications"] {
            places.push((Looker::Bob, path.to_owned()));
        }
        let feed = self.fay.pages.get("/feed").await.expect(200).attribute("#feed-url", "value");
        let feed = feed.replace(self.site.base.as_str(), "/");
        for path in ["/feed", "/api/v1/users/me/feed", &feed] {
            places.push((Looker::Fay, path.to_owned()));
        }
        places
    }

    /// The widgets of the hub and of the owner's profile, on their pages, in frames and through the API.
    async fn widgets(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for at in ["/h/cats", "/members/ada"] {
            let versions = self.site.get(&format!("{at}/versions")).await.expect(200).json();
            for widget in versions["widgets"].as_object().expect("an object").keys() {
                paths.push(format!("{at}/w/{widget}"));
                if at == "/h/cats" {
                    paths.push(format!("/embed/h/cats/{widget}"));
                    paths.push(format!("/api/v1/hubs/cats/widgets/{widget}"));
                }
            }
        }
        paths
    }

    /// The places that show the photo now.
    pub(crate) async fn seen(&self) -> BTreeSet<String> {
        let photo = self.photo;
        let names = format!(r#"/photos/{photo}\b|"photo":{photo}\b|"photos":\[[^\]]*\b{photo}\b"#);
        let names = Regex::new(&names).expect("it is right");
        let own =
            [format!("/photos/{}/", self.photo), format!("/api/v1/photos/{}/", self.photo), "/media/".into()];
        let mut seen = BTreeSet::new();
        for (who, path) in &self.places {
            let nobody =
                Person { id: 0, name: String::new(), api: self.site.api(), pages: self.site.visitor() };
            let person = match who {
                Looker::Nobody => &nobody,
                Looker::Bob => &self.bob,
                Looker::Eve => &self.eve,
                Looker::Fay => &self.fay,
            };
            let answer = match path.strip_prefix("/api/v1/") {
                Some(call) => person.api.get(call).await,
                None => person.pages.get(path).await,
            };
            assert!(answer.status < 500, "{}: {}", answer.asked, answer.text());
            let (is_own, text) = (own.iter().any(|own| path.starts_with(own)), answer.text());
            // An error repeats the path that was asked for.
            let shows = || names.is_match(&text) || self.files.iter().any(|key| text.contains(key));
            if answer.status == 200 && (is_own || text.contains("Zorblatt") || shows()) {
                seen.insert(format!("{path} as {who:?}"));
            }
        }
        seen
    }

    /// What is stored of the photo and told of it, without what looking at it changes.
    pub(crate) async fn told(&self) -> BTreeMap<&'static str, Value> {
        let (photo, owner) = (self.photo, &self.ada.api);
        let mut shown = owner.get(&format!("photos/{photo}")).await.expect(200).json();
        let fields = shown.as_object_mut().expect("an object");
        for changing in ["views", "shares", "stats", "virality", "timeline", "version"] {
            fields.remove(changing);
        }
        let revisions = owner.get(&format!("photos/{photo}/revisions")).await.expect(200).json();
        let comments = self.eve.api.get(&format!("photos/{photo}/comments")).await.expect(200).json();
        let ratings =
            "select json_agg(json_build_array(rater_id, value, rated_at) order by rater_id) from ratings
                       where photo_id = $1";
        let tags = "select json_agg(json_build_array(topics.key, photos) order by key)
                    from taggings join topics on topics.id = topic_id where photo_id = $1";
        let files =
            "select json_agg(json_build_array(edge, key) order by edge) from photo_files where photo_id = $1";
        BTreeMap::from([
            ("photo", shown),
            ("revisions", revisions["data"].clone()),
            ("comments", comments["data"].clone()),
            ("ratings", self.site.ask_of(ratings, photo).await),
            ("tags", self.site.ask_of(tags, photo).await),
            ("files", self.site.ask_of(files, photo).await),
        ])
    }

    /// What the audit log says of the moderator.
    pub(crate) async fn logged(&self) -> Vec<String> {
        let log = sqlx::query_scalar("select action from audit_log where actor = 'mo' order by id");
        log.fetch_all(&self.site.db).await.expect("the log")
    }

    /// Lets the moderator undo what is the latest act.
    pub(crate) async fn undo(&self) {
        let acts = self.mo.pages.get("/moderation/acts").await.expect(200);
        let undo = acts.attribute("form[action^='/moderation/acts/'][action$='/undo']", "action");
        self.mo.pages.post(&undo, &[]).await.location();
        self.site.hurry().await;
        self.site.settle().await;
        self.count().await;
    }

    /// Lets the moderator hide the photo, and waits until nothing shows it any more.
    pub(crate) async fn hide(&self) {
        let path = format!("/photos/{}/hide", self.photo);
        self.mo.pages.post(&path, &[("reason", "Not a rabbit.")]).await.location();
        self.vanishes().await;
    }

    /// Waits until nothing shows the photo any more.
    pub(crate) async fn vanishes(&self) {
        let (begin, mut last, mut left) = (Instant::now(), Duration::ZERO, BTreeSet::new());
        loop {
            let look = begin.elapsed();
            let seen = self.seen().await;
            if seen.is_empty() {
                break;
            }
            (last, left) = (look, seen);
            assert!(last < GONE_WITHIN, "after {last:?} these still show it: {left:#?}");
        }
        assert!(last < GONE_WITHIN, "{left:?}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_hidden_photo_is_gone_everywhere_within_seconds_and_comes_back_as_it_was(db: PgPool) {
    let story = Story::tell(db).await;
    let (before, told) = (story.seen().await, story.told().await);
    // Some widgets show no photos.
    let is_widget = |place: &str| ["/w/", "/widgets/", "/embed/"].iter().any(|part| place.contains(part));
    let places = story.places.iter().map(|(who, path)| format!("{path} as {who:?}"));
    let unseen: Vec<_> = places.filter(|place| !is_widget(place) && !before.contains(place)).collect();
    assert!(unseen.is_empty(), "these don't show it, so they prove nothing: {unseen:#?}");
    for part in ["/h/cats/w/", "/members/ada/w/", "/embed/", "/widgets/", "/media/"] {
        assert!(before.iter().any(|place| place.contains(part)), "{part}: {before:#?}");
    }
    let mut open = story.eve.pages.stream(&format!("photo={}", story.photo)).await;
    open.begin().await;

    story.hide().await;
    open.until("changed").await;
    let Story { site, ada, bob, mo, photo, remix, .. } = &story;
    site.settle().await;
    assert_eq!(story.seen().await, BTreeSet::new(), "nor later");
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(page.text().contains("Not a rabbit."), "its owner reads why");
    mo.pages.get(&format!("/photos/{photo}")).await.expect(200);
    let credit = bob.pages.get(&format!("/photos/{remix}")).await.expect(200).texts(".credit");
    assert_eq!(credit, ["Remix of a photo that was removed"], "what was made of it stays");
    bob.say(*photo, json!({ "text": "Where is it?" })).await.error(404);
    let ballot = site.ballot(bob, *photo, Duration::ZERO).await;
    bob.api.put(&format!("photos/{photo}/rating"), json!({ "value": 1, "ballot": ballot })).await.error(404);
    bob.api.post(&format!("photos/{photo}/shares"), Value::Null).await.error(404);

    story.undo().await;
    assert_eq!(story.told().await, told);
    assert_eq!(story.seen().await, before);
    site.histograms_are_right().await;
    ada.pages.get(&format!("/photos/{photo}/edit")).await.expect(200);
    assert_eq!(story.logged().await, ["photo.hide", "act.undo"]);
}
