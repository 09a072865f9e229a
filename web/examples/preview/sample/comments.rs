//! Comments and notifications.

use askama::Template;
use pawdium_shared::notifications::Kind;
use pawdium_shared::photos::Commenters;
use pawdium_shared::photos::PhotoState;
use pawdium_web::views::Field;
use pawdium_web::views::comments::{
    Answered, CommentForm, CommentLine, CommentList, CommentPage, CommentSection, TextPiece, Writing,
};
use pawdium_web::views::moderation::{HeldCommentLine, HeldCommentsPage};
use pawdium_web::views::notifications::{
    BlockedMemberLine, BlockedMembersPage, KindChoice, NotificationLine, NotificationList,
    NotificationSettingsPage, NotificationsPage, UnsubscribePage,
};
use pawdium_web::views::photo::{PhotoPage, RatingControl};

use super::{Sample, Samples, moment, page, picture};

impl Samples {
    pub(super) fn comment_pages(&self) -> askama::Result<Vec<Sample>> {
        let photo = |comments, rating| -> askama::Result<String> {
            let page = self.photo_page(21, PhotoState::Live, rating)?;
            PhotoPage { comments: Some(comments), ..page }.render()
        };
        let section =
            |writing, own| CommentSection { photo: 21, list: Some(self.comment_list()), writing, own };
        let form = |text, answered| Writing::May(CommentForm { stamp: "c3RhbXA".to_owned(), text, answered });
        let own = section(form(Field::default(), None), Some(Commenters::Registered));
        let answered = Some(Answered { id: 3, author: self.owner(3) });
        let refused = section(form(Field::refused(self.said(), "You are too fast."), answered), None);
        let change = RatingControl::Change { value: 7 };
        Ok(vec![
            page("/photos/21", photo(own, RatingControl::Own)?),
            page("/photos/21-refused", photo(refused, change.clone())?),
            page(
                "/photos/21-closed",
                photo(section(Writing::Closed, Some(Commenters::Nobody)), change.clone())?,
            ),
            page("/photos/21-visitor", photo(section(Writing::LogIn, None), change)?),
            page("/photos/21-unknown", photo(CommentSection::unknown(21), RatingControl::NotServed)?),
            page("/comments/1", self.comment_page(true).render()?),
            page("/comments/2", self.comment_page(false).render()?),
            page("/moderation/comments", self.held_comments(2).render()?),
            page("/moderation/comments-none", self.held_comments(0).render()?),
        ])
    }

    pub(super) fn notification_pages(&self) -> askama::Result<Vec<Sample>> {
        let list = |count: i64| NotificationsPage {
            chrome: self.member(),
            list: NotificationList {
                unread: count,
                latest: 9,
                before: None,
                older: (count > 0).then_some(4),
                lines: (0..count).map(|number| self.notification(number)).collect(),
            },
        };
        let blocked = |count: i64| BlockedMembersPage {
            chrome: self.member(),
            lines: (0..count).map(|id| BlockedMemberLine { name: self.owner(id), at: moment() }).collect(),
            name: Field::refused("x", "There is no member with this name."),
        };
        let kind =
            |kind: Kind| KindChoice { name: kind.name(), title: kind.title(), is_on: kind == Kind::Reply };
        let settings = NotificationSettingsPage {
            chrome: self.member(),
            kinds: [Kind::Comment, Kind::Reply].map(kind).to_vec(),
            digest: true,
            is_verified: false,
        };
        let stop =
            |is_done| UnsubscribePage { chrome: self.nobody(), token: "c3RvcA".to_owned(), is_done }.render();
        Ok(vec![
            page("/notifications", list(5).render()?),
            page("/notifications-none", list(0).render()?),
            page("/settings/notifications", settings.render()?),
            page("/settings/blocked", blocked(2).render()?),
            page("/unsubscribe/c3RvcA", stop(false)?),
            page("/unsubscribe/c3RvcA-done", stop(true)?),
        ])
    }

    fn said(&self) -> String {
        self.text.clone().unwrap_or_else(|| "I have looked at this for ten minutes. No questions.".to_owned())
    }

    fn comment(&self, id: i64) -> CommentLine {
        let address = (id == 2).then(|| "https://example.org/blep".to_owned());
        CommentLine {
            id,
            author: (id != 4).then(|| self.owner(id)),
            portrait: (id == 2).then(|| "/media/2.jpg".to_owned()),
            text: vec![TextPiece { text: self.said(), address }],
            at: moment(),
            edited_at: (id == 2).then(moment),
            is_held: id == 3,
            is_gone: id == 4,
            is_reply: id == 2,
            is_own: id == 1,
            may_reply: id < 3,
            acts: (id < 4).then_some("More"),
        }
    }

    fn comment_list(&self) -> CommentList {
        let lines = [3, 4, 1, 2].map(|id| self.comment(id)).to_vec();
        CommentList { photo: 21, count: 1203, is_first: true, until: Some("1.2".to_owned()), lines }
    }

    fn comment_page(&self, is_own: bool) -> CommentPage {
        CommentPage {
            chrome: self.member(),
            photo: 21,
            title: self.title(21),
            picture: picture(21),
            answered: (!is_own).then(|| self.comment(1)),
            line: self.comment(if is_own { 3 } else { 2 }),
            text: Field::of(self.said()),
            reason: Field::refused("", "Say why, in a few words."),
            may_edit: is_own,
            may_delete: is_own,
            moderates: !is_own,
            stranger: (!is_own).then(|| self.owner(2)),
        }
    }

    fn held_comments(&self, count: i64) -> HeldCommentsPage {
        let line = |id: i64| HeldCommentLine {
            id,
            photo: 21,
            title: self.title(id),
            author: Some(self.owner(id)),
            text: self.said(),
            is_repeated: id == 1,
            at: moment(),
        };
        HeldCommentsPage {
            chrome: self.member(),
            lines: (1..=count).map(line).collect(),
            later: (count > 0).then_some(count),
            is_first: count > 0,
        }
    }

    fn notification(&self, id: i64) -> NotificationLine {
        let kinds = [
            Kind::Comment,
            Kind::Reply,
            Kind::Milestone,
            Kind::HubAsked,
            Kind::HubAnswered,
            Kind::ExportReady,
        ];
        let place = usize::try_from(id).unwrap_or_default() % kinds.len();
        NotificationLine {
            id,
            kind: kinds[place],
            text: format!("{} commented on “{}”", self.owner(id), self.title(id)),
            path: "/comments/1".to_owned(),
            at: moment(),
            is_read: id > 2,
        }
    }
}
