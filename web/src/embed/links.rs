//! Links that leave a frame.

/// What every link of a frame has, so that it doesn't open inside of it.
const TARGET: &str = r#" target="_blank""#;

/// Makes all links of a fragment open in a new tab that knows nothing of the frame. The fragment is well-formed HTML,
/// as templates and the sanitiser write it: tags are closed, and values with a `>` are quoted.
pub(super) fn open_in_new_tabs(html: &str) -> String {
    let mut changed = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        let tag = &tag[..end_of(tag)];
        changed.push_str(text);
        match tag
            .strip_prefix("<a")
            .filter(|after| after.starts_with(|c: char| c.is_ascii_whitespace() || c == '>'))
        {
            Some(attributes) => {
                changed.push_str("<a");
                changed.push_str(TARGET);
                changed.push_str(&with_noopener(attributes));
            }
            None => changed.push_str(tag),
        }
        rest = &rest[at + tag.len()..];
    }
    changed.push_str(rest);
    changed
}

/// The attributes of a link, with `noopener` in `rel`.
fn with_noopener(attributes: &str) -> String {
    match find_rel(attributes) {
        None => format!(r#" rel="noopener"{attributes}"#),
        Some((from, to)) if attributes[from..to].split_ascii_whitespace().any(|word| word == "noopener") => {
            attributes.to_owned()
        }
        Some((from, _)) => format!("{}noopener {}", &attributes[..from], &attributes[from..]),
    }
}

/// Where the quoted value of `rel` is.
fn find_rel(attributes: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(equals) = attributes[from..].find('=').map(|at| from + at) {
        let quote = attributes[equals + 1..].chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let value = equals + 2;
        let end = value + attributes[value..].find(quote)?;
        if attributes[from..equals].trim() == "rel" {
            return Some((value, end));
        }
        from = end + 1;
    }
    None
}

/// The length of the tag at the beginning of a text, or 1 if it is none.
fn end_of(text: &str) -> usize {
    if !text[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
        return 1;
    }
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use scraper::{Html, Selector};

    use super::*;

    #[test]
    fn links_get_a_new_tab_and_keep_what_they_have() {
        let tests = [
            (r#"<a href="/x">x</a>"#, r#"<a target="_blank" rel="noopener" href="/x">x</a>"#),
            ("<a>x</a>", r#"<a target="_blank" rel="noopener">x</a>"#),
            (
                r#"<a href="/x" rel="nofollow noopener ugc">x</a>"#,
                r#"<a target="_blank" href="/x" rel="nofollow noopener ugc">x</a>"#,
            ),
            (
                r#"<a rel="nofollow" href="/x">x</a>"#,
                r#"<a target="_blank" rel="noopener nofollow" href="/x">x</a>"#,
            ),
            ("<abbr title=\"a\">x</abbr> < <article>", "<abbr title=\"a\">x</abbr> < <article>"),
            ("<p title=\"<a href=x>\">1 < 2</p>", "<p title=\"<a href=x>\">1 < 2</p>"),
        ];
        for (before, after) in tests {
            assert_eq!(open_in_new_tabs(before), after);
        }
    }

    proptest! {
        #[test]
        fn nothing_but_links_changes(title in "[<>a-z =\"'&/]{0,30}", text in "[<>a-z =\"'&/]{0,30}", rel in "(nofollow)?") {
            let escape = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;");
            let less = |text: &str| escape(text).replace('<', "&lt;");
            // Sanitisers leave < and > in values as they are.
            let html = format!(
                r#"<p title="{0}">{1}<a title="{0}" href="/x" rel="{rel}">{1}</a><a href="/y" title="{0}">{1}</a></p>"#,
                escape(&title), less(&text),
            );
            let all = Selector::parse("*").expect("a selector");
            let read = |html: &str| -> Vec<_> {
                let parsed = Html::parse_fragment(html);
                let elements = parsed.select(&all).map(|element| {
                    let mut attributes: Vec<_> =
                        element.value().attrs().filter(|(name, _)| !["target", "rel"].contains(name)).collect();
                    attributes.sort_unstable();
                    format!("{} {attributes:?} {}", element.value().name(), element.text().collect::<String>())
                });
                elements.collect()
            };
            let changed = open_in_new_tabs(&html);
            prop_assert_eq!(read(&html), read(&changed));
            let parsed = Html::parse_fragment(&changed);
            for link in parsed.select(&Selector::parse("a").expect("a selector")) {
                prop_assert_eq!(link.attr("target"), Some("_blank"));
                prop_assert!(link.attr("rel").is_some_and(|rel| rel.contains("noopener")));
            }
        }

        #[test]
        fn any_text_is_survived(html in "[<>a-z=\"' /é]{0,60}") {
            open_in_new_tabs(&html);
        }
    }
}
