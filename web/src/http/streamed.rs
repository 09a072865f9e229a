//! Bodies that are handled as they arrive: forms with files, and archives.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

/// Content types of a body that is an archive itself.
const ARCHIVES: [&str; 8] = [
    "application/zip",
    "application/x-zip-compressed",
    "application/x-tar",
    "application/tar",
    "application/gzip",
    "application/x-gzip",
    "application/x-gtar",
    "application/octet-stream",
];

/// Where archives are sent.
const IMPORTS: &str = "/imports";

/// Whether the body is handled as it arrives, so that it may take as long as it needs.
pub(super) fn is_streamed(request: &Request) -> bool {
    is_form_with_files(request.headers())
        || (request.uri().path().ends_with(IMPORTS) && is_archive(request.headers()))
}

fn is_form_with_files(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"))
}

/// Whether a body with this content type is an archive itself.
#[must_use]
pub fn is_archive(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    ARCHIVES.iter().any(|known| known.eq_ignore_ascii_case(kind))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn archives_stream_to_imports_and_forms_anywhere() {
        let streams = |path: &str, kind: &str| {
            let request = Request::post(path).header(CONTENT_TYPE, kind).body(Body::empty());
            is_streamed(&request.expect("it is a request"))
        };
        assert!(streams("/api/v1/imports", "application/zip"));
        assert!(streams("/imports", "Application/X-Tar; charset=binary"));
        assert!(streams("/submit", "multipart/form-data; boundary=x"));
        assert!(!streams("/login", "application/zip"));
        assert!(!streams("/imports", "application/json"));
    }
}
