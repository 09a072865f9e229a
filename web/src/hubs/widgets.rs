//! Loading and rendering a hub's widgets for a viewer.

use std::collections::HashMap;
use std::sync::Arc;

use pawdium_shared::cache::Whole;
use pawdium_shared::hubs::{Hub, HubRole, queries};
use pawdium_shared::ids::WidgetId;
use pawdium_widgets::cached::{self, CachedWidget, Loaded};
use pawdium_widgets::layout::Placed;
use pawdium_widgets::{Kind, Pages, Viewer, find_kind};

use crate::embed::snippet;
use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;
use crate::views::Fragment;
use crate::views::hub_page::{WidgetBody, WidgetFrame};

/// The id of a widget that isn't placed yet.
pub const PREVIEW: WidgetId = WidgetId(0);

/// A widget's data, fresh or not.
#[derive(Debug)]
pub struct Shown {
    /// What was loaded.
    pub loaded: Arc<Loaded>,
    /// Whether loading it failed, so that this is what was loaded before.
    pub is_old: bool,
}

/// Loads the data of widgets: what is the same for all viewers through the cache, in one round trip, and the rest for this
/// viewer, at once. Widgets that couldn't be loaded have what was loaded before, if anything was.
///
/// # Errors
/// If the database fails as a whole. A widget that fails doesn't.
pub async fn load(
    app: &App,
    hub: &Arc<Hub>,
    viewer: &Viewer,
    placed: &[Placed],
) -> Result<HashMap<WidgetId, Shown>, Error> {
    let (personal, shared): (Vec<_>, Vec<_>) = placed
        .iter()
        .filter_map(|one| Some((find_kind(&one.kind)?, one)))
        .partition(|(kind, _)| kind.personal);
    let ids: Vec<_> = personal.iter().map(|(_, one)| one.id).collect();
    let personal = cached::load_each(personal, hub, viewer, &app.db);
    let keys: Vec<_> = shared.iter().map(|(_, one)| CachedWidget { hub: hub.id, widget: one.id }).collect();
    let (personal, shared) = tokio::join!(personal, app.cache.find_each(&app.db, &keys, Whole));
    let shared = shared?;
    let failed: Vec<_> =
        shared.iter().filter(|(_, loaded)| loaded.data.is_none()).map(|(key, _)| *key).collect();
    let mut before =
        if failed.is_empty() { HashMap::new() } else { app.cache.last(&failed).await.unwrap_or_default() };
    let shared = shared.into_iter().map(|(key, loaded)| {
        let old = before.remove(&key);
        (key.widget, Shown { is_old: old.is_some(), loaded: Arc::new(old.unwrap_or(loaded)) })
    });
    let personal = ids
        .into_iter()
        .zip(personal)
        .map(|(id, loaded)| (id, Shown { loaded: Arc::new(loaded), is_old: false }));
    Ok(shared.chain(personal).collect())
}

/// Renders a widget with its frame.
///
/// # Errors
/// Formatting fails.
pub fn frame(app: &App, hub: &Hub, placed: &Placed, shown: Option<&Shown>) -> Result<WidgetFrame, Error> {
    let kind = find_kind(&placed.kind);
    let title = kind.map_or_else(|| placed.kind.clone(), |kind| kind.title_of(&placed.config));
    let embeds = kind.is_some_and(|kind| kind.embeds) && hub.slug.is_some() && hub.is_public();
    let snippet = (embeds && placed.id != PREVIEW).then(|| snippet(app, hub, placed.id, &title));
    Ok(WidgetFrame {
        id: placed.id.0,
        hub: hub.path(),
        kind: placed.kind.clone(),
        version: shown.map_or(0, |shown| shown.loaded.version),
        body: shown.zip(kind).map_or(WidgetBody::Failed, |(shown, kind)| body(kind, shown)),
        snippet: snippet.transpose().map_err(anyhow::Error::from)?,
        controls: None,
        title,
    })
}

fn body(kind: &Kind, shown: &Shown) -> WidgetBody {
    let Some(json) = shown.loaded.json() else { return WidgetBody::Failed };
    match kind.render(json) {
        Ok(Some(html)) if shown.is_old => {
            WidgetBody::Old { body: Fragment::cached(html), as_of: shown.loaded.as_of }
        }
        Ok(Some(html)) => WidgetBody::Fresh(Fragment::cached(html)),
        Ok(None) => WidgetBody::Empty,
        Err(error) => {
            tracing::warn!(kind = kind.name, error = format!("{error:#}"), "couldn't render a widget");
            WidgetBody::Failed
        }
    }
}

/// Refuses to add a widget to a page on which it would show nothing.
///
/// # Errors
/// [`Error::Field`].
pub fn require_page(kind: &Kind, hub: &Hub) -> Result<(), Error> {
    if kind.pages.allow(hub) {
        return Ok(());
    }
    let message = match kind.pages {
        Pages::Profiles => "This kind of widget is for members' profiles.",
        Pages::Hubs | Pages::All => "This kind of widget is for hubs.",
    };
    Err(Error::Field { field: "kind", message: message.to_owned() })
}

/// The viewer of a hub's page, as far as widgets know them.
///
/// # Errors
/// If the database fails.
pub async fn viewer(app: &App, visitor: &Visitor, hub: &Hub) -> Result<Viewer, Error> {
    let user = visitor.user.as_ref().map(|user| user.id);
    let roles: Vec<HubRole> = match user {
        Some(user) => queries::list_roles(&mut *app.db.acquire().await?, hub.id, user).await?,
        None => Vec::new(),
    };
    let ballots = (user.is_some() || visitor.has_key).then(|| app.ballots.clone());
    Ok(Viewer { user, key: visitor.key, roles, moderates: visitor.moderates(), ballots })
}
