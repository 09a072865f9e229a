//! What an entry says, and where it leads.

use super::Kind;
use super::list::Entry;

impl Entry {
    /// What has happened, as a sentence without its full stop. It quotes nobody.
    #[must_use]
    pub fn sentence(&self) -> String {
        let who = self.who();
        let photo = self.photo.as_ref().map_or("a photo", |photo| photo.name.as_str());
        let hub = self.hub.as_ref().map_or("a hub", |hub| hub.name.as_str());
        match self.kind {
            Kind::Comment => format!("{who} commented on “{photo}”"),
            Kind::Reply if self.count > 1 => {
                format!("{who} replied to your comment on “{photo}”, {} times", self.count)
            }
            Kind::Reply => format!("{who} replied to your comment on “{photo}”"),
            Kind::Remix if self.count > self.actors => {
                format!("{who} remixed “{photo}”, {} times", self.count)
            }
            Kind::Remix => format!("{who} remixed “{photo}”"),
            Kind::Milestone => format!("“{photo}” has {} ratings", grouped(self.number.unwrap_or_default())),
            Kind::HubAsked if self.actors > 1 => format!("{who} ask to join {hub}"),
            Kind::HubAsked => format!("{who} asks to join {hub}"),
            Kind::HubAnswered if self.number == Some(1) => format!("You are a member of {hub} now"),
            Kind::ImportDone => "Your import has ended: see what became of each file".to_owned(),
            Kind::HubAnswered => format!("{hub} declined your request to join"),
            Kind::ReportJudged => match self.number {
                Some(1) => "Moderators agreed with your report".to_owned(),
                Some(0) => "Moderators looked at your report and found nothing wrong".to_owned(),
                _ => "What you reported is gone".to_owned(),
            },
            Kind::Quarantined => self.quarantined(photo, hub),
            Kind::ExportReady => "The archive of your data is ready".to_owned(),
        }
    }

    fn quarantined(&self, photo: &str, hub: &str) -> String {
        let what = match (&self.photo, self.comment, self.number) {
            (Some(_), None, _) => format!("“{photo}”"),
            (_, Some(_), _) => "A comment of yours".to_owned(),
            (None, None, Some(2..)) => format!("A talk of yours in {hub}"),
            _ => hub.to_owned(),
        };
        match self.number {
            Some(1 | 3) => format!("{what} was reported, and is hidden until moderators have looked at it"),
            _ => format!("{what} is shown again: moderators have looked at it"),
        }
    }

    fn who(&self) -> String {
        let first = self.actor.as_ref().map_or("Somebody", |actor| actor.name.as_str());
        match self.actors {
            ..=1 => first.to_owned(),
            2 => format!("{first} and 1 other"),
            actors => format!("{first} and {} others", grouped(actors - 1)),
        }
    }

    /// The path of the page that it leads to.
    #[must_use]
    pub fn path(&self) -> String {
        if let Some(comment) = self.comment {
            return format!("/comments/{comment}");
        }
        if self.kind == Kind::ReportJudged {
            return "/reports".to_owned();
        }
        if self.kind == Kind::ExportReady {
            return "/settings/account".to_owned();
        }
        if self.kind == Kind::ImportDone {
            return self.number.map_or_else(|| "/imports".to_owned(), |import| format!("/imports/{import}"));
        }
        match (&self.photo, &self.hub) {
            (None, Some(hub)) if self.kind == Kind::Quarantined && self.number >= Some(2) => {
                format!("/h/{}/talks", hub.id)
            }
            (None, Some(hub)) if self.kind == Kind::Quarantined => format!("/h/{}", hub.id),
            (Some(photo), _) if self.kind == Kind::Remix => format!("/photos/{}#remixes-title", photo.id),
            (Some(photo), _) => format!("/photos/{}", photo.id),
            (None, Some(hub)) if self.kind == Kind::HubAsked => format!("/h/{}/members", hub.id),
            (None, Some(hub)) if self.number == Some(1) => format!("/h/{}", hub.id),
            _ => "/hubs".to_owned(),
        }
    }
}

