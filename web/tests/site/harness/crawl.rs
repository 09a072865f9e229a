//! A look at everything that a site shows of a photo: pages, lists, hubs with every kind of widget, frames, feeds,
//! search and the API.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::client::Answer;
use super::people::Person;
use super::setup::Setup;
use super::site::Site;

/// A hub with every kind of widget, and a photo in it that has everything that a photo can have.
pub(crate) struct Shelf {
    pub(crate) site: Site,
    /// Owns the hub and the photo.
    pub(crate) olga: Person,
    /// Has rated the photo, commented on it and remixed it.
    pub(crate) rita: Person,
    pub(crate) moderator: Person,
    pub(crate) photo: i64,
    pub(crate) hub: i64,
    pub(crate) comment: i64,
    pub(crate) call: i64,
    /// Shows the photo.
    pub(crate) talk: i64,
    pub(crate) share: String,
    /// The URLs of its files.
    pub(crate) files: Vec<String>,
}

/// What only the photo says: its title, its description and its tag.
pub(crate) const PHOTO: [&str; 3] = ["quaggapup", "wumpusalt", "zqxtag"];
/// What only the comment says.
pub(crate) const COMMENT: &str = "snorklequip";
/// What only the talk says.
pub(crate) const TALK: &str = "squidtalk";
/// The hub's name and its slug.
pub(crate) const HUB: [&str; 2] = ["gorsehub", "zqxhub"];

impl Shelf {
    pub(crate) async fn fill(db: PgPool) -> Self {
        let site = Setup::on(db).worker().start().await;
        let (olga, rita) = (site.member("olga").await, site.member("rita").await);
        let moderator = site.moderator("mod").await;
        site.hub_with(&olga, "zqxhub", json!({ "name": "Gorsehub" })).await;
        let hub = site.ask("select id from hubs where slug = 'zqxhub'").await;
        for kind in site.kinds_for("hubs").await {
            let column = if kind["columns"] == "right" { "right" } else { "left" };
            olga.api
                .post("hubs/zqxhub/widgets", json!({ "kind": kind["kind"], "column": column }))
                .await
                .expect(201);
        }
        site.join("zqxhub", &[&rita]).await;
        rita.api.put("hubs/zqxhub/roles/subscriber", Value::Null).await.expect(204);
        for (title, owner) in [("Plain cat", &olga), ("Other cat", &rita), ("Third cat", &rita)] {
            let photo = site.photo().by(owner).titled(title).live().await;
            site.post(owner, "zqxhub", photo).await;
            let rater = if owner.id == olga.id { &rita } else { &olga };
            site.rate(rater, photo, 5).await;
        }
        let photo = site.photo().by(&olga).titled("Quaggapup").tagged("zqxtag, sofa").live().await;
        site.tell_pictures_apart(&[photo]).await;
        site.change("update photos set alt = 'Wumpusalt' where title = 'Quaggapup'").await;
        site.post(&olga, "zqxhub", photo).await;
        site.rate(&rita, photo, 9).await;
        site.rate(&moderator, photo, 8).await;
        let comment = rita.comment(photo, "Snorklequip.").await;
        olga.reply(photo, comment, "Thank you.").await;
        let call = site.open_call(&olga, "zqxhub", json!({ "voters": "anybody", "totals": "shown" })).await;
        let body = json!({ "title": "Squidtalk", "photo": photo });
        let talk =
            olga.api.post(&format!("calls/{call}/talks"), body).await.expect(201).json()["id"].as_i64();
        let share = rita.api.post(&format!("photos/{photo}/shares"), Value::Null).await.expect(201).json();
        let share = share["url"].as_str().and_then(|url| url.split_once("/s/")).expect("a link").1.to_owned();
        let files =
            sqlx::query_scalar("select '/media/' || key from photo_files where photo_id = $1 order by edge");
        let files = files.bind(photo).fetch_all(&site.db).await.expect("the statement is right");
        site.settle().await;
        let talk = talk.expect("an id");
        Self {
            site,
            olga,
            rita,
            moderator,
            photo,
            hub,
            comment,
            call,
            talk,
            share: format!("/s/{share}"),
            files,
        }
    }

