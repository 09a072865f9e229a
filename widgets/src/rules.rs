//! The house rules, in the owners' words.

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
pub(crate) struct Rules {
    /// Title; "House rules" if it is empty.
    #[schemars(length(max = 60))]
    title: String,
    /// The rules in Markdown. A list works best: start each line with "1." or "-". Without rules nothing is shown.
    #[schemars(length(max = 4000))]
    text: String,
}

/// The rendered rules.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "rules.html")]
pub(crate) struct Data {
    text: Html,
}

impl Widget for Rules {
    const KIND: &'static str = "rules";
    const TITLE: &'static str = "House rules";
    const ABOUT: &'static str = "What is welcome here and what isn't, as a list.";
    const LISTENS: &'static [EventKind] = &[];
    type For = Everyone;
    type Data = Data;

    fn sample() -> Self {
        let text = "1. Animals only\n2. Your own photos\n3. No sad ones";
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
