//! The static files, embedded in the binary and served under a URL that changes with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use rust_embed::{Embed, EmbeddedFile};

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/static"]
struct Static;

/// One version for all files: ES modules and style sheets name their neighbours relatively, and a neighbour's own
/// hash could not be known there.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Static::iter().collect();
    names.sort();
    let mut sum = blake3::Hasher::new();
    for name in names {
        sum.update(name.as_bytes());
        if let Some(file) = Static::get(&name) {
            sum.update(&file.metadata.sha256_hash());
        }
    }
    HEXLOWER.encode(&sum.finalize().as_bytes()[..6])
});

/// The URL of the file `path` within `web/static`: `/assets/<version>/<path>`.
#[must_use]
pub fn asset(path: &str) -> String {
    debug_assert!(Static::get(path).is_some(), "no static file is called {path}");
    format!("/assets/{}/{path}", *VERSION)
}

/// Answers `/assets/{version}/{*path}`. A file asked for by another version than the current one is sent too, but
/// not to be kept: a page rendered just before an update still finds its files.
pub async fn serve(Path((version, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(file) = Static::get(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", HEXLOWER.encode(&file.metadata.sha256_hash()[..12]));
    let kept = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|tags| {
        tags.split(',').any(|candidate| candidate.trim().trim_start_matches("W/") == tag)
    });
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { body(&path, file) };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

fn body(path: &str, file: EmbeddedFile) -> Response {
    ([(CONTENT_TYPE, content_type(path))], file.data.into_owned()).into_response()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