    /// Everything that anybody may look at.
    pub(crate) async fn paths(&self) -> Vec<String> {
        let (photo, call, talk) = (self.photo, self.call, self.talk);
        let mut paths: Vec<String> = [
            "/top",
            "/top?period=day",
            "/top?species=cat",
            "/trending",
            "/trending?species=cat",
            "/new",
            "/new?species=cat",
            "/topics",
            "/topics?sort=name",
            "/topics/zqxtag",
            "/topics/sofa",
            "/topics/sofa?sort=top",
            "/topics/sofa?with=zqxtag",
            "/topics/zqxtag/feed.atom",
            "/topics/sofa/feed.atom",
            "/hubs",
            "/hubs?sort=new",
            "/hubs?sort=name",
            "/h/zqxhub",
            "/h/zqxhub/photos",
            "/h/zqxhub/top",
            "/h/zqxhub/feed.atom",
            "/h/zqxhub/members",
            "/h/zqxhub/talks",
            "/members/olga",
            "/members/olga/photos",
            "/members/rita",
            "/feed",
            "/notifications",
            "/search?q=cat",
            "/search?q=cat&in=photos",
            "/search?q=sofa&in=topics,photos",
            "/search?q=olga&in=members,hubs",
            "/api/v1/top",
            "/api/v1/trending",
            "/api/v1/new",
            "/api/v1/topics",
            "/api/v1/topics/zqxtag",
            "/api/v1/topics/sofa",
            "/api/v1/sections",
            "/api/v1/users/olga",
            "/api/v1/hubs",
            "/api/v1/hubs/zqxhub",
            "/api/v1/hubs/zqxhub/photos",
            "/api/v1/hubs/zqxhub/top",
            "/api/v1/hubs/zqxhub/calls",
            "/api/v1/search?q=sofa",
            "/api/v1/search?q=cat&in=photos",
            "/api/v1/users/me/feed",
            "/api/v1/users/me/notifications",
        ]
        .map(str::to_owned)
        .to_vec();
        paths.extend([
            format!("/photos/{photo}"),
            format!("/photos/{photo}?from=new:all"),
            format!("/photos/{photo}?from=hub:zqxhub"),
            format!("/photos/{photo}?from=member:olga"),
            format!("/photos/{photo}/comments"),
            format!("/photos/{photo}/status"),
            format!("/photos/{photo}/opinion"),
            format!("/photos/{photo}/revisions"),
            format!("/api/v1/photos/{photo}"),
            format!("/api/v1/photos/{photo}/comments"),
            format!("/oembed?url={}", self.site.url(&format!("/photos/{photo}"))),
            format!("/comments/{}", self.comment),
            format!("/calls/{call}"),
            format!("/calls/{call}/part"),
            format!("/talks/{talk}"),
            format!("/api/v1/calls/{call}"),
            self.share.clone(),
        ]);
        for page in ["/h/zqxhub", "/members/olga", "/members/rita"] {
            let versions = self.site.get(&format!("{page}/versions")).await;
            if versions.status != 200 {
                continue;
            }
            let versions = versions.json();
            let shared = versions["widgets"].as_object().expect("an object").keys().cloned();
            let personal = versions["personal"].as_array().expect("a list").iter().map(ToString::to_string);
            for widget in shared.chain(personal) {
                paths.push(format!("{page}/w/{widget}"));
                if page == "/h/zqxhub" {
                    paths.push(format!("/embed/h/zqxhub/{widget}"));
                    paths.push(format!("/api/v1/hubs/zqxhub/widgets/{widget}"));
                }
            }
        }
        paths
    }

    /// Loads these paths, each as a visitor without a user and as a member.
    pub(crate) async fn crawl(&self, paths: &[String]) -> BTreeMap<String, String> {
        let nobody =
            Person { id: 0, name: "nobody".into(), api: self.site.api(), pages: self.site.visitor() };
        let mut seen = BTreeMap::new();
        for viewer in [&nobody, &self.rita] {
            for path in paths {
                let answer = look(viewer, path).await;
                assert!(answer.status < 500, "{}: {}", answer.asked, answer.text());
                let text = format!("{} {}", answer.status, without_times(&answer.text()));
                seen.insert(format!("{path} to {}", viewer.name), text);
            }
        }
        seen
    }

