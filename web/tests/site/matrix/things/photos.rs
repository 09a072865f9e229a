//! Photos, comments and topics.

use std::time::Duration;

use pawdium_shared::accounts::RaterKey;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::ranking::sharing;
use pawdium_shared::ratings::{Ballots, Shown};
use reqwest::multipart::Form;
use serde_json::json;

use super::Named;
use crate::harness::{SECRET, pictures, submission};
use crate::matrix::row::Role;
use crate::matrix::scene::{Scene, next};

pub(super) const NAMES: &[Named] = &[
    ("live", "a live photo of the owner's"),
    ("own", "a live photo of the viewer's, or of the owner's for those without an account"),
    ("draft", "a draft of the owner's with a picture"),
    ("empty", "a draft of the owner's without a picture"),
    ("processing", "a photo of the owner's that is being processed"),
    ("failed", "a photo of the owner's that could not be processed"),
    ("hidden", "a photo of the owner's that a moderator has hidden"),
    ("withheld", "the same, whose files are withheld"),
    ("banned", "a photo of the owner's that a moderator has hidden with its picture"),
    ("edited", "a live photo of the owner's that has been changed once"),
    ("rated", "a live photo of somebody's that the viewer has rated"),
    ("comment", "a comment of the owner's on that photo"),
    ("held", "a comment of the owner's on that photo that waits for a moderator"),
    ("ballot", "the viewer's ballot for the live photo"),
    ("stamp", "the stamp of a form for comments that was served to the viewer a minute ago"),
    ("code", "the code of a link to the live photo"),
    ("picture", "the name of a file of the live photo"),
    ("topic", "a topic that a live photo has"),
    ("topic-act", "a moderator's act on a topic"),
    ("act", "that a moderator has hidden the live photo"),
];

pub(super) async fn make(scene: &mut Scene<'_>, name: &str) -> String {
    match name {
        "own" if scene.role.is_registered() => live(scene, scene.role, name).await.to_string(),
        "live" | "own" => live(scene, Role::Owner, name).await.to_string(),
        "rated" => rated(scene).await.to_string(),
        "processing" | "failed" | "draft" | "empty" | "hidden" | "banned" | "edited" => {
            in_state(scene, name).await.to_string()
        }
        "comment" => comment(scene).await.to_string(),
        "held" => held(scene).await.to_string(),
        "ballot" => ballot(scene).await,
        "stamp" => {
            let (photo, viewer) = (scene.id("rated").await, scene.viewer().await);
            viewer.stamp(photo, Duration::from_mins(1))
        }
        "withheld" => withheld(scene).await.to_string(),
        "act" => {
            let photo = scene.id("live").await;
            take_down(scene, photo).await;
            scene.site.ask_of::<i64>("select max(id) from acts where thing_id = $1", photo).await.to_string()
        }
        "code" => {
            let (photo, owner) =
                (PhotoId(scene.id("live").await), UserId(scene.person(Role::Owner).await.id));
            let mut db = scene.site.db.acquire().await.expect("a connection");
            sharing::share(&mut db, photo, owner).await.expect("it is shared").expect("it is live")
        }
        "picture" => {
            let photo = scene.id("live").await;
            scene.site.ask_of("select min(key) from photo_files where photo_id = $1", photo).await
        }
        "topic" => topic(scene).await,
        _ => topic_act(scene).await.to_string(),
    }
}

async fn live(scene: &mut Scene<'_>, owner: Role, title: &str) -> i64 {
    let owner = scene.person(owner).await;
    scene.site.photo().by(&owner).titled(title).live().await
}

