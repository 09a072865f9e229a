//! The hub of a request: `/h/{slug}/…` or, for a member's profile, `/members/{name}/…`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use pawdium_shared::hubs::{Hub, Refusal};
use pawdium_widgets::Viewer;

use super::access::{find_hub_at, find_profile};
use super::widgets;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::visitor::Viewing;
use crate::state::App;

/// A hub that the visitor may see, and the visitor. A former slug leads to the current one.
#[derive(Clone, Debug)]
pub struct Here {
    /// The hub.
    pub hub: Arc<Hub>,
    /// Who asks.
    pub viewing: Viewing,
    /// Who asks, as far as widgets know them.
    pub viewer: Viewer,
}

/// What the stream of a hub's page is asked for.
pub(super) fn topic_of(hub: &Hub) -> String {
    match &hub.slug {
        Some(slug) => format!("hub={slug}"),
        None => format!("member={}", hub.name),
    }
}

impl FromRequestParts<App> for Here {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let viewing = Viewing::from_request_parts(parts, app).await?;
        let Path(names) = Path::<HashMap<String, String>>::from_request_parts(parts, app)
            .await
            .map_err(|_| Error::NotFound)?;
        let hub = if let Some(slug) = names.get("slug") {
            let uri =
                parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0).clone();
            find_hub_at(app, &viewing.visitor, slug, &uri).await?
        } else {
            find_profile(app, names.get("name").ok_or(Error::NotFound)?).await?
        };
        let viewer = widgets::viewer(app, &viewing.visitor, &hub).await?;
        Ok(Self { hub: Arc::new(hub), viewing, viewer })
    }
}

impl Here {
    /// What the page's stream is asked for.
    pub(super) fn topic(&self) -> String {
        topic_of(&self.hub)
    }

    /// Whether the visitor may edit the page.
    pub(super) fn may_edit(&self) -> bool {
        self.viewer.owns() && !self.hub.is_archived()
    }

    /// Refuses everybody who may not edit the page.
    pub(super) fn require_editor(&self) -> Result<(), Error> {
        if !self.viewer.owns() {
            return Err(Refusal::NotOwner.into());
        }
        if self.hub.is_archived() { Err(Refusal::Archived.into()) } else { Ok(()) }
    }
}