    /// All rows that say anything about the photo, its comments, its hub and its talks, as JSON, one a line.
    pub(crate) async fn rows(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select t || ' ' || r::text from (
                 select 'photos' as t, to_jsonb(photos) as r from photos
                 union all select 'photo_stats', to_jsonb(photo_stats) - 'views' from photo_stats
                 union all select 'photo_ranks', to_jsonb(photo_ranks) from photo_ranks
                 union all select 'photo_files', to_jsonb(photo_files) from photo_files
                 union all select 'photo_pictures', to_jsonb(photo_pictures) from photo_pictures
                 union all select 'photo_picture_files', to_jsonb(photo_picture_files) from photo_picture_files
                 union all select 'photo_revisions', to_jsonb(photo_revisions) from photo_revisions
                 union all select 'photo_crops', to_jsonb(photo_crops) from photo_crops
                 union all select 'photo_weights', to_jsonb(photo_weights) - 'weighed_at' from photo_weights
                 union all select 'taggings', to_jsonb(taggings) from taggings
                 union all select 'topics', jsonb_build_array(id, photos + coalesce(
                     (select sum(topic_moves.photos) from topic_moves where topic_id = topics.id), 0)) from topics
                 union all select 'hub_photos', to_jsonb(hub_photos) from hub_photos
                 union all select 'ratings', to_jsonb(ratings) from ratings
                 union all select 'comments', to_jsonb(comments) from comments
                 union all select 'comment_counts', to_jsonb(comment_counts) from comment_counts
                 union all select 'notifications', to_jsonb(notifications) from notifications
                 union all select 'shares', to_jsonb(shares) from shares
                 union all select 'hubs', to_jsonb(hubs) from hubs
                 union all select 'hub_slugs', to_jsonb(hub_slugs) from hub_slugs
                 union all select 'hub_roles', to_jsonb(hub_roles) from hub_roles
                 union all select 'widgets', to_jsonb(widgets) from widgets
                 union all select 'activity', to_jsonb(activity) from activity
                 union all select 'calls', to_jsonb(calls) from calls
                 union all select 'talks', to_jsonb(talks) from talks
                 union all select 'talk_revisions', to_jsonb(talk_revisions) from talk_revisions
                 union all select 'talk_votes', to_jsonb(talk_votes) from talk_votes
                 union all select 'blocked_pictures', to_jsonb(blocked_pictures) from blocked_pictures
             ) as rows order by 1",
        )
        .fetch_all(&self.site.db)
        .await
        .expect("the statement is right")
    }
}

impl Site {
    /// Has the jobs run now that look where files belong two minutes after an undo.
    pub(crate) async fn hurry(&self) {
        self.change("update jobs set run_at = now(), state = 'ready' where kind = 'media.remove.v1' and state <> 'running'")
            .await;
    }
}

/// Leaves out when something was loaded.
fn without_times(text: &str) -> String {
    let mut parts = text.split("\"as_of\":\"");
    let mut left = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        left.push_str(part.split_once('"').map_or(part, |(_, rest)| rest));
    }
    left
}

/// Leaves out the photo that a widget draws for everybody who has no key, anew each time.
pub(crate) fn without_drawn(text: &str) -> String {
    let mut left = text.to_owned();
    // On a page, in a frame, and through the API.
    let drawn = [
        ("<section class=\"widget widget-rate-one\"", "</section>"),
        ("<main class=\"widget-rate-one\"", "</main>"),
        ("\"kind\":\"rate-one\"", "},{\"id\":"),
    ];
    for (begin, end) in drawn {
        let mut parts = left.split(begin);
        let mut kept = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            kept.push_str(part.split_once(end).map_or("", |(_, rest)| rest));
        }
        left = kept;
    }
    left
}

/// A look through the API or at a page. Who says `no-cache` waits for a baked page to be current.
async fn look(viewer: &Person, path: &str) -> Answer {
    match path.strip_prefix("/api/v1/") {
        Some(call) => viewer.api.get(call).await,
        None => Answer::to(viewer.pages.request(Method::GET, path).header("cache-control", "no-cache")).await,
    }
}
