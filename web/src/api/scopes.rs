//! Which scopes each call takes from an API token.
//!
//! What the OpenAPI document says of a call's `security` is what holds: [`CallScopes`] is read from the document. So a
//! call that names no scope takes no API token, and one that takes some is documented. Sessions have all rights.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::MatchedPath;
use axum::http::Method;
use axum::http::request::Parts;
use pawdium_shared::accounts::{Scope, Scopes};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::error::Error;

/// Where the API is mounted.
pub const ROOT: &str = "/api/v1";

/// The scopes of each call, of which a token needs one.
#[derive(Clone, Debug, Default)]
pub struct CallScopes(Arc<HashMap<(String, String), Scopes>>);

impl CallScopes {
    /// Reads the scopes from the document.
    #[must_use]
    pub fn of(document: &OpenApi) -> Self {
        let document = serde_json::to_value(document).unwrap_or_default();
        let mut calls = HashMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let ways = operation["security"].as_array().into_iter().flatten();
                let scopes =
                    ways.filter_map(|way| way["token"].as_array()).flatten().filter_map(Value::as_str);
                calls.insert((method.to_uppercase(), path.clone()), Scopes::read(scopes));
            }
        }
        Self(Arc::new(calls))
    }

    /// Checks that a token with these scopes may make a call.
    ///
    /// # Errors
    /// [`Error::OutOfScope`] if it may not, also if the call isn't known here.
    pub fn allow(&self, parts: &Parts, held: &Scopes) -> Result<(), Error> {
        let matched = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let path = matched.strip_prefix(ROOT).unwrap_or(matched);
        // GET handlers also answer HEAD.
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
        let call = (method.to_string(), path.to_owned());
        let taken = self.0.get(&call).cloned().unwrap_or_default();
        if taken.all().any(|scope| held.has(scope)) {
            return Ok(());
        }
        Err(refusal(&call, &taken))
    }
}

fn refusal((method, path): &(String, String), taken: &Scopes) -> Error {
    let names: Vec<_> = taken.all().map(Scope::name).collect();
    Error::OutOfScope(if names.is_empty() {
        format!("this token may not {method} {path}: no API token may; log in and use the session's token")
    } else {
        format!("this token may not {method} {path}: it lacks the scope {}", names.join(" or "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &str, taken: &[Scope]) -> String {
        refusal(&("PUT".to_owned(), path.to_owned()), &Scopes::of(taken.iter().copied())).to_string()
    }

    #[test]
    fn a_refusal_says_what_is_missing() {
        assert_eq!(
            refused("/photos/{id}/rating", &[Scope::Rate]),
            "this token may not PUT /photos/{id}/rating: it lacks the scope rate"
        );
        assert!(refused("/x", &[Scope::Moderate, Scope::Submit]).ends_with("the scope submit or moderate"));
        assert!(refused("/users/me", &[]).contains("no API token may"));
    }
}
