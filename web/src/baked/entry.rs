//! A baked page as it is kept and sent.

use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::http::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use data_encoding::HEXLOWER;

use super::asked::BakedRoute;
use crate::http::encoded::{Encoded, accepts_gzip};
use crate::http::headers;
use crate::state::App;
use crate::views::baked::BakedHtml;

/// How an answer came about.
pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// For shared caches, which hear of no events: a page is theirs for a second. A browser always asks, because its
/// visitor may log in.
const SHARED: &str = "public, max-age=0, s-maxage=1, stale-while-revalidate=30, stale-if-error=86400";

/// The same for pages of which the site must see each visit, of which not everybody gets the same, or on which
/// something is missing.
const ASKED: &str = "public, max-age=0, s-maxage=0, stale-while-revalidate=30, stale-if-error=86400";

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A current page in memory.
    Hit,
    /// It was rendered for this request, and for all that came meanwhile.
    Miss,
    /// An earlier page in memory.
    Stale,
}

impl Source {
    const fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Stale => "STALE",
        })
    }
}

/// A baked page.
#[derive(Debug)]
pub(super) struct Entry {
    page: Encoded,
    headers: HeaderMap,
    tag: HeaderValue,
    gzip_tag: HeaderValue,
    pub(super) baked_at: Instant,
}

impl Entry {
    pub(super) fn new(app: &App, route: &BakedRoute, html: BakedHtml) -> Self {
        let is_shared = html.is_whole() && route.visited.is_none() && route.variants < 2;
        let caching = if is_shared { SHARED } else { ASKED };
        let mut entry = Self::with_headers(html.into_html(), HeaderMap::new());
        entry.headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        headers::add(app, headers::POLICY, &mut entry.headers);
        entry
    }

    fn with_headers(html: String, mut headers: HeaderMap) -> Self {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding, cookie"));
        let hash = HEXLOWER.encode(&blake3::hash(html.as_bytes()).as_bytes()[..16]);
        let tag = |tag: String| HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
        Self {
            tag: tag(format!("\"{hash}\"")),
            gzip_tag: tag(format!("\"{hash}-gzip\"")),
            page: Encoded::new(Bytes::from(html)),
            headers,
            baked_at: Instant::now(),
        }
    }

    #[cfg(test)]
    pub(super) fn sample(bytes: usize, baked_at: Instant) -> Self {
        let page = || Bytes::from(vec![b'x'; bytes]);
        let page = Encoded { plain: page(), gzip: page() };
        Self { page, baked_at, ..Self::with_headers(String::new(), HeaderMap::new()) }
    }

    /// How many bytes it takes, about.
    pub(super) fn bytes(&self) -> usize {
        const HEADERS: usize = 2048;
        self.page.plain.len() + self.page.gzip.len() + HEADERS
    }

    /// The answer to a request.
    pub(super) fn answer(&self, method: &Method, asked: &HeaderMap, source: Source) -> Response {
        let is_gzip = accepts_gzip(asked);
        let (body, tag) =
            if is_gzip { (&self.page.gzip, &self.gzip_tag) } else { (&self.page.plain, &self.tag) };
        let is_known = has(asked, tag);
        let body = if is_known || *method == Method::HEAD { Bytes::new() } else { body.clone() };
        let mut response = Response::new(Body::from(body));
        let headers = response.headers_mut();
        headers.clone_from(&self.headers);
        headers.insert(ETAG, tag.clone());
        headers.insert(AGE, HeaderValue::from(self.baked_at.elapsed().as_secs()));
        headers.insert(X_CACHE, source.name());
        if is_known {
            headers.remove(CONTENT_TYPE);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        if is_gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if *method == Method::HEAD {
            let length = if is_gzip { self.page.gzip.len() } else { self.page.plain.len() };
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        response
    }
}

/// Whether the client names this tag, weak or not (RFC 9110, section 13.1.2).
fn has(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let known = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use axum::http::header::ACCEPT_ENCODING;

    use super::*;

    fn asked(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pair = |(name, value): &(HeaderName, &str)| (name.clone(), value.parse().expect("a value"));
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn who_has_the_page_is_told_so() {
        let entry = Entry::sample(100, Instant::now());
        let answer = |pairs: &[(HeaderName, &str)]| entry.answer(&Method::GET, &asked(pairs), Source::Hit);
        let tag = answer(&[]).headers()[ETAG].to_str().expect("ASCII").to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let answer = answer(&[(IF_NONE_MATCH, &known)]);
            assert_eq!(
                (answer.status(), answer.headers()[ETAG].to_str().ok()),
                (StatusCode::NOT_MODIFIED, Some(&*tag)),
                "{known}"
            );
            assert!(!answer.headers().contains_key(CONTENT_TYPE));
        }
        assert_eq!(answer(&[(IF_NONE_MATCH, "\"x\"")]).status(), StatusCode::OK);
        let compressed = answer(&[(ACCEPT_ENCODING, "gzip")]);
        assert_ne!(compressed.headers()[ETAG], *tag, "these are other bytes");
        assert_eq!(compressed.headers()[CONTENT_ENCODING], "gzip");
        let known = answer(&[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, &tag)]);
        assert_eq!(known.status(), StatusCode::OK);
    }
}
