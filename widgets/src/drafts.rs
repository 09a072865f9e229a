//! A member's own drafts, ready to be published.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::filters;
use crate::widget::{Pages, Viewer, Widget};

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Drafts {
    /// How many drafts are shown, the newest first. Only you see them.
    #[schemars(range(min = 1, max = 30))]
    limit: u8,
}

impl Default for Drafts {
    fn default() -> Self {
        Self { limit: 10 }
    }
}

/// The drafts, newest first.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "drafts.html")]
pub(crate) struct Data {
    drafts: Vec<Draft>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Draft {
    id: i64,
    title: String,
    created_at: DateTime<Utc>,
}

impl Widget for Drafts {
    const KIND: &'static str = "drafts";
    const TITLE: &'static str = "Your drafts";
    const ABOUT: &'static str = "On your profile: your drafts, ready to publish. Nobody else sees them.";
    const PAGES: Pages = Pages::Profiles;
    const LISTENS: &'static [EventKind] =
        &[EventKind::PhotoProgressed, EventKind::PhotoRemoved, EventKind::MemberChanged];
    type For = Viewer;
    type Data = Data;

    async fn load(&self, hub: &Hub, viewer: &Viewer, db: &mut PgConnection) -> anyhow::Result<Data> {
        let Some(owner) = viewer.user.filter(|user| hub.profile_of == Some(*user)) else {
            return Ok(Data { drafts: Vec::new() });
        };
        let drafts = sqlx::query_as!(
            Draft,
            "select id, title, created_at from photos
             where owner_id = $1 and state = 'draft'
               and (source_key is not null or exists (select from photo_files where photo_id = photos.id))
             order by id desc limit $2",
            owner.0,
            i64::from(self.limit),
        )
        .fetch_all(db)
        .await?;
        Ok(Data { drafts })
    }

    fn is_stale_after(&self, hub: &Hub, _: &Event) -> bool {
        hub.profile_of.is_some()
    }

    fn is_empty(data: &Data) -> bool {
        data.drafts.is_empty()
    }
}
