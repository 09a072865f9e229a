//! A private hub, a public one of the same people, and those who must not know.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::client::Answer;
use super::people::Person;
use super::setup::Setup;
use super::site::Site;

/// What only members may read: the hub's slugs, its name, its summary, and what its widgets, calls and talks say.
pub(crate) const SECRETS: [&str; 7] =
    ["zqxden", "zqxold", "quagmire", "wombatastic", "snorkelnote", "squidcall", "squidtalk"];

/// A private hub, a public one of the same members with every kind of widget, and those who must not know.
pub(crate) struct Den {
    pub(crate) site: Site,
    pub(crate) olga: Person,
    pub(crate) mia: Person,
    pub(crate) photo: i64,
    /// A widget of the private hub.
    pub(crate) widget: i64,
    pub(crate) outsiders: Vec<Person>,
}

impl Den {
    pub(crate) async fn dig(db: PgPool) -> Self {
        // Each statement is in the log.
        let site = Setup::on(db).set("log.filter", "info,sqlx=debug").worker().start().await;
        let (olga, mia) = (site.member("olga").await, site.member("mia").await);
        let settings = json!({ "visibility": "private", "name": "Quagmire", "summary": "Wombatastic.", "join": "request" });
        site.hub_with(&olga, "zqxold", settings).await;
        olga.api.patch("hubs/zqxold", json!({ "slug": "zqxden" })).await.expect(200);
        site.hub(&olga, "open-den").await;
        for slug in ["zqxden", "open-den"] {
            olga.api.put(&format!("hubs/{slug}/members/mia"), json!({ "role": "member" })).await.expect(204);
            for kind in site.kinds_for("hubs").await {
                let column = if kind["columns"] == "right" { "right" } else { "left" };
                let body = json!({ "kind": kind["kind"], "column": column });
                olga.api.post(&format!("hubs/{slug}/widgets"), body).await.expect(201);
            }
            for role in ["subscriber", "stargazer"] {
                mia.api.put(&format!("hubs/{slug}/roles/{role}"), Value::Null).await.expect(204);
            }
        }
        let body = json!({ "kind": "sticky-note", "column": "left", "config": { "text": "Snorkelnote" } });
        let widget = olga.api.post("hubs/zqxden/widgets", body).await.expect(201).json()["id"].as_i64();
        let call =
            site.open_call(&olga, "zqxden", json!({ "title": "Squidcall", "voters": "members" })).await;
        let talk = mia.pitch(call, "Squidtalk").await;
        olga.move_to(call, "voting").await;
        olga.vote(talk).await.expect(200);
        let photo = site.photo().by(&mia).live().await;
        site.post(&mia, "zqxden", photo).await;
        site.post(&mia, "open-den", photo).await;
        let follower = site.member("fay").await;
        let left = site.member("lou").await;
        olga.api.put("hubs/zqxden/members/lou", json!({ "role": "member" })).await.expect(204);
        for role in ["subscriber", "stargazer"] {
            left.api.put(&format!("hubs/zqxden/roles/{role}"), Value::Null).await.expect(204);
            follower.api.put(&format!("hubs/open-den/roles/{role}"), Value::Null).await.expect(204);
        }
        olga.api.delete("hubs/zqxden/members/lou", Value::Null).await.expect(204);
        site.change("update hubs set active_at = now() - interval '40 days'").await;
        let nobody = Person { id: 0, name: String::new(), api: site.api(), pages: site.visitor() };
        let outsiders = vec![nobody, site.anonymous().await, follower, left];
        Self { site, olga, mia, photo, widget: widget.expect("an id"), outsiders }
    }

    /// Everything that anybody may look at.
    pub(crate) async fn public(&self) -> Vec<String> {
        let photo = self.photo;
        let mut paths: Vec<String> = [
            "/",
            "/hubs",
            "/hubs?sort=new",
            "/hubs?sort=name",
            "/hubs?q=quagmire",
            "/hubs?q=zqx",
            "/hubs?q=wombat",
            "/feed",
            "/feed.atom",
            "/explore",
            "/top",
            "/trending",
            "/new",
            "/submit",
            "/settings",
            "/api",
            "/search?q=quagmire",
            "/search?q=zqxden&in=hubs",
            "/search?q=wombatastic&in=hubs",
            "/search?q=olga",
            "/members/olga",
            "/members/mia",
            "/members/mia/photos",
            "/members/lou",
            "/members/olga/versions",
            "/h/open-den",
            "/h/open-den/members",
            "/h/open-den/photos",
            "/h/open-den/top",
            "/h/open-den/rate",
            "/h/open-den/feed.atom",
            "/h/open-den/versions",
        ]
        .map(str::to_owned)
        .to_vec();
        for call in [
            "openapi.json",
            "hubs",
            "hubs?q=quagmire",
            "hubs?q=zqxden",
            "search?q=quagmire",
            "search?q=zqxold",
            "users/olga",
            "users/mia",
            "users/me/feed",
            "users/me/hubs",
            "users/me/hubs?q=quagmire",
            "top",
            "new",
            "hubs/open-den",
            "hubs/open-den/members",
            "hubs/open-den/photos",
            "hubs/open-den/calls",
            "widget-kinds",
        ] {
            paths.push(format!("/api/v1/{call}"));
        }
        paths.extend([
            format!("/photos/{photo}"),
            format!("/photos/{photo}?from=hub:zqxnone"),
            format!("/api/v1/photos/{photo}"),
        ]);
        for path in ["/h/open-den", "/members/olga", "/members/mia", "/members/lou"] {
            let versions = self.site.get(&format!("{path}/versions")).await.expect(200).json();
            let shared = versions["widgets"].as_object().expect("an object").keys().cloned();
            let personal = versions["personal"].as_array().expect("a list").iter().map(ToString::to_string);
            paths.extend(shared.chain(personal).map(|widget| format!("{path}/w/{widget}")));
        }
        paths
    }

    /// A look at a path as that person, through the API or as a page.
    pub(crate) async fn get(&self, person: &Person, path: &str) -> Answer {
        match path.strip_prefix("/api/v1/") {
            Some(call) => person.api.get(call).await,
            None => person.pages.get(path).await,
        }
    }
}

/// Asserts that a text gives nothing away.
#[track_caller]
pub(crate) fn tells_nothing(what: &str, text: &str) {
    let text = text.to_lowercase();
    for secret in SECRETS {
        if let Some(at) = text.find(secret) {
            let around: String = text[..at + secret.len()].chars().rev().take(200).collect();
            panic!("{what} tells {secret}: …{}", around.chars().rev().collect::<String>());
        }
    }
}
