//! People, and what is mailed to them.

use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::hubs::feed;
use pawdium_shared::ids::UserId;
use pawdium_shared::notifications::StopLinks;

use super::Named;
use crate::harness::{PASSWORD, SECRET};
use crate::matrix::row::Role;
use crate::matrix::scene::{Scene, next};

pub(super) const NAMES: &[Named] = &[
    ("owner", "the name of the owner, whose profile it is"),
    ("hub-member", "the name of the hub member"),
    ("target", "the name of another member"),
    ("email", "the address of that member"),
    ("password", "the password of all members"),
    ("new-name", "a name that nobody has"),
    ("session", "the viewer's session, or nobody's"),
    ("reset-token", "what a link for a new password ends in"),
    ("verify-token", "what a link that verifies an address ends in"),
    ("stop-token", "what a link that stops mails ends in"),
    ("feed-token", "what the address of somebody's feed ends in"),
];

pub(super) async fn make(scene: &mut Scene<'_>, name: &str) -> String {
    match name {
        "owner" => scene.person(Role::Owner).await.name.clone(),
        "hub-member" => scene.person(Role::HubMember).await.name.clone(),
        "target" => scene.other("target").await.name.clone(),
        "email" => scene.other("target").await.email(),
        "password" => PASSWORD.to_owned(),
        "new-name" => format!("new{}", next()),
        "session" => {
            let viewer = scene.viewer().await.id;
            let latest = "select coalesce(max(id), 0) from sessions where user_id = $1";
            scene.site.ask_of::<i64>(latest, viewer).await.to_string()
        }
        "reset-token" => link(scene, Purpose::Reset).await,
        "verify-token" => link(scene, Purpose::Verify).await,
        "stop-token" => {
            let user = UserId(scene.other("target").await.id);
            StopLinks::new(&SECRET.to_owned().into()).token(user)
        }
        _ => {
            let user = UserId(scene.other("target").await.id);
            let mut db = scene.site.db.acquire().await.expect("a connection");
            feed::find_token(&mut db, user).await.expect("it is found")
        }
    }
}

async fn link(scene: &mut Scene<'_>, purpose: Purpose) -> String {
    let target = scene.other("target").await;
    let mut db = scene.site.db.acquire().await.expect("a connection");
    let token = links::issue(&mut db, UserId(target.id), &target.email(), purpose).await.expect("it is new");
    token.expose().to_owned()
}
