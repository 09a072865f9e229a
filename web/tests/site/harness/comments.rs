//! Comments on photos, through the API and through the form on a photo's page.

use std::time::Duration;

use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_web::comments::stamps::Stamps;
use serde_json::{Value, json};

use super::client::Answer;
use super::people::Person;
use super::setup::SECRET;
use super::site::Site;

impl Person {
    /// The stamp of a form that was served to the member `ago`.
    pub(crate) fn stamp(&self, photo: i64, ago: Duration) -> String {
        let stamps = Stamps::new(&SECRET.to_owned().into());
        stamps.issue(PhotoId(photo), UserId(self.id), chrono::Utc::now() - ago)
    }

    /// Sends the form of a comment that was served to the member a minute ago.
    pub(crate) async fn send_comment(&self, photo: i64, fields: &[(&str, &str)]) -> Answer {
        let stamp = self.stamp(photo, Duration::from_mins(1));
        let form = [&[("stamp", stamp.as_str())], fields].concat();
        self.pages.post(&format!("/photos/{photo}/comments"), &form).await
    }

    /// Sends a comment.
    pub(crate) async fn say(&self, photo: i64, body: Value) -> Answer {
        self.api.post(&format!("photos/{photo}/comments"), body).await
    }

    /// Comments on a photo and returns the comment's id.
    pub(crate) async fn comment(&self, photo: i64, text: &str) -> i64 {
        id_of(&self.say(photo, json!({ "text": text })).await)
    }

    /// Answers a comment and returns the reply's id.
    pub(crate) async fn reply(&self, photo: i64, parent: i64, text: &str) -> i64 {
        id_of(&self.say(photo, json!({ "text": text, "parent": parent })).await)
    }

    /// The comments on a photo as they see them.
    pub(crate) async fn comments(&self, photo: i64) -> Vec<Value> {
        let list = self.api.get(&format!("photos/{photo}/comments")).await.expect(200).json();
        list["data"].as_array().expect("a list").clone()
    }

    /// The texts of the comments on a photo as they see them.
    pub(crate) async fn texts(&self, photo: i64) -> Vec<String> {
        self.comments(photo).await.iter().map(text_of).collect()
    }

    /// What they are notified of.
    pub(crate) async fn notifications(&self) -> Vec<String> {
        let list = self.api.get("users/me/notifications").await.expect(200).json();
        list["data"].as_array().expect("a list").iter().map(text_of).collect()
    }

    /// How many entries are unread.
    pub(crate) async fn unread(&self) -> i64 {
        let list = self.api.get("users/me/notifications").await.expect(200).json();
        list["unread"].as_i64().expect("a number")
    }
}

fn text_of(item: &Value) -> String {
    item["text"].as_str().expect("a text").to_owned()
}

#[track_caller]
fn id_of(answer: &Answer) -> i64 {
    answer.clone().expect(201).json()["id"].as_i64().expect("an id")
}

impl Site {
    /// Has everybody rate a photo.
    pub(crate) async fn rated_by(&self, photo: i64, raters: &[&Person]) {
        for rater in raters {
            self.rate(rater, photo, 7).await;
        }
    }
}
