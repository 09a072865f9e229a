//! What a kind of widget defines.

use std::borrow::Cow;
use std::time::Duration;

use askama::Template;
use pawdium_shared::accounts::RaterKey;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::{Hub, HubRole};
use pawdium_shared::ids::UserId;
use pawdium_shared::ratings::Ballots;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

use crate::config::Refused;

/// A kind of widget. The type itself is the widget's configuration: its fields become the form in which owners configure
/// it, and their doc comments the form's help.
///
/// Derive `Deserialize` with `#[serde(default, deny_unknown_fields)]` and `JsonSchema`. Ranges and lengths that the schema
/// names (`#[schemars(range(min = 1, max = 12))]`) are checked before anything is stored.
pub trait Widget: Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The kind's name in the database, in the API and in URLs: `top-photos`.
    const KIND: &'static str;

    /// Its title on the page and in the gallery.
    const TITLE: &'static str;

    /// One sentence for the gallery.
    const ABOUT: &'static str;

    /// Where it may stand.
    const COLUMNS: Columns = Columns::Either;

    /// The pages to which it can be added. On others it would show nothing.
    const PAGES: Pages = Pages::All;

    /// The kinds of events that may change its data. It isn't asked about others. A change of its own configuration makes
    /// it stale in any case. A personal kind needn't listen to what its viewer does: the answer to that is a new page.
    const LISTENS: &'static [EventKind];

    /// Whether it also shows what happens in the hubs and on the profiles that the member of its profile follows, so that
    /// events about those concern it.
    const FOLLOWS: bool = false;

    /// How old its data may get when no event has changed it. What depends on the clock needs a short time.
    const MAX_AGE: Duration = Duration::from_mins(5);

    /// Whom its data is for: [`Everyone`], and then it is cached, or each [`Viewer`], and then it can't be.
    type For: Audience;

    /// Whether other sites can show it in a frame, as a visitor without a user sees it. Its template then has no form for
    /// such a visitor, because a frame has no cookies.
    const EMBEDS: bool = !<Self::For as Audience>::PERSONAL;

    /// The data, with the template that shows it.
    type Data: Template + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// A configuration for the preview in the gallery. The defaults, unless these show nothing.
    #[must_use]
    fn sample() -> Self {
        Self::default()
    }

    /// The title of this one.
    fn title(&self) -> Cow<'_, str> {
        Cow::Borrowed(Self::TITLE)
    }

    /// Checks what the schema can't say.
    ///
    /// # Errors
    /// [`Refused`] names the key.
    fn check(&self) -> Result<(), Refused> {
        Ok(())
    }

    /// Loads the data.
    ///
    /// Takes part in one page's loading, together with others, and is given up after two seconds.
    fn load(
        &self,
        hub: &Hub,
        viewer: &Self::For,
        db: &mut PgConnection,
    ) -> impl Future<Output = anyhow::Result<Self::Data>> + Send;

    /// Whether an event changes the data. Asked about events of the kinds in [`LISTENS`](Self::LISTENS) that name the hub
    /// or one of its photos, or, for a profile, its member: so the hub that an event names may be another one. The hub is
    /// as it is after the change. Saying yes in vain costs a load; saying no wrongly leaves pages stale.
    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool;

    /// Whether there is nothing to show. Then the whole widget isn't drawn, frame included. Asked for each page, so it may
    /// look at the clock.
    fn is_empty(_data: &Self::Data) -> bool {
        false
    }
}

/// Where a widget may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// In the wide left column only.
    Left,
    /// In the narrow right column only.
    Right,
    /// In either.
    Either,
}

/// The pages to which widgets can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// Hubs' pages and members' profiles.
    All,
    /// Hubs' pages only.
    Hubs,
    /// Members' profiles only.
    Profiles,
}

impl Pages {
    /// Whether a widget can be added to the page of this hub or profile.
    #[must_use]
    pub const fn allow(self, hub: &Hub) -> bool {
        match self {
            Self::All => true,
            Self::Hubs => hub.slug.is_some(),
            Self::Profiles => hub.slug.is_none(),
        }
    }

    /// The name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Hubs => "hubs",
            Self::Profiles => "profiles",
        }
    }
}

/// The columns of a hub's page.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    serde::Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    Serialize,
    strum::VariantArray,
    sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Side {
    /// The wide column, which comes first on phones.
    Left,
    /// The narrow column.
    Right,
}

impl Side {
    /// The other column.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

impl Columns {
    /// Whether a widget may stand there.
    #[must_use]
    pub const fn allow(self, side: Side) -> bool {
        matches!((self, side), (Self::Either, _) | (Self::Left, Side::Left) | (Self::Right, Side::Right))
    }

    /// The name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Either => "either",
        }
    }
}

/// Whom data is for.
pub trait Audience: Send + Sync + 'static {
    /// Whether it differs from viewer to viewer.
    const PERSONAL: bool;

    /// What of a viewer the data may depend on.
    fn of(viewer: &Viewer) -> &Self;
}

/// All viewers see the same.
#[derive(Clone, Copy, Debug)]
pub struct Everyone;

impl Audience for Everyone {
    const PERSONAL: bool = false;

    fn of(_: &Viewer) -> &Self {
        &Self
    }
}

/// Who views a page.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The user; `None` for a visitor without one.
    pub user: Option<UserId>,
    /// Determines the order in which photos are served to them.
    pub key: RaterKey,
    /// Their roles in the hub.
    pub roles: Vec<HubRole>,
    /// Whether they may see and do everything that owners may.
    pub moderates: bool,
    /// Issues ballots for the photos that they are shown; `None` where they can't rate.
    pub ballots: Option<Ballots>,
}

impl Viewer {
    /// A visitor without a user.
    #[must_use]
    pub fn nobody() -> Self {
        Self { user: None, key: RaterKey(0), roles: Vec::new(), moderates: false, ballots: None }
    }

    /// Whether they own the hub.
    #[must_use]
    pub fn owns(&self) -> bool {
        self.roles.contains(&HubRole::Owner)
    }
}

impl Audience for Viewer {
    const PERSONAL: bool = true;

    fn of(viewer: &Viewer) -> &Self {
        viewer
    }
}
