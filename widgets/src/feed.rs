//! What happened in the hubs and with the members that somebody follows, on their own profile.

use std::collections::HashSet;

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::feed;
use pawdium_shared::hubs::{Hub, HubRole};
use pawdium_shared::photos::queries::list_live_of;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::filters;
use crate::sentence::{Place, Sentence, tell};
use crate::widget::{Pages, Viewer, Widget};

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Feed {
    /// How many entries are shown. What several people do within an hour is one entry. Only you see them.
    #[schemars(range(min = 1, max = 20))]
    limit: u8,
}

impl Default for Feed {
    fn default() -> Self {
        Self { limit: 6 }
    }
}

/// The entries, the latest first.
#[derive(Debug, Default, Template, Deserialize, Serialize)]
#[template(path = "feed.html")]
pub(crate) struct Data {
    entries: Vec<Sentence>,
    /// The path of the member's Atom feed, which is as secret as the feed; empty for everybody else.
    atom: String,
}

impl Widget for Feed {
    const KIND: &'static str = "feed";
    const TITLE: &'static str = "Your feed";
    const ABOUT: &'static str =
        "On your profile: what happened in the hubs and with the members that you follow. Nobody else sees it.";
    const PAGES: Pages = Pages::Profiles;
    const LISTENS: &'static [EventKind] = &[
        EventKind::PhotoPosted,
        EventKind::PhotoPublished,
        EventKind::PhotoChanged,
        EventKind::PhotoRemoved,
        EventKind::MemberChanged,
        EventKind::HubRolesChanged,
        EventKind::HubChanged,
        EventKind::HubListed,
    ];
    const FOLLOWS: bool = true;
    type For = Viewer;
    type Data = Data;

    async fn load(&self, hub: &Hub, viewer: &Viewer, db: &mut PgConnection) -> anyhow::Result<Data> {
        let Some(reader) = viewer.user.filter(|user| hub.profile_of == Some(*user)) else {
            return Ok(Data::default());
        };
        let mut activities = feed::list_followed(db, reader).await?;
        let named: Vec<_> = activities.iter().filter_map(|activity| activity.photo).collect();
        let live: HashSet<_> = list_live_of(db, &named).await?.into_iter().collect();
        activities.retain(|activity| activity.photo.is_none_or(|photo| live.contains(&photo)));
        let mut entries = feed::collapse(activities);
        entries.truncate(self.limit.into());
        let hubs: Vec<_> = entries.iter().map(|entry| entry.hub).collect();
        let hubs = feed::find_hubs(db, &hubs).await?;
        let places = hubs.iter().filter_map(|(id, hub)| Some((*id, Place::of(hub)?))).collect();
        Ok(Data { entries: tell(db, &entries, &places).await?, atom: feed::path_of(&feed::find_token(db, reader).await?) })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        match event {
            // Who else subscribes or stars is no news.
            Event::HubRolesChanged { user, role, .. } => {
                hub.profile_of == Some(*user) || role.is_none_or(HubRole::is_membership)
            }
            _ => hub.profile_of.is_some(),
        }
    }

    /// Its own member is told how to get news.
    fn is_empty(data: &Data) -> bool {
        data.atom.is_empty()
    }
}
