//! Who asks to become a member, for owners.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::{Hub, requests};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::filters;
use crate::people::Face;
use crate::widget::{Pages, Viewer, Widget};

/// The most requests that are shown. The page of members has all.
const SHOWN: usize = 10;

/// The configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct JoinRequests {}

/// The requests, oldest first.
#[derive(Debug, Default, Template, Deserialize, Serialize)]
#[template(path = "join_requests.html")]
pub(crate) struct Data {
    requests: Vec<Request>,
    more: usize,
    path: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct Request {
    face: Face,
    asked_at: DateTime<Utc>,
}

impl Widget for JoinRequests {
    const KIND: &'static str = "join-requests";
    const TITLE: &'static str = "Asking to join";
    const ABOUT: &'static str = "For owners: who waits for an answer. Nobody else sees it.";
    const PAGES: Pages = Pages::Hubs;
    const LISTENS: &'static [EventKind] = &[
        EventKind::HubRequestsChanged,
        EventKind::HubRolesChanged,
        EventKind::HubChanged,
        EventKind::MemberChanged,
    ];
    type For = Viewer;
    type Data = Data;

    async fn load(&self, hub: &Hub, viewer: &Viewer, db: &mut PgConnection) -> anyhow::Result<Data> {
        let may_answer = viewer.owns() && hub.slug.is_some() && !hub.is_archived();
        if !may_answer {
            return Ok(Data::default());
        }
        let waiting = requests::list(db, hub.id).await?;
        Ok(Data {
            more: waiting.len().saturating_sub(SHOWN),
            requests: waiting
                .into_iter()
                .take(SHOWN)
                .map(|request| Request {
                    face: Face::of(request.name, request.avatar),
                    asked_at: request.asked_at,
                })
                .collect(),
            path: hub.path(),
        })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        match event {
            // Who owns the hub sees its requests.
            Event::HubRolesChanged { .. } => hub.slug.is_some() && event.changes_members_of(hub.id),
            _ => hub.slug.is_some() && event.hubs().contains(&hub.id),
        }
    }

    fn is_empty(data: &Data) -> bool {
        data.requests.is_empty()
    }
}
