//! A site with baked pages.

use std::time::{Duration, Instant};

use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_web::routes::BAKED;
use serde_json::json;

use super::client::Answer;
use super::people::Person;
use super::setup::Setup;
use super::site::Site;
use super::waiting::{SOON, eventually};

/// A site with a photo in a hub, and all baked pages that show something of them.
pub(crate) struct Bakery {
    pub(crate) site: Site,
    pub(crate) ada: Person,
    pub(crate) photo: i64,
    pub(crate) paths: Vec<String>,
}

impl Bakery {
    pub(crate) async fn open(setup: Setup) -> Self {
        let site = setup.worker().start().await;
        let ada = site.member("ada").await;
        let photo = site.photo().by(&ada).titled("Blep").live().await;
        site.hub(&ada, "cats").await;
        site.post(&ada, "cats", photo).await;
        let bob = site.member("bob").await;
        site.join("cats", &[&bob]).await;
        let settings = || json!({ "voters": "members" });
        let voting = site.open_call(&ada, "cats", settings()).await;
        let over = site.open_call(&ada, "cats", settings()).await;
        let mut talks = Vec::new();
        for call in [voting, over] {
            for title in ["Naps", "Boxes", "String"] {
                talks.push(bob.pitch(call, title).await);
            }
            ada.move_to(call, "voting").await;
        }
        ada.move_to(over, "announced").await;
        site.run(RefreshRanks {}).await;
        let paths = BAKED.iter().map(|route| {
            let path = route.path.replace("{photo}", &photo.to_string()).replace("{slug}", "cats");
            let path = path
                .replace("{name}", "ada")
                .replace("{tag}", "tongue")
                .replace("{call}/results", &format!("{over}/results"));
            let path = path.replace("{call}", &voting.to_string()).replace("{talk}", &talks[0].to_string());
            assert!(!path.contains('{'), "say here what stands for {path}");
            path
        });
        let mut paths: Vec<_> = paths.collect();
        paths.extend([
            "/top?period=week&species=cat".to_owned(),
            "/hubs?sort=name".to_owned(),
            "/topics?sort=new".to_owned(),
            "/topics/sofa?sort=top".to_owned(),
            format!("/photos/{photo}?from=topic:sofa"),
            format!("/calls/{over}"),
            format!("/talks/{}", talks[3]),
            format!("/photos/{photo}?from=hub:cats"),
            format!("/photos/{photo}?from=top:all:all"),
        ]);
        Self { site, ada, photo, paths }
    }
}

/// How an answer came about.
pub(crate) fn source(answer: &Answer) -> &str {
    answer.header("x-cache")
}

/// Waits until nobody's page says so. Returns how long that took.
pub(crate) async fn until_shown(site: &Site, path: &str, shows: impl Fn(&Answer) -> bool) -> Duration {
    let begin = Instant::now();
    eventually("it is shown", SOON, async || shows(&site.get(path).await).then_some(())).await;
    begin.elapsed()
}
