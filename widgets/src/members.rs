//! The hub's people.

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::filters;
use crate::people::Face;
use crate::widget::{Everyone, Pages, Widget};

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Members {
    /// How many members are shown, the newest first.
    #[schemars(range(min = 1, max = 48))]
    limit: u8,
}

impl Default for Members {
    fn default() -> Self {
        Self { limit: 12 }
    }
}

/// The newest members, and how many there are.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "members.html")]
pub(crate) struct Data {
    members: Vec<Member>,
    count: i64,
    /// The page with all of them; profiles have none.
    all: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Member {
    face: Face,
    is_owner: bool,
}

impl Widget for Members {
    const KIND: &'static str = "members";
    const TITLE: &'static str = "Members";
    const ABOUT: &'static str = "Who belongs here, the newest first.";
    const PAGES: Pages = Pages::Hubs;
    const LISTENS: &'static [EventKind] =
        &[EventKind::HubRolesChanged, EventKind::MemberChanged, EventKind::HubChanged];
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let newest = sqlx::query!(
            r#"select name as "name!", avatar, hub_roles.role = 'owner' as "is_owner!"
               from hub_roles join users on users.id = user_id
               where hub_id = $1 and hub_roles.role in ('member', 'owner') and name is not null
               order by since desc, user_id desc limit $2"#,
            hub.id.0,
            i64::from(self.limit),
        )
        .fetch_all(&mut *db)
        .await?;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from hub_roles where hub_id = $1 and role in ('member', 'owner')"#,
            hub.id.0,
        )
        .fetch_one(db)
        .await?;
        let members = newest
            .into_iter()
            .map(|row| Member { face: Face::of(row.name, row.avatar), is_owner: row.is_owner });
        let all = hub.slug.as_ref().map(|_| format!("{}/members", hub.path()));
        Ok(Data { members: members.collect(), count, all })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        match event {
            Event::HubRolesChanged { .. } => event.changes_members_of(hub.id),
            _ => event.hubs().contains(&hub.id),
        }
    }
}
