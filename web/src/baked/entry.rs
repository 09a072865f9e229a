//! A baked page as it is kept and sent.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::header::{AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use chrono::Utc;
use data_encoding::HEXLOWER;
use pawdium_shared::ratings::Shown;

use super::asked::BakedRoute;
use super::store::LIFETIME;
use crate::http::encoded::{Encoded, accepts_gzip};
use crate::http::spliced::Spliced;
use crate::http::{headers, tags};
use crate::state::App;
use crate::views::baked::{BakedHtml, Parts};

/// For pages with a ballot of each answer's own.
const OWN: &str = "private, no-store";

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
    page: Page,
    headers: HeaderMap,
    pub(super) baked_at: Instant,
    /// How long it is current if nothing is heard of it.
    pub(super) lifetime: Duration,
}

#[derive(Debug)]
enum Page {
    /// The same for everybody, with its tags.
    Whole { page: Encoded, tag: HeaderValue, gzip_tag: HeaderValue },
    /// With a ballot for this photo in each answer.
    Served { page: Spliced, shown: Shown },
}

impl Page {
    fn whole(page: Encoded) -> Self {
        let hash = HEXLOWER.encode(&blake3::hash(&page.plain).as_bytes()[..16]);
        let tag = |tag: String| HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
        Self::Whole { tag: tag(format!("\"{hash}\"")), gzip_tag: tag(format!("\"{hash}-gzip\"")), page }
    }
}

impl Entry {
    pub(super) fn new(app: &App, route: &BakedRoute, html: BakedHtml) -> Self {
        let is_shared = html.is_whole() && route.visited.is_none() && route.variants < 2;
        let ends = html.until().map(|until| (until - Utc::now()).to_std().unwrap_or_default());
        let (page, caching) = match html.into_parts() {
            Parts::Whole(html) => {
                (Page::whole(Encoded::new(html.into())), if is_shared { SHARED } else { ASKED })
            }
            Parts::Served { before, after, shown } => {
                (Page::Served { page: Spliced::new(&before, &after), shown }, OWN)
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding, cookie"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        headers::add(app, headers::POLICY, &mut headers);
        let lifetime = ends.unwrap_or(LIFETIME).min(LIFETIME);
        Self { page, headers, baked_at: Instant::now(), lifetime }
    }

    #[cfg(test)]
    pub(super) fn sample(bytes: usize, baked_at: Instant) -> Self {
        let page = || Bytes::from(vec![b'x'; bytes]);
        let page = Page::whole(Encoded { plain: page(), gzip: page() });
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
        Self { page, headers, baked_at, lifetime: LIFETIME }
    }

    /// How many bytes it takes, about.
    pub(super) fn bytes(&self) -> usize {
        const HEADERS: usize = 2048;
        HEADERS
            + match &self.page {
                Page::Whole { page, .. } => page.plain.len() + page.gzip.len(),
                Page::Served { page, .. } => page.bytes(),
            }
    }

    /// The answer to a request. `ballot` issues one for a photo that is shown.
    pub(super) fn answer(
        &self,
        method: &Method,
        asked: &HeaderMap,
        source: Source,
        ballot: impl FnOnce(Shown) -> String,
    ) -> Response {
        let is_gzip = accepts_gzip(asked);
        let (body, tag) = match &self.page {
            Page::Whole { page, gzip_tag, .. } if is_gzip => (page.gzip.clone(), Some(gzip_tag)),
            Page::Whole { page, tag, .. } => (page.plain.clone(), Some(tag)),
            Page::Served { page, shown } if is_gzip => (page.gzip(&ballot(*shown)), None),
            Page::Served { page, shown } => (page.plain(&ballot(*shown)), None),
        };
        let is_known = tag.and_then(|tag| tag.to_str().ok()).is_some_and(|tag| tags::is_known(asked, tag));
        let length = body.len();
        let body = if is_known || *method == Method::HEAD { Bytes::new() } else { body };
        let mut response = Response::new(Body::from(body));
        let headers = response.headers_mut();
        headers.clone_from(&self.headers);
        if let Some(tag) = tag {
            headers.insert(ETAG, tag.clone());
        }
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
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::{ACCEPT_ENCODING, IF_NONE_MATCH};

    use super::*;

    fn asked(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pair = |(name, value): &(HeaderName, &str)| (name.clone(), value.parse().expect("a value"));
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn who_has_the_page_is_told_so() {
        let entry = Entry::sample(100, Instant::now());
        let answer = |pairs: &[(HeaderName, &str)]| {
            entry.answer(&Method::GET, &asked(pairs), Source::Hit, |_| String::new())
        };
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
