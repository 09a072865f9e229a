//! A scene: a viewer, with the people and things that a row names.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::LocalBoxFuture;
use pawdium_shared::accounts::{RaterKey, Role as SiteRole, queries, sessions};
use pawdium_shared::ids::UserId;
use serde_json::json;

use super::row::{PLACE, Role};
use super::things;
use crate::harness::{Person, Site};

/// Everything in a scene is its own, so that no other request has changed it.
pub(super) struct Scene<'a> {
    pub(super) site: &'a Site,
    /// Who looks.
    pub(super) role: Role,
    people: HashMap<&'static str, Rc<Person>>,
    /// The browser of nobody, if something must be in it.
    browser: Option<Rc<Person>>,
    things: HashMap<String, String>,
}

/// A number that nothing else has.
pub(super) fn next() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<'a> Scene<'a> {
    pub(super) fn new(site: &'a Site, role: Role) -> Self {
        Self { site, role, people: HashMap::new(), browser: None, things: HashMap::new() }
    }

    /// Who looks. Nobody comes with another browser each time, unless something was left in it.
    pub(super) async fn viewer(&mut self) -> Rc<Person> {
        match (self.role, &self.browser) {
            (Role::Nobody, Some(browser)) => Rc::clone(browser),
            (Role::Nobody, None) => Rc::new(nobody(self.site)),
            (role, _) => self.person(role).await,
        }
    }

    /// Who looks, in a browser that stays the same.
    pub(super) async fn keep_browser(&mut self) -> Rc<Person> {
        let viewer = self.viewer().await;
        self.browser = Some(Rc::clone(&viewer));
        viewer
    }

    /// Somebody with a role.
    pub(super) async fn person(&mut self, role: Role) -> Rc<Person> {
        self.somebody(role.name(), role).await
    }

    /// Another verified member.
    pub(super) async fn other(&mut self, name: &'static str) -> Rc<Person> {
        self.somebody(name, Role::Verified).await
    }

    async fn somebody(&mut self, name: &'static str, role: Role) -> Rc<Person> {
        if let Some(known) = self.people.get(name) {
            return Rc::clone(known);
        }
        let made = Rc::new(make(self.site, role).await);
        self.people.insert(name, Rc::clone(&made));
        made
    }

    /// What a table names, made when it is first asked for.
    pub(super) fn thing<'s>(&'s mut self, name: &'s str) -> LocalBoxFuture<'s, String> {
        Box::pin(async move {
            if let Some(known) = self.things.get(name) {
                return known.clone();
            }
            let made = things::make(self, name).await;
            self.things.insert(name.to_owned(), made.clone());
            made
        })
    }

    /// A thing that is a number.
    pub(super) async fn id(&mut self, name: &str) -> i64 {
        self.thing(name).await.parse().expect("an id")
    }

    /// A text with what it names.
    pub(super) async fn fill(&mut self, text: &str) -> String {
        let (mut filled, mut end) = (String::new(), 0);
        for found in PLACE.captures_iter(text) {
            let whole = found.get(0).expect("it matches");
            filled.push_str(&text[end..whole.start()]);
            end = whole.end();
            match &found[2] {
                ":" => filled.push_str(&self.thing(&found[3]).await),
                _ => filled.push_str(&found[3]),
            }
        }
        filled + &text[end..]
    }
}

pub(super) fn nobody(site: &Site) -> Person {
    Person { id: 0, name: String::new(), api: site.api(), pages: site.visitor() }
}

async fn make(site: &Site, role: Role) -> Person {
    if role == Role::Anonymous {
        let mut db = site.db.acquire().await.expect("a connection");
        let user = queries::insert_anonymous(&mut db, RaterKey::generate(), None).await.expect("it is new");
        let token = sessions::open(&mut db, user).await.expect("it is open");
        return Person::of(site, &json!({ "id": user.0, "name": null, "access_token": token.expose() }));
    }
    let person = site.enroll(&format!("p{}", next())).await;
    let user = UserId(person.id);
    let mut db = site.db.acquire().await.expect("a connection");
    // What wants a fresh proof is done, and not asked for it.
    let proved = sqlx::query("update sessions set proved_at = now() where user_id = $1").bind(person.id);
    proved.execute(&mut *db).await.expect("it is changed");
    match role {
        Role::Member => {
            let unverified = sqlx::query("update users set email_verified_at = null where id = $1");
            unverified.bind(person.id).execute(&mut *db).await.expect("it is changed");
        }
        Role::Moderator => queries::set_role(&mut db, user, SiteRole::Moderator).await.expect("it is set"),
        Role::Admin => queries::set_role(&mut db, user, SiteRole::Admin).await.expect("it is set"),
        _ => {}
    }
    person
}