async fn in_state(scene: &mut Scene<'_>, state: &str) -> i64 {
    let (site, owner) = (scene.site, scene.person(Role::Owner).await);
    let photo = site.photo().by(&owner).titled(state);
    match state {
        "processing" => photo.processing().await,
        "failed" => photo.failed("It is not a picture.").await,
        "draft" | "empty" => {
            let form = match state {
                "draft" => submission(state, pictures::quarters(300, 300)),
                _ => Form::new().text("title", "empty").text("species", "cat"),
            };
            let kept = owner.api.upload(form.text("draft", "true")).await.expect(202).json();
            kept["id"].as_i64().expect("an id")
        }
        "hidden" => {
            let photo = photo.live().await;
            take_down(scene, photo).await;
            photo
        }
        "banned" => {
            let (photo, moderator) = (photo.live().await, scene.person(Role::Moderator).await);
            // Only a picture that can be recognised is blocked.
            let looks = sqlx::query("update photos set fingerprint = id where id = $1").bind(photo);
            looks.execute(&site.db).await.expect("it is changed");
            let block = format!("/photos/{photo}/block");
            moderator.pages.post(&block, &[("reason", "No animal")]).await.location();
            photo
        }
        _ => {
            let photo = photo.live().await;
            owner.api.patch(&format!("photos/{photo}"), json!({ "title": "Changed" })).await.expect(200);
            photo
        }
    }
}

/// A moderator hides a photo.
async fn take_down(scene: &mut Scene<'_>, photo: i64) {
    let (moderator, path) = (scene.person(Role::Moderator).await, format!("/photos/{photo}/hide"));
    moderator.pages.post(&path, &[("reason", "No animal")]).await.location();
}

async fn withheld(scene: &mut Scene<'_>) -> i64 {
    let photo = live(scene, Role::Owner, "withheld").await;
    scene.site.tell_pictures_apart(&[photo]).await;
    take_down(scene, photo).await;
    // A job moves them.
    let keys = "select array_agg(key) from photo_files where photo_id = $1";
    for key in scene.site.ask_of::<Vec<String>>(keys, photo).await {
        assert!(
            scene.site.store().withhold_picture(&key.parse().expect("a key")).await.expect("it is moved")
        );
    }
    photo
}

async fn rated(scene: &mut Scene<'_>) -> i64 {
    let somebody = scene.other("somebody").await;
    let photo = scene.site.photo().by(&somebody).live().await;
    let viewer = scene.viewer().await;
    if viewer.id != 0 {
        scene.site.rate(&viewer, photo, 7).await;
    }
    photo
}

async fn comment(scene: &mut Scene<'_>) -> i64 {
    let (photo, owner) = (scene.id("rated").await, scene.person(Role::Owner).await);
    owner.comment(photo, &format!("What a face, number {}", next())).await
}

async fn held(scene: &mut Scene<'_>) -> i64 {
    let comment = comment(scene).await;
    let held =
        sqlx::query("update comments set state = 'held', held_for = 'first' where id = $1").bind(comment);
    held.execute(&scene.site.db).await.expect("it is held");
    comment
}

async fn ballot(scene: &mut Scene<'_>) -> String {
    let (photo, viewer) = (scene.id("live").await, scene.viewer().await);
    if viewer.id != 0 {
        return scene.site.ballot(&viewer, photo, Duration::ZERO).await;
    }
    let shown = Shown { photo: PhotoId(photo), picture: 1 };
    Ballots::new(&SECRET.to_owned().into()).issue_first(shown, RaterKey::generate(), chrono::Utc::now())
}

async fn topic(scene: &mut Scene<'_>) -> String {
    let (tag, somebody) = (format!("tag{}", next()), scene.other("somebody").await);
    scene.site.photo().by(&somebody).titled(&tag).tagged(&tag).live().await;
    // A job counts the photos of topics.
    let counted = sqlx::query("update topics set photos = 1 where key = $1").bind(&tag);
    counted.execute(&scene.site.db).await.expect("it is counted");
    tag
}

async fn topic_act(scene: &mut Scene<'_>) -> i64 {
    let (tag, moderator) = (topic(scene).await, scene.person(Role::Moderator).await);
    let form = [("topic", tag.as_str()), ("to", "")];
    moderator.pages.post("/moderation/topics/ban", &form).await.location();
    scene.site.ask("select max(id) from topic_acts").await
}
