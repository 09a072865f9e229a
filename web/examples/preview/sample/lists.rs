//! Lists of photos, members' photos, and search.

use askama::Template;
use pawdium_shared::photos::{PhotoState, Species};
use pawdium_shared::ranking::lists::Period;
use pawdium_web::views::explore::{ExploreHead, Filter, Tab, address};
use pawdium_web::views::hubs::{HubHead, HubTab, Standing};
use pawdium_web::views::members::{MemberPage, PendingPhoto};
use pawdium_web::views::newest::{NewestList, NewestPage};
use pawdium_web::views::search::{FoundPhotos, HubResult, SearchPage};
use pawdium_web::views::top::{TopList, TopPage};
use pawdium_web::views::trending::{TrendingList, TrendingPage};
use pawdium_web::views::{Fragment, Paging, PhotoCard};

use super::{Sample, Samples, moment, page};

impl Samples {
    pub(super) fn list_pages(&self) -> askama::Result<Vec<Sample>> {
        let paging = |page, base: &str| Paging { page, last_page: 9, base: base.to_owned() };
        let head = |tab, species| ExploreHead { tab, filter: Filter { period: Period::All, species } };
        let top = |photos, species: Option<Species>| {
            let head = head(Tab::Top, species);
            let list = TopList { photos, paging: paging(1, &address(Tab::Top, head.filter)) };
            let list = Fragment::render(&list)?;
            TopPage { chrome: self.member(), head, list }.render()
        };
        let trending = |photos| {
            let list = Fragment::render(&TrendingList { photos, paging: paging(4, "/trending") })?;
            TrendingPage { chrome: self.member(), head: head(Tab::Trending, None), list }.render()
        };
        let newest = |photos| {
            let list = Fragment::render(&NewestList { photos, paging: paging(1, "/new") })?;
            NewestPage { chrome: self.nobody(), head: head(Tab::New, None), list }.render()
        };
        let unranked = |mut card: PhotoCard| {
            card.rank = None;
            card
        };
        let pending = [(PhotoState::Processing, None), (PhotoState::Failed, Some("This is a PDF."))];
        let member = |own: bool| MemberPage {
            chrome: self.member(),
            head: HubHead {
                path: "/members/mabel".to_owned(),
                ..self.hub_head(Standing::Stranger, HubTab::Photos)
            },
            name: self.owner(1),
            since: moment(),
            ratings_cast: 1_732,
            photo_count: 14,
            photos: if own { Vec::new() } else { self.cards(10).into_iter().map(unranked).collect() },
            paging: Paging { page: 1, last_page: 1, base: "/members/ada".to_owned() },
            own,
            may_moderate: !own,
            pending: if own {
                pending.into_iter().zip(20..).map(|(stands, id)| self.pending(id, stands)).collect()
            } else {
                Vec::new()
            },
        };
        Ok(vec![
            page("/top", top(self.cards(23), None)?),
            page("/top-empty", top(Vec::new(), Some(Species::Horse))?),
            page("/trending", trending(self.cards(12).into_iter().map(unranked).collect())?),
            page("/trending-empty", trending(Vec::new())?),
            page("/new", newest(self.cards(12).into_iter().map(unranked).collect())?),
            page("/new-empty", newest(Vec::new())?),
            page("/members/mabel", member(false).render()?),
            page("/members/ada", member(true).render()?),
        ])
    }

    pub(super) fn search_pages(&self) -> askama::Result<Vec<Sample>> {
        let search = |text: &str| SearchPage::new(self.member(), text.to_owned());
        let hub = |(name, summary): (&str, &str)| HubResult {
            path: "/h/sample".to_owned(),
            name: self.text.clone().unwrap_or_else(|| name.to_owned()),
            summary: self.text.clone().unwrap_or_else(|| summary.to_owned()),
        };
        let hubs = [("Tongues Out", "Bleps and mlems of every species."), ("Radiator Cats", "")];
        let found = SearchPage {
            members: (0..4).map(|id| self.face(id)).collect(),
            hubs: hubs.map(hub).to_vec(),
            photos: FoundPhotos { photos: self.cards(8), total: 31, paging: None },
            ..search(self.text.as_deref().unwrap_or("tongue"))
        };
        let photos = SearchPage {
            photos: FoundPhotos {
                photos: self.cards(12),
                total: 31,
                paging: Some(Paging { page: 1, last_page: 2, base: "/search?q=tongue&in=photos".to_owned() }),
            },
            ..search("tongue")
        };
        Ok(vec![
            page("/search", found.render()?),
            page("/search-photos", photos.render()?),
            page("/search-first", search("").render()?),
            page("/search-nothing", search(self.text.as_deref().unwrap_or("xyzzy")).render()?),
        ])
    }

    fn pending(&self, id: i64, (state, reason): (PhotoState, Option<&str>)) -> PendingPhoto {
        let reason = reason.map(str::to_owned);
        PendingPhoto { id, title: self.title(id), state, reason, created_at: moment() }
    }
}
