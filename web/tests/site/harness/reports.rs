//! Reports of things, and the cases in which moderators judge them.

use serde_json::{Value, json};

use super::client::Answer;
use super::people::Person;
use super::site::Site;

impl Person {
    /// Reports something, as in `photos/7`.
    pub(crate) async fn report(&self, what: &str, body: Value) -> Answer {
        self.api.post(&format!("{what}/reports"), body).await
    }

    /// Reports something as spam and returns the report's id.
    pub(crate) async fn flag(&self, what: &str) -> i64 {
        let answer = self.report(what, json!({ "category": "spam" })).await.expect(201).json();
        answer["id"].as_i64().expect("an id")
    }

    /// Acts on a case.
    pub(crate) async fn judge(&self, case: i64, act: &str, reason: &str) -> Answer {
        self.pages.post(&format!("/moderation/review/{case}"), &[("act", act), ("reason", reason)]).await
    }

    /// Claims a case, or gives it back.
    pub(crate) async fn claim(&self, case: i64, act: &str) -> Answer {
        self.pages.post(&format!("/moderation/review/{case}/claim"), &[("act", act)]).await
    }
}

impl Site {
    /// Verified members of a year ago who have rated ten photos, so that a report of theirs is an ordinary one.
    pub(crate) async fn trusted(&self, prefix: &str, count: usize) -> Vec<Person> {
        let people = self.crowd(prefix, count).await;
        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        let older =
            sqlx::query("update users set registered_at = now() - interval '1 year' where id = any($1)");
        older.bind(&ids).execute(&self.db).await.expect("the statement is right");
        let keeper = self.member(&format!("{prefix}keeper")).await;
        for number in 0..10 {
            let photo = self.photo().by(&keeper).titled(&format!("{prefix} {number}")).live().await;
            for person in &people {
                let rated = sqlx::query(
                    "insert into ratings (photo_id, rater_id, value, lane, ballot_at) values ($1, $2, 5, 'random', now())",
                );
                rated.bind(photo).bind(person.id).execute(&self.db).await.expect("it is rated");
            }
            let counted =
                sqlx::query("update photo_stats set histogram[5] = histogram[5] + $2 where photo_id = $1");
            let count = i32::try_from(people.len()).expect("few");
            counted.bind(photo).bind(count).execute(&self.db).await.expect("it is counted");
        }
        people
    }

    /// The only open case.
    pub(crate) async fn open_case(&self) -> i64 {
        self.ask("select id from cases where state = 'open'").await
    }
}
