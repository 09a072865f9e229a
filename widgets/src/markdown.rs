//! Members' texts in Markdown (CommonMark, with GitHub's tables, task lists and strikethrough). HTML in them is shown as
//! text, and what remains is sanitised by a list of allowed elements, so a text can neither run scripts nor change the
//! page around it.

use std::fmt;

use ammonia::Builder;
use askama::filters::HtmlSafe;
use askama::{FastWritable, Values};
use pulldown_cmark::{Event, Options, Parser, html};
use serde::{Deserialize, Serialize};

/// HTML that is safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Html(String);

impl Html {
    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FastWritable for Html {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.0)?)
    }
}

impl HtmlSafe for Html {}

/// Renders a member's text.
#[must_use]
pub fn render(text: &str) -> Html {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        event => event,
    });
    let mut written = String::with_capacity(text.len() * 2);
    html::push_html(&mut written, events);
    Html(clean(&written))
}

fn clean(html: &str) -> String {
    Builder::default()
        // Headings of a text stand below those of the page, and pictures could follow readers.
        .rm_tags(["img", "h1", "h2", "map", "area", "details", "summary"])
        .url_schemes(["http", "https", "mailto"].into())
        .link_rel(Some("nofollow noopener ugc"))
        .clean(html)
        .to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markdown_is_rendered() {
        let html = render("*Rules*\n\n- be kind\n- [read](https://example.org/)").to_string();
        assert!(html.contains("<em>Rules</em>") && html.contains("<li>be kind</li>"), "{html}");
        assert!(
            html.contains(r#"<a href="https://example.org/" rel="nofollow noopener ugc">read</a>"#),
            "{html}"
        );
    }

    #[test]
    fn html_is_shown_as_text() {
        assert_eq!(clean("<b onclick=\"x\">hi</b>"), "<b>hi</b>");
        let html = render("<script>alert(1)</script> <b onclick=x>hi</b>").to_string();
        assert!(!html.contains("<script") && !html.contains("<b "), "{html}");
        assert!(html.contains("alert(1)"), "{html}");
    }

    #[test]
    fn links_that_run_code_lose_their_target() {
        for text in [
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "<javascript:alert(1)>",
            "[x](data:text/html,x)",
        ] {
            let html = render(text).to_string();
            assert!(
                !html.contains("href=\"j") && !html.contains("href=\"d") && !html.contains("href=\"J"),
                "{html}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_gets_past_the_allowed_elements(text in "[<>a-z \"'=/:&;()\\[\\]!#*`~|\n-]{0,200}") {
            let html = render(&text).to_string();
            prop_assert_eq!(clean(&html), html.clone());
            prop_assert!(!html.contains("<script") && !html.contains("<img"));
        }
    }
}
