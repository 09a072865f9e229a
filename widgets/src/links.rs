//! Links to other places.

use std::borrow::Cow;

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use url::Url;

use crate::config::Refused;
use crate::widget::{Everyone, Widget};

/// The most links.
const MOST: usize = 20;

/// The configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Links {
    /// Title; "Links" if it is empty.
    #[schemars(length(max = 60))]
    title: String,
    /// One link a line: its title, a space, and its address, which begins with https. At most twenty.
    #[schemars(length(max = 4000))]
    links: String,
}

/// The links, in the owners' order.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "links.html")]
pub(crate) struct Data {
    links: Vec<Link>,
}

#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Link {
    title: String,
    url: String,
    /// Where it leads, so that nobody is surprised.
    host: String,
}

impl Link {
    fn parse(line: &str) -> Option<Self> {
        let (title, address) = line.trim().rsplit_once(char::is_whitespace)?;
        let url = Url::parse(address).ok().filter(|url| url.scheme() == "https")?;
        let host =
            url.host_str().filter(|_| url.username().is_empty() && url.password().is_none())?.to_owned();
        Some(Self { title: title.trim().to_owned(), url: url.into(), host })
            .filter(|link| !link.title.is_empty())
    }
}

impl Links {
    fn lines(&self) -> impl Iterator<Item = &str> {
        self.links.lines().filter(|line| !line.trim().is_empty())
    }
}

impl Widget for Links {
    const KIND: &'static str = "links";
    const TITLE: &'static str = "Links";
    const ABOUT: &'static str = "Other places on the web that belong to this one.";
    const LISTENS: &'static [EventKind] = &[];
    type For = Everyone;
    type Data = Data;

    fn title(&self) -> Cow<'_, str> {
        Cow::Borrowed(if self.title.trim().is_empty() { Self::TITLE } else { &self.title })
    }

    fn sample() -> Self {
        let links = "Our meetups https://example.org/meetups\nThe care guide https://example.org/care";
        Self { links: links.to_owned(), ..Self::default() }
    }

    fn check(&self) -> Result<(), Refused> {
        if self.lines().count() > MOST {
            return Err(Refused::key("links", format!("Keep it to {MOST} links.")));
        }
        let Some(bad) = self.lines().find(|line| Link::parse(line).is_none()) else { return Ok(()) };
        let bad: String = bad.trim().chars().take(60).collect();
        let example = "Write a title, a space and an address, such as: Cat facts https://example.org";
        Err(Refused::key("links", format!("“{bad}” is no link. {example}")))
    }

    async fn load(&self, _: &Hub, _: &Everyone, _: &mut PgConnection) -> anyhow::Result<Data> {
        Ok(Data { links: self.lines().filter_map(Link::parse).take(MOST).collect() })
    }

    fn is_stale_after(&self, _: &Hub, _: &Event) -> bool {
        false
    }

    fn is_empty(data: &Data) -> bool {
        data.links.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_title_and_an_address() {
        let link = Link::parse("  Cat facts, all of them  https://Example.org/a?b=c ").expect("a link");
        assert_eq!((link.title.as_str(), link.host.as_str()), ("Cat facts, all of them", "example.org"));
        assert_eq!(link.url, "https://example.org/a?b=c");
    }

    #[test]
    fn what_is_no_link_is_refused() {
        let bad = [
            "https://example.org",
            "Cats http://example.org",
            "Cats javascript:alert(1)",
            "Cats https://",
            "Cats https://ada:secret@example.org",
            "Cats",
        ];
        for line in bad {
            let links = Links { links: format!("Dogs https://example.org\n\n{line}"), ..Links::default() };
            assert_eq!(links.check().expect_err(line).key, "links");
        }
        let many = "Dogs https://example.org\n".repeat(MOST + 1);
        assert!(Links { links: many, ..Links::default() }.check().is_err());
    }
}
