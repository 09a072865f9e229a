//! Configurations that are made to hurt.

use pawdium_shared::db::MIGRATIONS;
use pawdium_widgets::{KINDS, Kind, Viewer};
use scraper::Html;
use serde_json::{Map, Value, json};
use sqlx::PgPool;

use crate::world::World;

const PAYLOADS: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "'\" autofocus onfocus=alert(1) x='",
    "[x](javascript:alert(1))",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x](JaVa&#x73;cript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "</p></div></section><iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example>",
    "<form action=//evil.example><button>Log in</button></form>",
    "<base href=//evil.example><meta http-equiv=refresh content=0>",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "x https://example.org/\"onmouseover=alert(1)",
    "<b>x</b> https://example.org/?a=<script>alert(1)</script>",
    "\u{202e}txt.exe <math><mtext><script>alert(1)</script>",
];

/// Fails if a browser would run or load anything, or send anything elsewhere.
fn assert_harmless(what: &str, html: &str) {
    const FORBIDDEN: &[&str] = &[
        "script", "iframe", "object", "embed", "style", "link", "base", "meta", "form", "input", "img",
        "math",
    ];
    for element in Html::parse_fragment(html).tree.values().filter_map(|node| node.as_element()) {
        assert!(!FORBIDDEN.contains(&element.name()), "{what}: <{}> in {html}", element.name());
        for (name, value) in element.attrs() {
            assert!(
                !name.starts_with("on") && name != "style" && name != "srcdoc",
                "{what}: {name} in {html}"
            );
            let address: String = value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
            let address = address.to_lowercase();
            let runs = ["javascript:", "data:", "vbscript:"].iter().any(|scheme| address.starts_with(scheme));
            assert!(!runs || !matches!(name, "href" | "src" | "action"), "{what}: {name}={value} in {html}");
        }
    }
}

fn texts(kind: &Kind) -> Vec<String> {
    let schema = kind.schema();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    properties.into_iter().filter(|(_, property)| property["type"] == "string").map(|(key, _)| key).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_text_of_an_owner_runs(db: PgPool) {
    let world = World::new(db);
    let ada = world.member("ada").await;
    let hub = world.hub(ada, "cats").await;
    let (mut tried, mut shown) = (0, 0);
    for kind in KINDS {
        for key in texts(kind) {
            for payload in PAYLOADS {
                tried += 1;
                // A refusal is as good as harmless HTML.
                let mut config = json!({ (key.as_str()): payload });
                if key == "title" {
                    config =
                        json!({ "title": payload, "text": "Some text", "links": "A https://example.org" });
                    let known = kind.schema()["properties"].clone();
                    config.as_object_mut().expect("an object").retain(|key, _| known.get(key).is_some());
                }
                let Ok(config) = kind.check(&config) else { continue };
                if let Some(html) = world.show(hub, kind, &config, &Viewer::nobody()).await {
                    assert_harmless(&format!("{} {key} {payload}", kind.name), &html);
                    shown += 1;
                }
            }
        }
    }
    assert!(tried >= 8 * PAYLOADS.len() && shown >= 4 * PAYLOADS.len(), "{tried} tried, {shown} shown");
}

#[test]
fn the_check_sees_what_runs() {
    for bad in ["<script></script>", "<p onclick=x>", "<a href='java\nscript:x'>", "<p style=x>"] {
        assert!(std::panic::catch_unwind(|| assert_harmless("a test", bad)).is_err(), "{bad}");
    }
}

fn refused(kind: &Kind, config: &Value) -> String {
    match kind.check(config) {
        Ok(stored) => panic!("{} takes {config} as {stored}", kind.name),
        Err(refusal) => {
            assert!(!refusal.message.is_empty());
            let jargon = ["invalid type", "unknown variant", "expected", "u8"];
            assert!(!jargon.iter().any(|word| refusal.message.contains(word)), "{}", refusal.message);
            refusal.field()
        }
    }
}

/// A value of another type than the property has, and then values out of its bounds.
fn bad_values(property: &Value) -> Vec<Value> {
    let mut bad = vec![Value::Null, json!([1]), json!({ "a": { "b": [] } })];
    match property["type"].as_str() {
        Some("integer") => {
            bad.extend([json!("7"), json!(true), json!(2.5), json!(-1), json!(1e300)]);
            bad.extend(property["maximum"].as_i64().map(|max| json!(max + 1)));
            bad.extend(property["minimum"].as_i64().filter(|min| *min > 0).map(|min| json!(min - 1)));
        }
        Some("string") => {
            let longest = property["maxLength"].as_u64().expect("every text has a longest length");
            let long = "x".repeat(usize::try_from(longest).expect("small") + 1);
            bad.extend([json!(7), json!(false), json!(long)]);
            bad.extend(["a\0b", "a\u{7}b", "a\u{202e}b", "\u{200b}", "\u{3164}"].map(|text| json!(text)));
            bad.extend((longest <= 200).then_some(json!("a\nb")));
        }
        _ => bad.extend([json!(7), json!("nonsense")]),
    }
    bad
}

#[test]
fn a_bad_configuration_is_refused_with_its_first_bad_key() {
    for kind in KINDS {
        for whole in [json!(null), json!([]), json!("text"), json!(7)] {
            assert_eq!(refused(kind, &whole), "config", "{}", kind.name);
        }
        assert_eq!(refused(kind, &json!({ "nonsense": 1 })), "config.nonsense");
        assert_eq!(refused(kind, &json!({ "<script>": 1 })), "config.<script>");
        let large = json!({ "text": "x".repeat(9 * 1024) });
        assert_eq!(refused(kind, &large), "config", "{}", kind.name);
        let schema = kind.schema();
        let Some(properties) = schema["properties"].as_object() else { continue };
        for (key, property) in properties {
            assert!(
                property["description"].as_str().is_some_and(|help| !help.is_empty()),
                "{} {key}",
                kind.name
            );
            for bad in bad_values(property) {
                let config = Value::Object(Map::from_iter([(key.clone(), bad.clone())]));
                assert_eq!(refused(kind, &config), format!("config.{key}"), "{} {config}", kind.name);
            }
        }
    }
}

#[test]
fn defaults_are_stored_whole_and_read_back() {
    for kind in KINDS {
        let stored = kind.check(&json!({})).expect("the defaults are good");
        assert_eq!(kind.check(&stored).expect("they stay good"), stored, "{}", kind.name);
        assert!(!kind.title_of(&stored).is_empty() && !kind.about.is_empty(), "{}", kind.name);
    }
}
