//! The public hubs that a member follows, for profiles.

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::{Hub, HubRole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::widget::{Everyone, Pages, Widget};

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Subscriptions {
    /// How many hubs are shown. Private hubs never are.
    #[schemars(range(min = 1, max = 60))]
    limit: u8,
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self { limit: 24 }
    }
}

/// The hubs by name.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "subscriptions.html")]
pub(crate) struct Data {
    hubs: Vec<Followed>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Followed {
    id: i64,
    slug: String,
    name: String,
    is_owner: bool,
    is_member: bool,
}

impl Followed {
    /// The number of the hub's colour, as on its own page.
    const fn hue(&self) -> i64 {
        self.id.wrapping_mul(5).rem_euclid(12)
    }
}

impl Widget for Subscriptions {
    const KIND: &'static str = "subscriptions";
    const TITLE: &'static str = "Hubs";
    const ABOUT: &'static str = "On a profile: the public hubs that the member follows.";
    const PAGES: Pages = Pages::Profiles;
    const LISTENS: &'static [EventKind] = &[EventKind::HubRolesChanged, EventKind::HubListed];
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let Some(member) = hub.profile_of else { return Ok(Data { hubs: Vec::new() }) };
        let hubs = sqlx::query_as!(
            Followed,
            r#"select id, slug as "slug!", name, bool_or(role = 'owner') as "is_owner!",
                      bool_or(role <> 'subscriber') as "is_member!"
               from hub_roles join hubs on hubs.id = hub_id
               where user_id = $1 and role in ('subscriber', 'member', 'owner')
                 and slug is not null and visibility = 'public'
               group by hubs.id order by lower(name), id limit $2"#,
            member.0,
            i64::from(self.limit),
        )
        .fetch_all(db)
        .await?;
        Ok(Data { hubs })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        let is_starred = matches!(event, Event::HubRolesChanged { role: Some(HubRole::Stargazer), .. });
        !is_starred && hub.profile_of.is_some_and(|member| event.users().contains(&member))
    }

    fn is_empty(data: &Data) -> bool {
        data.hubs.is_empty()
    }
}
