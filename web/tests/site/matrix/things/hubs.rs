//! Hubs and their widgets.

use super::Named;
use crate::matrix::row::Role;
use crate::matrix::scene::{Scene, next};

pub(super) const NAMES: &[Named] = &[
    ("hub", "a public hub of the hub owner and the hub member, which anybody may join"),
    ("private", "the same, but private"),
    ("asking", "the same, but public and with a request of somebody's"),
    ("asker", "whose request that is"),
    ("hub-url", "the address of the public hub"),
    ("new-slug", "a slug that no hub has"),
    ("widget", "a widget of the hub"),
    ("private-widget", "a widget of the private hub"),
    ("profile-widget", "a widget of the owner's profile"),
    ("cache-widget", "the name of the hub's widget in the cache"),
    ("posted", "a live photo of the owner's in the hub"),
];

pub(super) async fn make(scene: &mut Scene<'_>, name: &str) -> String {
    match name {
        "hub" => hub(scene, "public", "open").await,
        "private" => hub(scene, "private", "open").await,
        "asking" => {
            let (slug, asker) = (hub(scene, "public", "request").await, scene.other("asker").await);
            let hub = id_of(scene, &slug).await;
            let ask = sqlx::query("insert into hub_requests (hub_id, user_id) values ($1, $2)");
            ask.bind(hub).bind(asker.id).execute(&scene.site.db).await.expect("it is new");
            slug
        }
        "asker" => scene.other("asker").await.name.clone(),
        "hub-url" => {
            let slug = scene.thing("hub").await;
            // The site's name for itself.
            scene.site.url(&format!("/h/{slug}")).replace("127.0.0.1", "localhost")
        }
        "new-slug" => format!("new{}", next()),
        "widget" => widget(scene, "hub").await.to_string(),
        "private-widget" => widget(scene, "private").await.to_string(),
        "profile-widget" => {
            let owner = scene.person(Role::Owner).await.id;
            let profile = scene.site.ask_of("select id from hubs where profile_of = $1", owner).await;
            insert_widget(scene, profile).await.to_string()
        }
        "cache-widget" => {
            let (widget, slug) = (scene.id("widget").await, scene.thing("hub").await);
            format!("{}.{widget}", id_of(scene, &slug).await)
        }
        _ => posted(scene).await.to_string(),
    }
}

async fn hub(scene: &mut Scene<'_>, visibility: &str, joining: &str) -> String {
    // No slug is a part of another one.
    let slug = format!("{visibility}{}x", next());
    let (owner, member) = (scene.person(Role::HubOwner).await, scene.person(Role::HubMember).await);
    let hub = scene.site.hub_of(&slug, &[&owner, &member]).await;
    let changed = sqlx::query("update hubs set visibility = $2, joining = $3 where id = $1");
    let changed = changed.bind(hub).bind(visibility).bind(joining);
    changed.execute(&scene.site.db).await.expect("it is changed");
    slug
}

/// The id of a hub.
pub(super) async fn id_of(scene: &Scene<'_>, slug: &str) -> i64 {
    let found = sqlx::query_scalar("select id from hubs where slug = $1").bind(slug);
    found.fetch_one(&scene.site.db).await.expect("it exists")
}

async fn widget(scene: &mut Scene<'_>, hub: &str) -> i64 {
    let slug = scene.thing(hub).await;
    let hub = id_of(scene, &slug).await;
    insert_widget(scene, hub).await
}

async fn insert_widget(scene: &Scene<'_>, hub: i64) -> i64 {
    let insert = "insert into widgets (hub_id, kind, side, position) \
                  select $1, 'newest-photos', 'left', count(*) from widgets where hub_id = $1 and side = 'left' \
                  returning id";
    sqlx::query_scalar(insert).bind(hub).fetch_one(&scene.site.db).await.expect("it is new")
}

async fn posted(scene: &mut Scene<'_>) -> i64 {
    let (slug, owner) = (scene.thing("hub").await, scene.person(Role::Owner).await);
    let hub = id_of(scene, &slug).await;
    let photo = scene.site.photo().by(&owner).titled("posted").live().await;
    let post = sqlx::query("insert into hub_photos (hub_id, photo_id) values ($1, $2)").bind(hub).bind(photo);
    post.execute(&scene.site.db).await.expect("it is new");
    photo
}
