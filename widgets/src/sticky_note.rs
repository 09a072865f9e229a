//! A coloured note with a few words.

use askama::Template;
use chrono::{NaiveDate, Utc};
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use strum::IntoStaticStr;

use crate::config::Refused;
use crate::widget::{Everyone, Widget};

/// The configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StickyNote {
    /// What the note says. Without a text nothing is shown.
    #[schemars(length(max = 500))]
    text: String,
    /// The colour of the paper.
    colour: Colour,
    /// The last day on which the note is shown, such as 2026-05-31. It stays for good if this is empty.
    #[schemars(length(max = 10))]
    until: String,
}

/// The colours of paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
enum Colour {
    #[default]
    Yellow,
    Pink,
    Green,
    Blue,
}

/// The note.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "sticky_note.html")]
pub(crate) struct Data {
    text: String,
    colour: Colour,
    until: Option<NaiveDate>,
}

impl Data {
    fn paper(&self) -> &'static str {
        self.colour.into()
    }

    fn is_over(&self, today: NaiveDate) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()
}

impl Widget for StickyNote {
    const KIND: &'static str = "sticky-note";
    const TITLE: &'static str = "Note";
    const ABOUT: &'static str = "A coloured note with a few words, for as long as you like.";
    const LISTENS: &'static [EventKind] = &[];
    type For = Everyone;
    type Data = Data;

    fn sample() -> Self {
        Self { text: "Blurry photos are welcome. Blurry captions aren't.".to_owned(), ..Self::default() }
    }

    fn check(&self) -> Result<(), Refused> {
        if self.until.trim().is_empty() || day(&self.until).is_some() {
            return Ok(());
        }
        Err(Refused::key("until", "Write the day as year, month and day, such as 2026-05-31."))
    }

    async fn load(&self, _: &Hub, _: &Everyone, _: &mut PgConnection) -> anyhow::Result<Data> {
        Ok(Data { text: self.text.trim().to_owned(), colour: self.colour, until: day(&self.until) })
    }

    fn is_stale_after(&self, _: &Hub, _: &Event) -> bool {
        false
    }

    fn is_empty(data: &Data) -> bool {
        data.text.is_empty() || data.is_over(Utc::now().date_naive())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(until: &str) -> Data {
        Data { text: "Hello".to_owned(), colour: Colour::Pink, until: day(until) }
    }

    #[test]
    fn a_note_is_shown_through_its_last_day() {
        let today = day("2026-05-31").expect("a day");
        assert!(
            !note("").is_over(today)
                && !note("2026-05-31").is_over(today)
                && !note("2027-01-01").is_over(today)
        );
        assert!(note("2026-05-30").is_over(today));
    }

    #[test]
    fn the_last_day_must_be_a_day() {
        let check = |until: &str| StickyNote { until: until.to_owned(), ..StickyNote::default() }.check();
        assert!(check("").is_ok() && check("2026-02-28").is_ok());
        for bad in ["tomorrow", "2026-02-30", "31.5.2026", "2026-13-1"] {
            assert_eq!(check(bad).expect_err(bad).key, "until");
        }
    }
}
