//! The photos of a hub, and the feed.

use askama::Template;
use pawdium_shared::hubs::activity::Verb;
use pawdium_shared::photos::PhotoState;
use pawdium_web::views::feed::{FeedEntry, FeedPage};
use pawdium_web::views::hub_photos::{HubChoice, HubPhotosPage, HubTopPage, PhotoHub, PhotoHubs};
use pawdium_web::views::hubs::{HubTab, Standing};
use pawdium_web::views::photo::{PhotoPage, RatingControl};
use pawdium_web::views::rate::{RateHub, RatePage, RateProgress, RateStage};
use pawdium_web::views::top::TopList;
use pawdium_web::views::{Fragment, Paging};

use super::{Sample, Samples, moment, page};

impl Samples {
    pub(super) fn hub_photo_pages(&self) -> askama::Result<Vec<Sample>> {
        let paging = |base: &str| Paging { page: 1, last_page: 3, base: base.to_owned() };
        let photos = |count, may_post| {
            let (chrome, paging) = (self.member(), paging("/h/sleepy/photos"));
            let (head, name, path) =
                (self.hub_head(Standing::Member, HubTab::Photos), self.hub_name(3), "/h/sleepy".to_owned());
            HubPhotosPage { chrome, head, name, path, may_post, photos: self.cards(count), paging }.render()
        };
        let top = |count| {
            let list = TopList { photos: self.cards(count), paging: paging("/h/sleepy/top") };
            let list = (count > 0).then(|| Fragment::render(&list)).transpose()?;
            let (head, name, path) =
                (self.hub_head(Standing::Member, HubTab::Photos), self.hub_name(3), "/h/sleepy".to_owned());
            HubTopPage { chrome: self.nobody(), head, name, path, list }.render()
        };
        let hub = || Some(RateHub { slug: "sleepy".to_owned(), name: self.hub_name(3) });
        let rate = |stage| RatePage { chrome: self.anonymous(), stage: RateStage { hub: hub(), ..stage } };
        let none = RateStage {
            photo: None,
            progress: RateProgress { rated: 12, total: 12 },
            ..self.stage(1, Some((9, 3)))
        };
        let feed = |entries, link: Option<&str>| FeedPage {
            chrome: if link.is_some() { self.member() } else { self.nobody() },
            entries,
            link: link.map(str::to_owned),
            origin: "http://127.0.0.1:8080".to_owned(),
        };
        let link = "/feed.atom?token=c2FtcGxl";
        let own = PhotoPage {
            own: true,
            posting: Fragment::render(&self.photo_hubs())?,
            ..self.photo_page(11, PhotoState::Live, RatingControl::Own)?
        };
        Ok(vec![
            page("/h/sleepy/photos", photos(11, false)?),
            page("/h/sleepy/photos-empty", photos(0, true)?),
            page("/h/sleepy/top", top(9)?),
            page("/h/sleepy/top-empty", top(0)?),
            page("/h/sleepy/rate", rate(self.stage(3, Some((2, 8)))).render()?),
            page("/h/sleepy/rate-end", rate(none).render()?),
            page("/feed", feed(self.feed_entries(), Some(link)).render()?),
            page("/feed-empty", feed(Vec::new(), Some(link)).render()?),
            page("/feed-gate", feed(Vec::new(), None).render()?),
            page("/photos/11", own.render()?),
        ])
    }

    pub(super) fn hub_choices(&self) -> Vec<HubChoice> {
        let choice = |slug: &str, chosen| HubChoice { slug: slug.to_owned(), name: self.hub_name(3), chosen };
        vec![choice("sleepy", true), choice("awake", false)]
    }

    fn photo_hubs(&self) -> PhotoHubs {
        let hub = |slug: &str, is_private| PhotoHub {
            slug: slug.to_owned(),
            name: self.hub_name(3),
            is_private,
            may_visit: true,
            may_remove: true,
        };
        PhotoHubs {
            id: 11,
            showing: vec![hub("sleepy", false), hub("secret", true)],
            others: vec![hub("awake", false)],
        }
    }

    fn feed_entries(&self) -> Vec<FeedEntry> {
        let entry = |id, verb, people, photos: i64| FeedEntry {
            id,
            since: moment(),
            at: moment(),
            verb,
            actors: (1..=people).map(|id| self.owner(id)).collect(),
            photos: self.cards(photos),
            photo_count: usize::try_from(photos).unwrap_or(0),
            hub: self.hub_name(3),
            path: "/h/sleepy".to_owned(),
            is_profile: false,
        };
        vec![
            entry(4, Verb::Posted, 1, 4),
            entry(3, Verb::Joined, 4, 0),
            entry(2, Verb::BecameOwner, 2, 0),
            entry(1, Verb::Created, 0, 0),
        ]
    }
}
