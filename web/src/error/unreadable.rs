//! What the framework's parsers refuse, in words for people: which field, and what to do about it.

/// What can't be read of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// The field; `None` if it is all of the request.
    pub(super) field: Option<String>,
    /// What to do about it.
    pub(super) message: String,
}

/// What parsers of values say before their reason. What comes before that is the field.
const REASONS: [&str; 8] = [
    "missing field `",
    "unknown field `",
    "duplicate field `",
    "unknown variant `",
    "invalid type: ",
    "invalid value: ",
    "invalid length ",
    "invalid digit found",
];

/// The refusals of the framework's extractors, up to the field.
const JSON: &str = "Failed to deserialize the JSON body into the target type: ";
const SYNTAX: &str = "Failed to parse the request body as JSON: ";
const FORMS: [&str; 3] = [
    "Failed to deserialize query string: ",
    "Failed to deserialize form body: ",
    "Failed to deserialize form: ",
];

/// Puts a refusal of the framework into words. Nothing of its own text is left.
pub(super) fn explain(text: &str) -> Unreadable {
    let all = |message: &str| Unreadable { field: None, message: message.to_owned() };
    if let Some(reason) = text.strip_prefix(JSON) {
        return about_value(without_place(reason));
    }
    if let Some(reason) = text.strip_prefix(SYNTAX) {
        return match place(reason) {
            Some((line, column)) => {
                all(&format!("The body is no valid JSON: look at line {line}, column {column}."))
            }
            None => all("The body is no valid JSON."),
        };
    }
    if let Some(reason) = FORMS.iter().find_map(|refusal| text.strip_prefix(refusal)) {
        return about_value(reason);
    }
    if text.starts_with("Expected request with `Content-Type: application/json`") {
        return all("Send JSON, with the header Content-Type: application/json.");
    }
    if text.starts_with("Form requests must have") {
        return all("Send the form as browsers do, as application/x-www-form-urlencoded.");
    }
    all("This request can't be read. Check what you sent, and send it again.")
}

/// The line and column at the end of a reason.
fn place(reason: &str) -> Option<(u32, u32)> {
    let (_, place) = reason.rsplit_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

fn without_place(reason: &str) -> &str {
    match reason.rsplit_once(" at line ") {
        Some((before, _)) if place(reason).is_some() => before,
        _ => reason,
    }
}

/// `limit: invalid type: string "x", expected u8`
fn about_value(reason: &str) -> Unreadable {
    let begin = REASONS.iter().filter_map(|word| reason.find(word)).min();
    let (path, reason) = match begin {
        Some(begin) => (reason[..begin].trim_end_matches(": "), &reason[begin..]),
        None => reason.split_once(": ").filter(|(path, _)| is_path(path)).unwrap_or(("", reason)),
    };
    let path = if is_path(path) { path } else { "" };
    let named = reason.split('`').nth(1).unwrap_or_default();
    let field = if reason.starts_with("missing field") && !path.is_empty() {
        format!("{path}.{named}")
    } else if path.is_empty() && reason.contains(" field `") && is_path(named) {
        named.to_owned()
    } else {
        path.to_owned()
    };
    let message = if field.is_empty() { about_body(reason) } else { about_field(&field, reason) };
    Unreadable { field: Some(field).filter(|field| !field.is_empty()), message }
}

/// The name of a field, or of one within another. Everything else could be anything.
fn is_path(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']'))
}

fn about_field(field: &str, reason: &str) -> String {
    let expected = reason.rsplit_once("expected ").map_or("", |(_, expected)| expected);
    if reason.starts_with("missing field") {
        return format!("{field} is missing.");
    }
    if reason.starts_with("unknown field") {
        return format!("There is no field {field} here. Leave it out.");
    }
    if reason.starts_with("duplicate field") {
        return format!("Give {field} only once.");
    }
    if reason.starts_with("unknown variant") {
        let choices: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
        return format!("{field} must be one of: {}.", choices.join(", "));
    }
    // What the site's own types say is a sentence.
    if reason.starts_with(char::is_uppercase) && reason.ends_with('.') {
        return reason.to_owned();
    }
    let kind =
        if reason.contains("digit") || reason.contains("integer from") || reason.contains("target type") {
            "a whole number, neither negative nor too large"
        } else if reason.contains("`true` or `false`") {
            "true or false"
        } else if reason.contains("float literal") {
            "a number"
        } else {
            kind(expected)
        };
    if kind.is_empty() {
        format!("{field} can't be what you sent. The reference at /api says what it can be.")
    } else {
        format!("{field} must be {kind}.")
    }
}

/// What a type is called outside of the program.
fn kind(expected: &str) -> &'static str {
    match expected.split([' ', ',']).next().unwrap_or_default() {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, neither negative nor too large",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number that isn't too large",
        "f32" | "f64" => "a number",
        _ if expected.contains("string") => "a text",
        _ if expected.contains("boolean") => "true or false",
        _ if expected.contains("sequence") => "a list",
        _ if expected.starts_with("struct ") || expected.contains("map") => "an object",
        _ => "",
    }
}

