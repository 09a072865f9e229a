//! Users of a site.

use pawdium_shared::accounts::{Email, Name, Password, Role, passwords, queries, sessions};
use pawdium_shared::ids::UserId;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::client::{Api, Pages};
use super::site::Site;

/// Every user's password.
pub(crate) const PASSWORD: &str = "derpy but long enough";

/// A user with a logged-in API client and browser.
pub(crate) struct Person {
    pub(crate) id: i64,
    /// The name; empty while anonymous.
    pub(crate) name: String,
    pub(crate) api: Api,
    pub(crate) pages: Pages,
}

impl Person {
    pub(crate) fn email(&self) -> String {
        email_of(&self.name)
    }

    /// The user of an answer to registering or logging in.
    pub(crate) fn of(site: &Site, entered: &Value) -> Self {
        let token = entered["access_token"].as_str().expect("a token");
        Self {
            id: entered["id"].as_i64().expect("an id"),
            name: entered["name"].as_str().unwrap_or_default().to_owned(),
            api: site.api().with_token(token),
            pages: site.visitor().with_session(token),
        }
    }
}

fn email_of(name: &str) -> String {
    format!("{name}@example.org")
}

/// The body of a registration.
pub(crate) fn registration(name: &str) -> Value {
    json!({ "name": name, "email": email_of(name), "password": PASSWORD })
}

impl Site {
    /// A newly registered member.
    pub(crate) async fn member(&self, name: &str) -> Person {
        Person::of(self, &self.api().post("users", registration(name)).await.expect(201).json())
    }

    /// A verified member with everybody's password, without the cost of hashing it.
    pub(crate) async fn enroll(&self, name: &str) -> Person {
        static HASH: OnceCell<String> = OnceCell::const_new();
        let hash = async || {
            let password =
                Password::choose(PASSWORD, "somebody", "somebody@example.org").expect("it is a good one");
            passwords::hash(&password).await
        };
        let hash = HASH.get_or_init(hash).await;
        let (checked, email) = (Name::new(name).expect("a name"), Email::new(&email_of(name)));
        let mut db = self.db.acquire().await.expect("a connection");
        let user = queries::register(&mut db, None, &checked, &email.expect("an address"), hash).await;
        let user = user.expect("it is free");
        queries::verify_email(&mut db, user).await.expect("it is verified");
        let token = sessions::open(&mut db, user).await.expect("it is open");
        Person::of(self, &json!({ "id": user.0, "name": name, "access_token": token.expose() }))
    }

    /// An admin.
    pub(crate) async fn admin(&self, name: &str) -> Person {
        self.with_role(name, Role::Admin).await
    }

    /// A moderator, who sees the admin pages and acts only on photos.
    pub(crate) async fn moderator(&self, name: &str) -> Person {
        self.with_role(name, Role::Moderator).await
    }

    async fn with_role(&self, name: &str, role: Role) -> Person {
        // Moderators and admins may have names that members can't choose.
        let provisional = format!("future{}", &name[..name.len().min(20)]);
        let body = json!({ "name": provisional, "email": email_of(name), "password": PASSWORD });
        let person = Person::of(self, &self.api().post("users", body).await.expect(201).json());
        let mut db = self.db.acquire().await.expect("a connection");
        queries::rename(&mut db, UserId(person.id), &Name::new(name).expect("a name")).await.expect("free");
        let person = Person { name: name.to_owned(), ..person };
        queries::set_role(&mut db, UserId(person.id), role).await.expect("it is set");
        person
    }

    /// An anonymous user.
    pub(crate) async fn anonymous(&self) -> Person {
        Person::of(self, &self.api().post("users", Value::Null).await.expect(201).json())
    }

    /// Logs a member in again, like on another device.
    pub(crate) async fn log_in(&self, name: &str) -> Person {
        let body = json!({ "email": email_of(name), "password": PASSWORD });
        Person::of(self, &self.api().post("tokens", body).await.expect(201).json())
    }
}

/// The public pages of a member and one of their live photos.
pub(crate) fn pages_of(member: &Person, photo: i64) -> Vec<String> {
    let fixed = [
        "/",
        "/top",
        "/top?period=week&species=cat",
        "/trending",
        "/trending?species=cat",
        "/new",
        "/new?species=dog&page=2",
        "/search",
        "/search?q=photo",
        "/search?q=photo&in=photos",
        "/submit",
        "/forgot",
        "/settings",
        "/settings/security",
        "/settings/account",
        "/ratings",
        "/api",
    ];
    let mut paths: Vec<String> = fixed.map(str::to_owned).to_vec();
    paths.extend([
        format!("/photos/{photo}"),
        format!("/photos/{photo}?from=new:all"),
        format!("/photos/{photo}?from=member:{}", member.name),
        format!("/members/{}", member.name),
    ]);
    paths
}
