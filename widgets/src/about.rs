//! What the hub is about, in its owners' words.

use std::borrow::Cow;

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::markdown::{self, Html};
use crate::widget::{Everyone, Widget};

/// The configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct About {
    /// Title; "About" if it is empty.
    #[schemars(length(max = 60))]
    title: String,
    /// Text in Markdown. Without a text nothing is shown.
    #[schemars(length(max = 4000))]
    text: String,
}

/// The rendered text.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "about.html")]
pub(crate) struct Data {
    text: Html,
}

impl Widget for About {
    const KIND: &'static str = "about";
    const TITLE: &'static str = "About";
    const ABOUT: &'static str = "What this place is about, with links and lists.";
    const LISTENS: &'static [EventKind] = &[];
    type For = Everyone;
    type Data = Data;

    fn sample() -> Self {
        let text = "**What this place is for**, and what you ask of those who come:\n\n- Post your own photos\n- Be kind";
        Self { text: text.to_owned(), ..Self::default() }
    }

    fn title(&self) -> Cow<'_, str> {
        Cow::Borrowed(if self.title.trim().is_empty() { Self::TITLE } else { &self.title })
    }

    async fn load(&self, _: &Hub, _: &Everyone, _: &mut PgConnection) -> anyhow::Result<Data> {
        Ok(Data { text: markdown::render(&self.text) })
    }

    fn is_stale_after(&self, _: &Hub, _: &Event) -> bool {
        false
    }

    fn is_empty(data: &Data) -> bool {
        data.text.is_empty()
    }
}
