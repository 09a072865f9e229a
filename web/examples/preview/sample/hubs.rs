use askama::Template;
use chrono::TimeDelta;
use pawdium_shared::hubs::lists::HubSort;
use pawdium_shared::hubs::{Joining, Visibility};
use pawdium_web::views::hub_settings::{HubSettingsPage, ZoneRegion};
use pawdium_web::views::hubs::{
    HubCard, HubForm, HubHead, HubTab, HubsPage, MemberRow, MembersPage, NewHubPage, RequestRow, Standing,
};
use pawdium_web::views::{Field, Paging};

use super::{Sample, Samples, moment, page, pick};

const NAMES: [&str; 6] = [
    "Orange cats",
    "Dogs in cars",
    "The society for the appreciation of capybaras",
    "Blep",
    "Birds that judge you",
    "Upside down",
];
const SUMMARIES: [&str; 4] = [
    "One braincell, shared by all of them. Today it is somebody else's turn.",
    "Heads out of windows.",
    "",
    "For everybody who has been looked at by a goose and never quite got over it, and for the geese.",
];

impl Samples {
    pub(super) fn hub_pages(&self) -> askama::Result<Vec<Sample>> {
        let new = |may_make, form| {
            NewHubPage { chrome: self.member(), may_make, must_verify: false, form }.render()
        };
        Ok(vec![
            page("/hubs", self.hub_list(7).render()?),
            page("/hubs-none", HubsPage { text: self.hub_name(3), ..self.hub_list(0) }.render()?),
            page("/hubs/new", new(true, self.hub_form())?),
            page("/hubs-gate", new(false, HubForm::default())?),
            page("/h/orange-cats/members", self.hub_members(Standing::Owner).render()?),
            page("/h/idle/members", self.hub_members(Standing::Stranger).render()?),
            page("/h/orange-cats/settings", self.hub_settings(false).render()?),
            page("/h/archived/settings", self.hub_settings(true).render()?),
        ])
    }

    pub(super) fn hub_name(&self, id: i64) -> String {
        self.text.clone().unwrap_or_else(|| pick(&NAMES, id).to_owned())
    }

    fn hub_summary(&self, id: i64) -> String {
        self.text.clone().unwrap_or_else(|| pick(&SUMMARIES, id).to_owned())
    }

    fn hub_list(&self, count: i64) -> HubsPage {
        let card = |id| HubCard {
            path: "/h/orange-cats".to_owned(),
            hue: HubHead::hue_of(id),
            name: self.hub_name(id),
            summary: self.hub_summary(id),
            members: id * id * 7 + 1,
            photos: id * 31,
            is_private: id == 2,
            is_archived: id == 4,
            is_idle: id == 4,
        };
        HubsPage {
            chrome: self.member(),
            sort: HubSort::New,
            text: String::new(),
            hubs: (0..count).map(card).collect(),
            paging: Paging { page: 1, last_page: 3, base: "/hubs?sort=new".to_owned() },
            may_make: true,
        }
    }

    pub(super) fn hub_head(&self, standing: Standing, tab: HubTab) -> HubHead {
        let is_stranger = standing == Standing::Stranger;
        HubHead {
            path: "/h/orange-cats".to_owned(),
            here: "/h/orange-cats/members".to_owned(),
            hue: HubHead::hue_of(if is_stranger { 4 } else { 7 }),
            name: self.hub_name(if is_stranger { 2 } else { 0 }),
            summary: self.hub_summary(if is_stranger { 3 } else { 0 }),
            portrait: None,
            members: 1_312,
            stars: 41,
            joining: Joining::Request,
            is_private: is_stranger,
            archived_at: None,
            is_idle: is_stranger,
            is_subscribed: !is_stranger,
            is_starred: !is_stranger,
            has_settings: !is_stranger,
            standing,
            tab,
        }
    }

    fn hub_members(&self, standing: Standing) -> MembersPage {
        let row = |id| MemberRow {
            face: self.face(id),
            is_owner: id < 2,
            is_viewer: id == 1,
            since: moment() - TimeDelta::days(300 - id * 31),
        };
        let asking = |id| RequestRow { face: self.face(id), asked_at: moment() };
        let is_owner = standing == Standing::Owner;
        MembersPage {
            chrome: self.member(),
            head: self.hub_head(standing, HubTab::Members),
            people: (0..5).map(row).collect(),
            requests: if is_owner { (3..5).map(asking).collect() } else { Vec::new() },
            paging: Paging { page: 1, last_page: 1, base: "/h/orange-cats/members".to_owned() },
            added: if is_owner { Field::refused("gost", "Nobody has that name.") } else { Field::default() },
        }
    }

    fn hub_form(&self) -> HubForm {
        HubForm {
            slug: Field::refused("cats", "That address is taken. Choose another."),
            name: Field::of(self.hub_name(0)),
            summary: Field::of(self.hub_summary(0)),
            joining: Joining::Request,
            visibility: Visibility::Public,
        }
    }

    fn hub_settings(&self, is_archived: bool) -> HubSettingsPage {
        let head = self.hub_head(Standing::Owner, HubTab::Settings);
        HubSettingsPage {
            chrome: self.member(),
            head: HubHead { archived_at: is_archived.then(moment), ..head },
            is_owner: true,
            slug: "orange-cats".to_owned(),
            form: self.hub_form(),
            confirm: Field::default(),
            zones: ZoneRegion::group(&["Europe/Berlin".to_owned(), "UTC".to_owned()]),
            zone: "Europe/Berlin".to_owned(),
            zone_error: None,
        }
    }
}
