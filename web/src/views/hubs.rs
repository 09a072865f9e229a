//! The pages of hubs.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::hubs::lists::HubSort;
use pawdium_shared::hubs::{Hub, Joining, Visibility};
use strum::VariantArray as _;
use url::form_urlencoded::Serializer;

use super::{Chrome, Face, Field, Paging, filters};

/// How many colours hubs have.
const HUES: i64 = 12;

/// A page of a hub that its head links to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HubTab {
    /// The page of widgets.
    Home,
    /// The photos, and what else shows them.
    Photos,
    /// The calls and their talks.
    Talks,
    /// What the photos are about.
    Topics,
    /// The members.
    Members,
    /// The settings.
    Settings,
}

/// What the viewer is in a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not registered.
    Nobody,
    /// No member.
    Stranger,
    /// Waits for an answer of the owners.
    Waiting,
    /// A member.
    Member,
    /// An owner.
    Owner,
}

/// The head of every page of a hub. Pages show it as `{{ head|safe }}` and link `hubs.css`.
#[derive(Clone, Debug, Template)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark or a button of its own")]
#[template(path = "hubs/_head.html")]
pub struct HubHead {
    /// The path of the hub's page.
    pub path: String,
    /// The path of this page, to return to.
    pub here: String,
    /// The number of its colour: [`HubHead::hue_of`].
    pub hue: i64,
    /// The name.
    pub name: String,
    /// One sentence; may be empty.
    pub summary: String,
    /// The path of the portrait of the member whose profile it is.
    pub portrait: Option<String>,
    /// How many members it has.
    pub members: i64,
    /// How many users have starred it.
    pub stars: i64,
    /// Who may become a member.
    pub joining: Joining,
    /// Whether only its members see it.
    pub is_private: bool,
    /// Since when nothing in it can change.
    pub archived_at: Option<DateTime<Utc>>,
    /// Whether nothing has happened for so long that it has cobwebs.
    pub is_idle: bool,
    /// Whether the viewer subscribes to it.
    pub is_subscribed: bool,
    /// Whether the viewer has starred it.
    pub is_starred: bool,
    /// Whether the viewer sees the settings.
    pub has_settings: bool,
    /// What the viewer is in it.
    pub standing: Standing,
    /// The page that shows this head.
    pub tab: HubTab,
}

impl HubHead {
    /// One of twelve colours, derived from a hub's id so that neighbours differ.
    #[must_use]
    pub const fn hue_of(hub: i64) -> i64 {
        hub.wrapping_mul(5).rem_euclid(HUES)
    }

    fn tabs(&self) -> Vec<(&'static str, String, bool)> {
        let tab = |name, below: &str, tab| (name, format!("{}{below}", self.path), self.tab == tab);
        let mut tabs = vec![tab("Home", "", HubTab::Home), tab("Photos", "/photos", HubTab::Photos)];
        if self.is_profile() {
            return tabs;
        }
        tabs.push(tab("Talks", "/talks", HubTab::Talks));
        tabs.push(tab("Topics", "/topics", HubTab::Topics));
        tabs.push(tab("Members", "/members", HubTab::Members));
        if self.has_settings {
            tabs.push(tab("Settings", "/settings", HubTab::Settings));
        }
        tabs
    }

    /// The button for becoming or being a member: its role, act and label. `None` if there is nothing to press.
    fn membership(&self) -> Option<(&'static str, &'static str)> {
        let is_archived = self.archived_at.is_some();
        match (self.standing, self.joining) {
            _ if self.is_profile() => None,
            // A hub may open while somebody waits.
            (Standing::Stranger | Standing::Waiting, Joining::Open) if !is_archived => Some(("take", "Join")),
            (Standing::Stranger, Joining::Request) if !is_archived => Some(("take", "Ask to join")),
            (Standing::Waiting, _) => Some(("drop", "Withdraw request")),
            (Standing::Member, _) => Some(("drop", "Leave")),
            _ => None,
        }
    }

    /// Whether it is a member's profile, which nobody joins.
    pub(super) fn is_profile(&self) -> bool {
        self.path.starts_with("/members/")
    }

    /// Whether the viewer may report it: nobody reports a hub or a profile of their own.
    pub(super) fn may_report(&self) -> bool {
        self.standing != Standing::Owner
    }

    /// Whether the viewer can do anything about it. A stranger can't do anything about an archived hub.
    fn has_acts(&self) -> bool {
        match self.standing {
            Standing::Owner => !self.is_profile(),
            Standing::Nobody | Standing::Stranger => {
                self.archived_at.is_none() || self.is_subscribed || self.is_starred
            }
            Standing::Waiting | Standing::Member => true,
        }
    }

    /// What a visitor can do after logging in.
    fn invitation(&self) -> &'static str {
        if self.is_profile() || self.joining == Joining::Invite { "subscribe" } else { "join" }
    }

    fn is_registered(&self) -> bool {
        self.standing != Standing::Nobody
    }
}

/// A hub in a list.
#[derive(Clone, Debug)]
pub struct HubCard {
    /// The path of its page.
    pub path: String,
    /// The number of its colour.
    pub hue: i64,
    /// The name.
    pub name: String,
    /// One sentence; may be empty.
    pub summary: String,
    /// How many members it has.
    pub members: i64,
    /// How many live photos it has.
    pub photos: i64,
    /// Whether only its members see it.
    pub is_private: bool,
    /// Whether nothing in it can change.
    pub is_archived: bool,
    /// Whether it has cobwebs.
    pub is_idle: bool,
}