fn about_body(reason: &str) -> String {
    let is_object = kind(reason.rsplit_once("expected ").map_or("", |(_, expected)| expected)) == "an object";
    let message = if is_object {
        "The body must be a JSON object."
    } else {
        "This request can't be read. The reference at /api says what it can be."
    };
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use axum::extract::{Form, FromRequest, FromRequestParts as _, Json, Query, Request};
    use axum::http::header::CONTENT_TYPE;
    use axum::response::IntoResponse;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Body {
        limit: u8,
        position: Option<i32>,
        accept: Option<bool>,
        name: Option<String>,
        inner: Option<Inner>,
        side: Option<Side>,
        value: Option<pawdium_shared::ratings::Derpiness>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only parsed")]
    struct Inner {
        depth: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Side {
        Left,
        Right,
    }

    async fn text(refused: impl IntoResponse) -> String {
        let body = axum::body::to_bytes(refused.into_response().into_body(), 4096).await.expect("a text");
        String::from_utf8(body.to_vec()).expect("a text")
    }

    async fn json(body: &[u8]) -> Unreadable {
        let request = Request::builder().header(CONTENT_TYPE, "application/json").body(body.to_vec().into());
        let refused = Json::<Body>::from_request(request.expect("a request"), &()).await;
        explain(&text(refused.expect_err("it is refused")).await)
    }

    async fn query(query: &str) -> Unreadable {
        let request = Request::builder().uri(format!("/?{query}")).body(()).expect("a request");
        let refused = Query::<Body>::from_request_parts(&mut request.into_parts().0, &()).await;
        explain(&text(refused.expect_err("it is refused")).await)
    }

    #[tokio::test]
    async fn a_refusal_names_the_field_and_what_to_do() {
        for (body, field, message) in [
            (r#"{"limit":-1}"#, "limit", "limit must be a whole number, neither negative nor too large."),
            (r#"{"limit":"6"}"#, "limit", "limit must be a whole number, neither negative nor too large."),
            (
                r#"{"limit":6,"position":1.5}"#,
                "position",
                "position must be a whole number that isn't too large.",
            ),
            (r#"{"limit":6,"accept":1}"#, "accept", "accept must be true or false."),
            (r#"{"limit":6,"name":{}}"#, "name", "name must be a text."),
            (r#"{"limit":6,"inner":{}}"#, "inner.depth", "inner.depth is missing."),
            (r#"{"limit":6,"inner":7}"#, "inner", "inner must be an object."),
            (r#"{"limit":6,"side":"up"}"#, "side", "side must be one of: left, right."),
            (r#"{"limit":6,"value":11}"#, "value", "Rate with a whole number from 1 to 10."),
            (r#"{"limit":6,"limit":7}"#, "limit", "Give limit only once."),
            (r#"{"limit":6,"limits":7}"#, "limits", "There is no field limits here. Leave it out."),
            ("{}", "limit", "limit is missing."),
        ] {
            let refused = json(body.as_bytes()).await;
            assert_eq!((refused.field.as_deref(), &*refused.message), (Some(field), message), "{body}");
        }
        for (body, message) in [
            ("{", "The body is no valid JSON: look at line 1, column 1."),
            ("", "The body is no valid JSON: look at line 1, column 0."),
            ("\"x\"", "The body must be a JSON object."),
        ] {
            let refused = json(body.as_bytes()).await;
            assert_eq!((refused.field, &*refused.message), (None, message), "{body}");
        }
        for (asked, field, message) in [
            ("limit=-1", "limit", "limit must be a whole number, neither negative nor too large."),
            ("limit=", "limit", "limit must be a whole number, neither negative nor too large."),
            ("limit=99999999999", "limit", "limit must be a whole number, neither negative nor too large."),
            ("limit=6&accept=maybe", "accept", "accept must be true or false."),
            ("limit=6&limit=7", "limit", "Give limit only once."),
            ("x=6", "x", "There is no field x here. Leave it out."),
            ("", "limit", "limit is missing."),
        ] {
            let refused = query(asked).await;
            assert_eq!((refused.field.as_deref(), &*refused.message), (Some(field), message), "{asked}");
        }
    }

    #[tokio::test]
    async fn what_isnt_json_or_a_form_says_what_to_send() {
        let request = || Request::builder().method("POST").body("x".into()).expect("a request");
        let refused = Json::<Body>::from_request(request(), &()).await.expect_err("it is refused");
        assert!(explain(&text(refused).await).message.contains("application/json"));
        let refused = Form::<Body>::from_request(request(), &()).await.expect_err("it is refused");
        assert!(explain(&text(refused).await).message.contains("application/x-www-form-urlencoded"));
    }

    fn is_plain(refused: &Unreadable) -> bool {
        let words =
            ["expected", "serde", "deserialize", "invalid ", "target", "struct", "found in", "EOF", "`"];
        !words.iter().any(|word| refused.message.contains(word))
    }

    proptest! {
        #[test]
        fn no_parsers_words_are_left(body in "[\\[\\]{}\":,a-z0-9 -]{0,40}", key in "[a-z]{1,9}", value in "\\PC{0,12}") {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let text = serde_json::json!({ "limit": 6, key.clone(): value.clone() }).to_string();
            for body in [body, text] {
                let request = Request::builder().header(CONTENT_TYPE, "application/json");
                let request = request.body(body.clone().into()).expect("a request");
                if let Err(refused) = runtime.block_on(Json::<Body>::from_request(request, &())) {
                    let refused = explain(&runtime.block_on(super::tests::text(refused)));
                    prop_assert!(is_plain(&refused) || refused.message.contains(&key), "{body}: {refused:?}");
                }
            }
        }
    }
}
