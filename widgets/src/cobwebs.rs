//! What grows where nothing happens.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::filters;
use crate::widget::{Everyone, Widget};

/// The configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cobwebs {}

/// Since when nothing has happened; `None` where something has within a month.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "cobwebs.html")]
pub(crate) struct Data {
    idle_since: Option<DateTime<Utc>>,
    is_archived: bool,
}

impl Widget for Cobwebs {
    const KIND: &'static str = "cobwebs";
    const TITLE: &'static str = "Cobwebs";
    const ABOUT: &'static str = "Appears by itself when nothing has happened for a month.";
    const LISTENS: &'static [EventKind] = &[
        EventKind::HubRolesChanged,
        EventKind::PhotoPosted,
        EventKind::HubChanged,
        EventKind::LayoutChanged,
    ];
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, _: &mut PgConnection) -> anyhow::Result<Data> {
        let idle_since = hub.is_idle(Utc::now()).then_some(hub.active_at);
        Ok(Data { idle_since, is_archived: hub.is_archived() })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        match event {
            Event::HubRolesChanged { .. } => event.changes_members_of(hub.id),
            _ => event.hubs().contains(&hub.id),
        }
    }

    fn is_empty(data: &Data) -> bool {
        data.idle_since.is_none()
    }
}
