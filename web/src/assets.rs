//! Static files, embedded in the binary and served under URLs that change with their content.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use rust_embed::{Embed, EmbeddedFile};

use crate::http::tags::is_known;

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/static"]
struct Static;

/// One version for all files, because ES modules and style sheets refer to other files by relative paths, which can't
/// contain a hash.
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

/// The direct and indirect imports of each ES module.
static NEEDED: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    let modules = Static::iter().filter(|name| name.ends_with(".js"));
    modules.map(|module| (module.to_string(), needed(&module))).collect()
});

fn needed(module: &str) -> Vec<String> {
    let mut found = imported(module);
    let mut read = 0;
    while let Some(next) = found.get(read) {
        let further: Vec<_> = imported(next).into_iter().filter(|name| !found.contains(name)).collect();
        found.extend(further);
        read += 1;
    }
    found
}

/// The direct imports of a module, as paths within `web/static`.
fn imported(module: &str) -> Vec<String> {
    let file = Static::get(module).map(|file| file.data).unwrap_or_default();
    let folder = module.rsplit_once('/').map_or("", |(folder, _)| folder);
    let text = String::from_utf8_lossy(&file);
    let imports = text.lines().filter(|line| line.starts_with("import "));
    let named = imports.filter_map(|line| line.split('"').nth(1));
    let within = |name: &str| match name.strip_prefix("../") {
        Some(above) => above.to_owned(),
        None => format!("{folder}/{}", name.trim_start_matches("./")).trim_start_matches('/').to_owned(),
    };
    named.map(within).collect()
}

/// The direct and indirect imports of the module `path`, so that a page can preload them all at once.
#[must_use]
pub fn modules_of(path: &str) -> &'static [String] {
    NEEDED.get(path).map_or(&[], Vec::as_slice)
}

/// The URL of the file `path` within `web/static`: `/assets/<version>/<path>`.
#[must_use]
pub fn asset(path: &str) -> String {
    debug_assert!(Static::get(path).is_some(), "no static file is called {path}");
    format!("/assets/{}/{path}", *VERSION)
}

/// `GET /assets/{version}/{*path}`. Other versions get the current file without caching, so that a page rendered just
/// before an update still works.
pub async fn serve(Path((version, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(file) = Static::get(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", HEXLOWER.encode(&file.metadata.sha256_hash()[..12]));
    let kept = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response =
        if is_known(&headers, &tag) { StatusCode::NOT_MODIFIED.into_response() } else { body(&path, file) };
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

#[cfg(test)]
mod tests {
    use axum::http::header::IF_NONE_MATCH;

    use super::*;

    async fn ask(url: &str, tag: Option<&str>) -> Response {
        let path = url.strip_prefix("/assets/").expect("an asset's URL");
        let (version, path) = path.split_once('/').expect("a version");
        let headers =
            tag.map(|tag| (IF_NONE_MATCH, HeaderValue::from_str(tag).expect("a tag"))).into_iter().collect();
        serve(Path((version.to_owned(), path.to_owned())), headers).await
    }

    #[tokio::test]
    async fn a_file_of_this_version_may_be_kept_for_ever() {
        let response = ask(&asset("app.js"), None).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
    }

    #[tokio::test]
    async fn a_file_asked_for_by_an_older_page_is_sent_but_not_kept() {
        let response = ask("/assets/000000000000/base.css", None).await;
        assert_eq!(
            (response.status(), &response.headers()[CACHE_CONTROL]),
            (StatusCode::OK, &HeaderValue::from_static("no-cache"))
        );
    }

    #[tokio::test]
    async fn a_cached_file_is_not_sent_again() {
        let url = asset("favicon.svg");
        let first = ask(&url, None).await;
        let tag = first.headers()[ETAG].to_str().expect("an ASCII tag");
        assert_eq!(ask(&url, Some(tag)).await.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(&url, Some("\"other\"")).await.status(), StatusCode::OK);
    }

    #[test]
    fn imports_are_found_recursively() {
        assert_eq!(
            modules_of("rate.js"),
            ["keys.js", "placeholder.js", "rate/deliver.js", "rate/pictures.js"]
        );
        assert!(modules_of("submit.js").contains(&"live.js".to_owned()), "by way of submit/watch.js");
        assert_eq!(modules_of("base.css"), [""; 0]);
        for (module, needed) in NEEDED.iter() {
            for name in needed {
                assert!(Static::get(name).is_some(), "{module} needs {name}");
            }
        }
    }

    #[tokio::test]
    async fn only_static_files_are_found() {
        for url in ["/assets/1/nope.css", "/assets/1/../Cargo.toml"] {
            assert_eq!(ask(url, None).await.status(), StatusCode::NOT_FOUND);
        }
    }
}
