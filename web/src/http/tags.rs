//! Entity tags (RFC 9110, section 8.8.3).

use axum::http::HeaderMap;
use axum::http::header::IF_NONE_MATCH;

/// Whether the client names this tag, weak or not, so that it has the content already.
#[must_use]
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_client_may_name_several_tags() {
        let asked = |value| HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(value))]);
        for known in ["\"7\"", "W/\"7\"", "\"6\", \"7\"", "*"] {
            assert!(is_known(&asked(known), "\"7\""), "{known}");
        }
        for other in ["\"70\"", "7", ""] {
            assert!(!is_known(&asked(other), "\"7\""), "{other}");
        }
        assert!(!is_known(&HeaderMap::new(), "\"7\""));
    }
}