/// `GET /hubs`.
#[derive(Debug, Template)]
#[template(path = "hubs/list.html")]
pub struct HubsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The order.
    pub sort: HubSort,
    /// What is searched for; empty for all.
    pub text: String,
    /// The hubs.
    pub hubs: Vec<HubCard>,
    /// The position in the list.
    pub paging: Paging,
    /// Whether the viewer may make a hub without logging in first.
    pub may_make: bool,
}

/// The URL of a list without its page, for [`Paging::base`].
#[must_use]
pub fn address(sort: HubSort, text: &str) -> String {
    let mut query = Serializer::new(String::new());
    if sort != HubSort::default() {
        query.append_pair("sort", sort.name());
    }
    if !text.is_empty() {
        query.append_pair("q", text);
    }
    let query = query.finish();
    if query.is_empty() { "/hubs".to_owned() } else { format!("/hubs?{query}") }
}

/// The label of an order's tab.
const fn label(sort: HubSort) -> &'static str {
    match sort {
        HubSort::Active => "Active",
        HubSort::New => "New",
        HubSort::Name => "By name",
    }
}

/// What an owner writes about a hub.
#[derive(Clone, Debug, Default)]
pub struct HubForm {
    /// The word in its URL.
    pub slug: Field,
    /// The name.
    pub name: Field,
    /// One sentence.
    pub summary: Field,
    /// Who may become a member.
    pub joining: Joining,
    /// Who may see it.
    pub visibility: Visibility,
}

impl HubForm {
    /// The fields of a hub as it is.
    #[must_use]
    pub fn of(hub: &Hub) -> Self {
        Self {
            slug: Field::of(hub.slug.clone().unwrap_or_default()),
            name: Field::of(hub.name.clone()),
            summary: Field::of(hub.summary.clone()),
            joining: hub.joining,
            visibility: hub.visibility,
        }
    }

    /// Keeps what was entered, in the order slug, name, summary, with the error at its field.
    pub fn refuse(&mut self, refused: &str, error: &str, entered: [Option<String>; 3]) {
        let fields = [("slug", &mut self.slug), ("name", &mut self.name), ("summary", &mut self.summary)];
        for ((key, field), entered) in fields.into_iter().zip(entered) {
            if let Some(entered) = entered {
                field.value = entered;
            }
            field.error = (refused == key).then(|| error.to_owned());
        }
    }

    /// Keeps what was chosen, where it can be chosen.
    pub fn choose(&mut self, joining: Option<&str>, visibility: Option<&str>) {
        self.joining = joining.and_then(|joining| joining.parse().ok()).unwrap_or(self.joining);
        self.visibility = visibility.and_then(|visible| visible.parse().ok()).unwrap_or(self.visibility);
    }
}

pub(super) const fn joining_label(joining: Joining) -> (&'static str, &'static str) {
    match joining {
        Joining::Open => ("Everybody", "Members of the site join with one click."),
        Joining::Request => ("On request", "They ask, and an owner answers."),
        Joining::Invite => ("By invitation", "Owners add them."),
    }
}

pub(super) const fn visibility_label(visibility: Visibility) -> (&'static str, &'static str) {
    match visibility {
        Visibility::Public => ("Public", "Everybody sees the hub and its photos."),
        Visibility::Private => ("Private", "For others it doesn't exist. Its photos stay public."),
    }
}

/// `GET /hubs/new`, and the answer to a refused form.
#[derive(Debug, Template)]
#[template(path = "hubs/new.html")]
pub struct NewHubPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Whether the viewer may make a hub now.
    pub may_make: bool,
    /// Whether the viewer must verify the address first.
    pub must_verify: bool,
    /// The fields.
    pub form: HubForm,
}

/// A member in the list.
#[derive(Clone, Debug)]
pub struct MemberRow {
    /// The member.
    pub face: Face,
    /// Whether they own the hub.
    pub is_owner: bool,
    /// Whether this is the viewer.
    pub is_viewer: bool,
    /// Since when they belong to it.
    pub since: DateTime<Utc>,
}

/// Somebody who asks to become a member.
#[derive(Clone, Debug)]
pub struct RequestRow {
    /// Who asks.
    pub face: Face,
    /// Since when they wait.
    pub asked_at: DateTime<Utc>,
}

/// `GET /h/{slug}/members`.
#[derive(Debug, Template)]
#[template(path = "hubs/members.html")]
pub struct MembersPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The hub.
    pub head: HubHead,
    /// The members, owners first.
    pub people: Vec<MemberRow>,
    /// Who asks to become one; empty unless the viewer is an owner.
    pub requests: Vec<RequestRow>,
    /// The position in the list.
    pub paging: Paging,
    /// The name to add.
    pub added: Field,
}

impl MembersPage {
    /// Whether the viewer can change the list.
    fn is_editable(&self) -> bool {
        self.head.standing == Standing::Owner && self.head.archived_at.is_none()
    }
}

/// The first letter of a name, for an avatar.
fn initial(name: &str) -> String {
    name.chars().next().map_or_else(|| "?".to_owned(), |letter| letter.to_uppercase().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_only_what_differs_from_the_whole_list() {
        assert_eq!(address(HubSort::Active, ""), "/hubs");
        assert_eq!(address(HubSort::New, ""), "/hubs?sort=new");
        assert_eq!(address(HubSort::Name, "a&b c"), "/hubs?sort=name&q=a%26b+c");
    }

    #[test]
    fn neighbouring_hubs_have_different_colours() {
        for hub in [1, 7, i64::MAX - 1] {
            assert_ne!(HubHead::hue_of(hub), HubHead::hue_of(hub + 1));
            assert!((0..HUES).contains(&HubHead::hue_of(hub)));
        }
    }
}