/// A number with its thousands apart.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::ids::{CommentId, NotificationId, PhotoId, UserId};
    use crate::notifications::About;

    fn entry(kind: Kind) -> Entry {
        Entry {
            id: NotificationId(1),
            kind,
            count: 1,
            actor: Some(About { id: UserId(2), name: "ada".to_owned() }),
            actors: 1,
            photo: Some(About { id: PhotoId(3), name: "Blep".to_owned() }),
            comment: Some(CommentId(4)),
            hub: None,
            number: None,
            at: DateTime::UNIX_EPOCH,
            is_read: false,
        }
    }

    #[test]
    fn repeats_are_one_sentence() {
        let comment = entry(Kind::Comment);
        assert_eq!(
            (comment.sentence().as_str(), comment.path().as_str()),
            ("ada commented on “Blep”", "/comments/4")
        );
        let says = |actors| Entry { actors, count: 2000, ..entry(Kind::Comment) }.sentence();
        assert_eq!(says(2), "ada and 1 other commented on “Blep”");
        assert_eq!(says(1235), "ada and 1,234 others commented on “Blep”");
        let replies = Entry { count: 3, ..entry(Kind::Reply) };
        assert_eq!(replies.sentence(), "ada replied to your comment on “Blep”, 3 times");
    }

    #[test]
    fn reports_and_what_they_hide_have_their_own_words() {
        let judged = |number| Entry {
            photo: None,
            comment: None,
            actor: None,
            actors: 0,
            number: Some(number),
            ..entry(Kind::ReportJudged)
        };
        assert_eq!(judged(1).sentence(), "Moderators agreed with your report");
        assert_eq!(judged(0).path(), "/reports");
        let photo = Entry { comment: None, number: Some(1), ..entry(Kind::Quarantined) };
        assert_eq!(
            (photo.sentence().as_str(), photo.path().as_str()),
            ("“Blep” was reported, and is hidden until moderators have looked at it", "/photos/3")
        );
        let comment = Entry { photo: None, number: Some(0), ..entry(Kind::Quarantined) };
        assert_eq!(
            (comment.sentence().as_str(), comment.path().as_str()),
            ("A comment of yours is shown again: moderators have looked at it", "/comments/4")
        );
        let hub = Some(About { id: "cats".to_owned(), name: "Cats".to_owned() });
        let of_hub = |number| Entry {
            photo: None,
            comment: None,
            hub: hub.clone(),
            number: Some(number),
            ..entry(Kind::Quarantined)
        };
        assert_eq!(of_hub(3).path(), "/h/cats/talks");
        assert_eq!(of_hub(1).path(), "/h/cats");
        assert_eq!(
            of_hub(2).sentence(),
            "A talk of yours in Cats is shown again: moderators have looked at it"
        );
    }

    #[test]
    fn milestones_and_hubs_have_their_own_pages() {
        let milestone =
            Entry { actor: None, actors: 0, comment: None, number: Some(1000), ..entry(Kind::Milestone) };
        assert_eq!(
            (milestone.sentence().as_str(), milestone.path().as_str()),
            ("“Blep” has 1,000 ratings", "/photos/3")
        );
        let remixes = |actors, count| Entry { comment: None, actors, count, ..entry(Kind::Remix) };
        assert_eq!(remixes(1, 1).sentence(), "ada remixed “Blep”");
        assert_eq!(remixes(2, 2).sentence(), "ada and 1 other remixed “Blep”");
        assert_eq!(remixes(1, 3).sentence(), "ada remixed “Blep”, 3 times");
        assert_eq!(remixes(1, 1).path(), "/photos/3#remixes-title");
        let hub = Some(About { id: "cats".to_owned(), name: "Cats".to_owned() });
        let of_hub =
            |kind, number| Entry { photo: None, comment: None, hub: hub.clone(), number, ..entry(kind) };
        assert_eq!(of_hub(Kind::HubAsked, None).path(), "/h/cats/members");
        assert_eq!(of_hub(Kind::HubAsked, None).sentence(), "ada asks to join Cats");
        assert_eq!(of_hub(Kind::HubAnswered, Some(1)).sentence(), "You are a member of Cats now");
        assert_eq!(of_hub(Kind::HubAnswered, Some(0)).path(), "/hubs");
        let export = Entry { photo: None, comment: None, actor: None, actors: 0, ..entry(Kind::ExportReady) };
        assert_eq!(
            (export.sentence().as_str(), export.path().as_str()),
            ("The archive of your data is ready", "/settings/account")
        );
        let import = Entry { photo: None, comment: None, number: Some(7), ..entry(Kind::ImportDone) };
        assert_eq!(import.path(), "/imports/7");
    }
}
