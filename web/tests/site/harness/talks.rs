//! Calls for talks, made and voted on through the API.

use pawdium_shared::accounts::queries;
use serde_json::{Value, json};

use super::client::Answer;
use super::people::Person;
use super::site::Site;

impl Site {
    /// Verified members, without the cost of their passwords.
    pub(crate) async fn crowd(&self, prefix: &str, count: usize) -> Vec<Person> {
        let mut people = Vec::with_capacity(count);
        for number in 0..count {
            people.push(self.enroll(&format!("{prefix}{number}")).await);
        }
        people
    }

    /// Marks a member's address as verified.
    pub(crate) async fn verify(&self, person: &Person) {
        let mut db = self.db.acquire().await.expect("a connection");
        let user = pawdium_shared::ids::UserId(person.id);
        queries::verify_email(&mut db, user).await.expect("it is verified");
    }

    /// Makes people members of a hub that is open.
    pub(crate) async fn join(&self, slug: &str, people: &[&Person]) {
        for person in people {
            person.api.put(&format!("hubs/{slug}/roles/member"), Value::Null).await.expect(204);
        }
    }

    /// A call in a hub, still a draft unless the settings say otherwise. Verified members vote and totals are hidden.
    pub(crate) async fn call(&self, owner: &Person, slug: &str, settings: Value) -> i64 {
        let mut body = json!({ "title": "Lightning talks", "voters": "verified", "totals": "hidden" });
        let fields = body.as_object_mut().expect("an object");
        fields.extend(settings.as_object().expect("an object").clone());
        let call = owner.api.post(&format!("hubs/{slug}/calls"), body).await.expect(201).json();
        call["id"].as_i64().expect("an id")
    }

    /// A call that is in the phase of pitching.
    pub(crate) async fn open_call(&self, owner: &Person, slug: &str, settings: Value) -> i64 {
        let call = self.call(owner, slug, settings).await;
        owner.move_to(call, "pitch").await;
        call
    }
}

impl Person {
    /// Moves a call on.
    pub(crate) async fn move_to(&self, call: i64, phase: &str) {
        let moved = self.api.patch(&format!("calls/{call}"), json!({ "phase": phase })).await;
        assert_eq!(moved.expect(200).json()["phase"], phase);
    }

    /// Pitches a talk.
    pub(crate) async fn pitch(&self, call: i64, title: &str) -> i64 {
        let body = json!({ "title": title, "description": format!("About {title}") });
        let talk = self.api.post(&format!("calls/{call}/talks"), body).await.expect(201).json();
        talk["id"].as_i64().expect("an id")
    }

    /// Toggles a vote.
    pub(crate) async fn toggle(&self, talk: i64) -> Answer {
        self.api.post(&format!("talks/{talk}/vote"), Value::Null).await
    }

    /// Votes, whether they have voted before or not.
    pub(crate) async fn vote(&self, talk: i64) -> Answer {
        self.api.put(&format!("talks/{talk}/vote"), Value::Null).await
    }

    /// Takes a vote back.
    pub(crate) async fn unvote(&self, talk: i64) -> Answer {
        self.api.delete(&format!("talks/{talk}/vote"), Value::Null).await
    }

    /// A call as they see it.
    pub(crate) async fn see(&self, call: i64) -> Value {
        self.api.get(&format!("calls/{call}")).await.expect(200).json()
    }
}

/// The ids of an answer's talks, in its order.
pub(crate) fn talks_in(answer: &Value) -> Vec<i64> {
    let talks = answer["talks"].as_array().expect("a list");
    talks.iter().map(|talk| talk["id"].as_i64().expect("an id")).collect()
}
