//! Properties of every page, rendered from the preview's sample data.

#[path = "../examples/preview/sample/mod.rs"]
mod sample;

use pawdium_web::views::Theme;
use scraper::{ElementRef, Html, Selector};

use sample::{Sample, Samples};

const HOSTILE: &str = r#""><script>alert(1)</script><img src=x onerror=alert(1)>'"#;

fn pages(text: Option<&str>) -> Vec<Sample> {
    Samples { theme: Theme::Dark, text: text.map(str::to_owned) }.pages().expect("every page renders")
}

fn find<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).expect("a selector")).collect()
}

#[test]
fn every_page_has_one_heading_a_title_and_a_language() {
    for Sample { path, html } in pages(None) {
        let page = Html::parse_document(&html);
        assert!(page.errors.is_empty(), "{path}: {:?}", page.errors);
        assert_eq!(find(&page, "h1").len(), 1, "{path}");
        assert_eq!(find(&page, "html[lang=en][data-theme=dark]").len(), 1, "{path}");
        let title: String = find(&page, "head > title").iter().flat_map(ElementRef::text).collect();
        assert!(title.len() > " · Pawdium".len() && title.ends_with(" · Pawdium"), "{path}: {title}");
    }
}

#[test]
fn what_members_write_is_text_and_never_markup() {
    for Sample { path, html } in pages(Some(HOSTILE)) {
        let page = Html::parse_document(&html);
        let scripts = find(&page, "script");
        assert!(scripts.iter().all(|script| script.attr("src").is_some()), "{path}");
        for element in page.root_element().descendent_elements() {
            let handler = element.value().attrs().find(|(name, _)| name.starts_with("on"));
            assert_eq!(handler, None, "{path}");
            assert_ne!(element.attr("src"), Some("x"), "{path}");
        }
    }
}

#[test]
fn a_strict_content_security_policy_holds() {
    for Sample { path, html } in pages(None) {
        let page = Html::parse_document(&html);
        assert_eq!(find(&page, "style, [style]").len(), 0, "{path}");
        assert_eq!(find(&page, "script:not([src])").len(), 0, "{path}");
        for element in find(&page, "script[src], link[href], img[src]") {
            let address = element.attr("src").or_else(|| element.attr("href")).unwrap_or_default();
            assert!(address.starts_with('/') && !address.starts_with("//"), "{path}: {address}");
        }
    }
}

#[test]
fn every_image_is_described_and_keeps_its_place() {
    let mut images = 0;
    for Sample { path, html } in pages(None) {
        for image in find(&Html::parse_document(&html), "img") {
            images += 1;
            // A portrait stands beside the member's name, which says it all.
            let class = image.attr("class").unwrap_or_default();
            let is_portrait = ["avatar", "face", "mark"].iter().any(|word| class.contains(word));
            assert!(image.attr("alt").is_some_and(|alt| !alt.is_empty() || is_portrait), "{path}: {class}");
            for edge in ["width", "height"] {
                assert!(image.attr(edge).is_some_and(|pixels| pixels.parse::<u32>().is_ok()), "{path}");
            }
        }
    }
    assert!(images > 20, "the samples have photos");
}

#[test]
fn every_control_has_a_name_and_every_reference_a_target() {
    for Sample { path, html } in pages(None) {
        let page = Html::parse_document(&html);
        let mut ids: Vec<_> = find(&page, "[id]").iter().filter_map(|element| element.attr("id")).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{path}: an id stands twice");
        for label in find(&page, "label[for], [aria-labelledby]") {
            let target = label.attr("for").or_else(|| label.attr("aria-labelledby")).unwrap_or_default();
            assert!(ids.binary_search(&target).is_ok(), "{path}: nothing is called {target}");
        }
        for control in find(&page, "input:not([type=hidden]), select, textarea") {
            let labelled =
                control.attr("id").is_some_and(|id| !find(&page, &format!("label[for='{id}']")).is_empty())
                    || control
                        .ancestors()
                        .filter_map(ElementRef::wrap)
                        .any(|outer| outer.value().name() == "label");
            assert!(labelled, "{path}: {}", control.html());
        }
        for control in find(&page, "a, button, summary") {
            let said =
                control.text().any(|text| !text.trim().is_empty()) || control.attr("aria-label").is_some();
            let shown = !find(&Html::parse_fragment(&control.inner_html()), "img[alt]").is_empty();
            assert!(said || shown, "{path}: {}", control.html());
        }
    }
}

#[test]
fn a_refused_field_says_why_where_it_stands_and_keeps_its_value() {
    let register =
        pages(None).into_iter().find(|page| page.path == "/register").expect("a refused registration");
    let page = Html::parse_document(&register.html);
    let name = find(&page, "input[name=name][aria-invalid=true]");
    assert_eq!(name.first().and_then(|input| input.attr("value")), Some("ada"));
    let described = name.first().and_then(|input| input.attr("aria-describedby")).unwrap_or_default();
    assert!(described.split(' ').any(|id| id == "name-error"));
    assert_eq!(find(&page, "#name-error").len(), 1);
    assert_eq!(find(&page, "input[type=password][value]").len(), 0);
}

#[test]
fn the_photo_to_rate_comes_without_anybodys_opinion() {
    let first = pages(None).into_iter().find(|page| page.path == "/first").expect("the first photo");
    let page = Html::parse_document(&first.html);
    assert_eq!(find(&page, "form[action='/photos/1/rating'] button[name=value]").len(), 10);
    assert_eq!(find(&page, "input[name=ballot]").len(), 1);
    assert_eq!(find(&page, ".feedback, .opinion, .score-chip, .rank").len(), 0);
}
