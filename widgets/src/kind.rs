//! Kinds with their types erased.

use std::time::Duration;

use anyhow::Context as _;
use askama::Template as _;
use futures::future::BoxFuture;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use serde_json::Value;
use sqlx::PgConnection;

use crate::config::{self, Refused};
use crate::widget::{Audience as _, Columns, Pages, Viewer, Widget};

type Load =
    for<'a> fn(&'a Value, &'a Hub, &'a Viewer, &'a mut PgConnection) -> BoxFuture<'a, anyhow::Result<String>>;

/// A kind of widget.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// [`Widget::KIND`].
    pub name: &'static str,
    /// [`Widget::TITLE`].
    pub title: &'static str,
    /// [`Widget::ABOUT`].
    pub about: &'static str,
    /// [`Widget::COLUMNS`].
    pub columns: Columns,
    /// [`Widget::PAGES`].
    pub pages: Pages,
    /// [`Widget::LISTENS`].
    pub listens: &'static [EventKind],
    /// [`Widget::FOLLOWS`].
    pub follows: bool,
    /// [`Widget::MAX_AGE`].
    pub max_age: Duration,
    /// Whether its data differs from viewer to viewer, so that it isn't cached.
    pub personal: bool,
    /// [`Widget::EMBEDS`].
    pub embeds: bool,
    schema: fn() -> Value,
    check: fn(&Value, &Value) -> Result<Value, Refused>,
    sample: fn() -> Value,
    title_of: fn(&Value) -> String,
    load: Load,
    render: fn(&str) -> anyhow::Result<Option<String>>,
    stale: fn(&Value, &Hub, &Event) -> bool,
}

impl Kind {
    /// The kind of `W`.
    #[must_use]
    pub const fn of<W: Widget>() -> Self {
        Self {
            name: W::KIND,
            title: W::TITLE,
            about: W::ABOUT,
            columns: W::COLUMNS,
            pages: W::PAGES,
            listens: W::LISTENS,
            follows: W::FOLLOWS,
            max_age: W::MAX_AGE,
            personal: W::For::PERSONAL,
            embeds: W::EMBEDS,
            schema: schema::<W>,
            check: check::<W>,
            sample: || serde_json::to_value(W::sample()).unwrap_or_default(),
            title_of: |config| stored::<W>(config).title().into_owned(),
            load: |config, hub, viewer, db| Box::pin(load::<W>(config, hub, viewer, db)),
            render: render::<W>,
            stale: |config, hub, event| stored::<W>(config).is_stale_after(hub, event),
        }
    }

    /// The JSON Schema of its configuration.
    #[must_use]
    pub fn schema(&self) -> Value {
        (self.schema)()
    }

    /// Whether there is anything to configure.
    #[must_use]
    pub fn has_settings(&self) -> bool {
        self.schema()["properties"].as_object().is_some_and(|properties| !properties.is_empty())
    }

    /// Checks a configuration and completes it with defaults.
    ///
    /// # Errors
    /// Names the first bad key.
    pub fn check(&self, config: &Value) -> Result<Value, Refused> {
        (self.check)(config, &self.schema())
    }

    /// The configuration of its preview in the gallery.
    #[must_use]
    pub fn sample(&self) -> Value {
        (self.sample)()
    }

    /// The title of a widget with this configuration.
    #[must_use]
    pub fn title_of(&self, config: &Value) -> String {
        (self.title_of)(config)
    }

    /// Loads the data of a widget, as JSON.
    ///
    /// # Errors
    /// Those of the kind.
    pub async fn load(
        &self,
        config: &Value,
        hub: &Hub,
        viewer: &Viewer,
        db: &mut PgConnection,
    ) -> anyhow::Result<String> {
        (self.load)(config, hub, viewer, db).await
    }

    /// The HTML of data; `None` if there is nothing to show.
    ///
    /// # Errors
    /// If the data is of another version of the kind.
    pub fn render(&self, data: &str) -> anyhow::Result<Option<String>> {
        (self.render)(data)
    }

    /// Whether an event that concerns the hub changes the data. A kind that panics is taken to say yes.
    #[must_use]
    pub fn is_stale_after(&self, config: &Value, hub: &Hub, event: &Event) -> bool {
        if !self.listens.contains(&EventKind::from(event)) {
            return false;
        }
        let ask = || (self.stale)(config, hub, event);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask)).unwrap_or_else(|_| {
            tracing::error!(
                kind = self.name,
                event = event.key(),
                "a widget panicked when it was asked about an event"
            );
            true
        })
    }
}

fn schema<W: Widget>() -> Value {
    schemars::schema_for!(W).into()
}

fn check<W: Widget>(config: &Value, schema: &Value) -> Result<Value, Refused> {
    let widget: W = config::read(config, schema)?;
    serde_json::to_value(widget).map_err(|error| Refused::key("", error.to_string()))
}

/// The configuration as it is stored. What an earlier version stored and this one can't read has the defaults.
fn stored<W: Widget>(config: &Value) -> W {
    W::deserialize(config).unwrap_or_default()
}

async fn load<W: Widget>(
    config: &Value,
    hub: &Hub,
    viewer: &Viewer,
    db: &mut PgConnection,
) -> anyhow::Result<String> {
    let data = stored::<W>(config).load(hub, W::For::of(viewer), db).await?;
    serde_json::to_string(&data).context("the data doesn't serialize")
}

fn render<W: Widget>(data: &str) -> anyhow::Result<Option<String>> {
    let data: W::Data = serde_json::from_str(data)?;
    Ok(if W::is_empty(&data) { None } else { Some(data.render()?) })
}
