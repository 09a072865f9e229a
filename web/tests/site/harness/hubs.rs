//! Hubs of a site, written to the database.

use serde_json::Value;

use super::people::Person;
use super::site::Site;

impl Site {
    /// Creates a public hub of these members; the first is its owner. Its name is its slug.
    pub(crate) async fn hub_of(&self, slug: &str, members: &[&Person]) -> i64 {
        let hub = sqlx::query_scalar("insert into hubs (slug, name) values ($1, $1) returning id").bind(slug);
        let hub = hub.fetch_one(&self.db).await.expect("the slug is free");
        for (place, member) in members.iter().enumerate() {
            self.give_role(hub, member, if place == 0 { "owner" } else { "member" }).await;
        }
        hub
    }

    /// Gives a user a role in a hub.
    pub(crate) async fn give_role(&self, hub: i64, user: &Person, role: &str) {
        let given = sqlx::query("insert into hub_roles (hub_id, user_id, role) values ($1, $2, $3)");
        given.bind(hub).bind(user.id).bind(role).execute(&self.db).await.expect("it is given");
    }

    /// Takes all of a user's roles in a hub.
    pub(crate) async fn take_roles(&self, hub: i64, user: &Person) {
        let taken = sqlx::query("delete from hub_roles where hub_id = $1 and user_id = $2");
        taken.bind(hub).bind(user.id).execute(&self.db).await.expect("they are taken");
    }

    /// Hides a hub from all but its members.
    pub(crate) async fn make_private(&self, hub: i64) {
        let hidden = sqlx::query("update hubs set visibility = 'private' where id = $1");
        hidden.bind(hub).execute(&self.db).await.expect("it is hidden");
    }

    /// Makes a hub read-only.
    pub(crate) async fn archive(&self, hub: i64) {
        let archived = sqlx::query("update hubs set archived_at = now() where id = $1");
        archived.bind(hub).execute(&self.db).await.expect("it is archived");
    }

    /// Posts a photo to a hub for its owner.
    pub(crate) async fn post(&self, owner: &Person, slug: &str, photo: i64) {
        owner.api.put(&format!("hubs/{slug}/photos/{photo}"), Value::Null).await.expect(204);
    }

    /// The kinds of widgets that can be added to hubs' pages, or to profiles.
    pub(crate) async fn kinds_for(&self, pages: &str) -> Vec<Value> {
        let kinds = self.api().get("widget-kinds").await.expect(200).json();
        let kinds = kinds.as_array().expect("a list").iter();
        kinds.filter(|kind| kind["pages"] == "all" || kind["pages"] == pages).cloned().collect()
    }

    /// The ids of a hub's photos as the API lists them.
    pub(crate) async fn listed(&self, path: &str) -> Vec<i64> {
        let list = self.api().get(path).await.expect(200).json();
        let photos = list["data"].as_array().expect("a list");
        photos.iter().map(|photo| photo["id"].as_i64().expect("an id")).collect()
    }
}
