//! Which requests are answered with a baked page, and by which one.

use std::sync::Arc;

use axum::extract::Query;
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use url::form_urlencoded::parse;

use crate::error::Error;
use crate::http::client::Client;
use crate::http::visitor::{COOKIES_OF_VISITORS, THEME};
use crate::state::App;
use crate::views::Theme;
use crate::views::baked::{Baked, BakedHtml, PlainChrome};

/// The longest value of a parameter. Nothing that is longer means anything.
const LONGEST: usize = 100;

/// A page that is baked. Other requests for its path are answered by its handler, as are those of visitors whom the
/// site knows.
#[derive(Debug)]
pub struct BakedRoute {
    /// The path, with `{…}` for one segment.
    pub path: &'static str,
    /// The parameters that make other pages. All others are dropped.
    pub query: &'static [&'static str],
    /// Parameters with which the page isn't baked, because anybody may ask for anything.
    pub never: &'static [&'static str],
    /// How many pages are baked that differ in nothing but an order. See [`Asked::variant`].
    pub variants: u32,
    /// Renders it for nobody.
    pub bake: Bake,
    /// Counts a visit that was answered without the handler.
    pub visited: Option<fn(&App, &Asked, Client)>,
}

/// Renders a page.
pub type Bake = fn(App, Asked) -> BoxFuture<'static, Result<BakedHtml, Error>>;

/// What makes two baked pages differ. The site has one language, so that is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The path and the parameters that count, in the order of the route.
    path: Arc<str>,
    theme: u8,
    variant: u32,
}

impl Key {
    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.path.len() + size_of::<Self>()
    }

    #[cfg(test)]
    pub(super) fn of(path: &str) -> Self {
        Self { path: path.into(), theme: 0, variant: 0 }
    }
}

/// A request for a baked page.
#[derive(Clone, Debug)]
pub struct Asked {
    route: &'static BakedRoute,
    path: Arc<str>,
    names: Vec<Arc<str>>,
    theme: Theme,
    /// Which of the route's [variants](BakedRoute::variants) the visitor gets, from 0.
    ///
    /// It follows from [`variant_of`] the request, so a visitor gets the same one each time, and visitors share them
    /// out evenly. A page that is a list in a fair order bakes as many orders, and lets a script order it anew for the
    /// browser before it is painted. Shared caches never keep a page with variants, because they would give one of
    /// them to everybody.
    pub variant: u32,
}

impl Asked {
    /// What the request asks for, unless the visitor is known or the page isn't baked.
    pub(super) fn of(app: &App, routes: &'static [BakedRoute], request: &Parts) -> Option<Self> {
        if !matches!(request.method, Method::GET | Method::HEAD)
            || request.headers.contains_key(AUTHORIZATION)
        {
            return None;
        }
        let (route, names) =
            routes.iter().find_map(|route| Some((route, names_in(route.path, &request.uri)?)))?;
        let theme = theme_of_nobody(&request.headers, app.secure())?;
        let path = canonical(route, &request.uri)?;
        let variant = match route.variants {
            0 | 1 => 0,
            variants => variant_of(app, request, variants),
        };
        Some(Self { route, path, names, theme, variant })
    }

    pub(super) fn key(&self) -> Key {
        Key { path: Arc::clone(&self.path), theme: self.theme as u8, variant: self.variant }
    }

    pub(super) const fn route(&self) -> &'static BakedRoute {
        self.route
    }

    /// The path and the query of the page.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What stands in the path for the only `{…}` of the route.
    #[must_use]
    pub fn name(&self) -> &str {
        self.names.first().map_or("", AsRef::as_ref)
    }

    /// The query.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let uri: Uri = self.path.parse().map_err(|_| Error::NotFound)?;
        Query::try_from_uri(&uri).map(|Query(query)| query).map_err(|_| Error::NotFound)
    }

    /// Renders the page.
    ///
    /// # Errors
    /// Formatting fails.
    pub fn bake(&self, app: &App, page: impl Baked) -> Result<BakedHtml, Error> {
        let chrome = PlainChrome::new(self.theme, self.path.to_string(), app.config.demo.mailbox.is_some());
        Ok(BakedHtml::of(page, chrome).map_err(anyhow::Error::from)?)
    }
}

/// Which of so many variants a visitor gets whom the site doesn't know, from 0. It follows from the address, from what
/// the browser says of itself, and from the site's secret: it stays the same, and people behind one address, as at a
/// conference, don't all get the same one.
pub fn variant_of(app: &App, request: &Parts, variants: u32) -> u32 {
    let client = Client::of(app, &request.extensions, &request.headers);
    let said = [USER_AGENT, ACCEPT_LANGUAGE].map(|name| request.headers.get(name).map(HeaderValue::as_bytes));
    let [agent, language] = said.map(|value| String::from_utf8_lossy(value.unwrap_or_default()));
    let [a, b, c, d, ..] = app.pins.digest(&format!("variant {}\n{agent}\n{language}", client.counted()));
    u32::from_be_bytes([a, b, c, d]) % variants
}

/// What stands in the place of each `{…}`; `None` if the path is another. Escaped paths are left to the handlers.
fn names_in(route: &str, uri: &Uri) -> Option<Vec<Arc<str>>> {
    let mut names = Vec::new();
    let mut segments = uri.path().split('/');
    for expected in route.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') {
            if segment.is_empty() || segment.len() > LONGEST || segment.contains('%') {
                return None;
            }
            names.push(segment.into());
        } else if segment != expected {
            return None;
        }
    }
    segments.next().is_none().then_some(names)
}

/// The path with the parameters that count, each once.
fn canonical(route: &BakedRoute, uri: &Uri) -> Option<Arc<str>> {
    let Some(query) = uri.query().filter(|query| !query.is_empty()) else { return Some(uri.path().into()) };
    let mut found = vec![None; route.query.len()];
    for pair in query.split('&') {
        let Some((name, value)) = parse(pair.as_bytes()).next() else { continue };
        if route.never.contains(&&*name) && !value.is_empty() {
            return None;
        }
        let Some(place) = route.query.iter().position(|known| *known == name) else { continue };
        // The handler knows what becomes of parameters that come twice.
        if value.len() > LONGEST || found[place].replace((pair, value)).is_some() {
            return None;
        }
    }
    // As they came, for links back to this page.
    let kept: Vec<_> =
        found.into_iter().flatten().filter(|(_, value)| !value.is_empty()).map(|(pair, _)| pair).collect();
    let query = kept.join("&");
    Some(if query.is_empty() { uri.path().into() } else { format!("{}?{query}", uri.path()).into() })
}

/// The theme of a visitor whom the site doesn't know; `None` if there is a session, a key, a message, or anything that
/// may be one.
fn theme_of_nobody(headers: &HeaderMap, is_secure: bool) -> Option<Theme> {
    let mut theme = Theme::Auto;
    for cookies in headers.get_all(COOKIE) {
        for cookie in cookies.to_str().ok()?.split(';') {
            let (name, value) = cookie.split_once('=').unwrap_or((cookie, ""));
            // Handlers decode names.
            if name.contains('%') {
                return None;
            }
            let (name, is_bound) = match name.trim().strip_prefix("__Host-") {
                Some(name) => (name, true),
                None => (name.trim(), false),
            };
            if COOKIES_OF_VISITORS.contains(&name) {
                return None;
            }
            if name == THEME && is_bound == is_secure {
                theme = Theme::from_cookie(value.trim());
            }
        }
    }
    Some(theme)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: BakedRoute = BakedRoute {
        path: "/top",
        query: &["period", "page"],
        never: &["q"],
        variants: 1,
        bake: |_, _| Box::pin(async { Err(Error::NotFound) }),
        visited: None,
    };

    fn canonical_of(uri: &str) -> Option<String> {
        canonical(&LIST, &uri.parse().expect("a URI")).map(|path| path.to_string())
    }

    #[test]
    fn a_route_is_a_whole_path() {
        let names = |route, uri: &str| names_in(route, &uri.parse().expect("a URI"));
        assert_eq!(names("/top", "/top?page=2"), Some(vec![]));
        assert_eq!(names("/h/{slug}", "/h/cats"), Some(vec!["cats".into()]));
        assert_eq!(names("/members/{name}/photos", "/members/Ada/photos"), Some(vec!["Ada".into()]));
        for (route, uri) in [
            ("/top", "/top/"),
            ("/top", "/topical"),
            ("/h/{slug}", "/h/"),
            ("/h/{slug}", "/h/cats/photos"),
            ("/h/{slug}", "/h/c%61ts"),
        ] {
            assert_eq!(names(route, uri), None, "{uri}");
        }
    }

    #[test]
    fn only_known_parameters_make_another_page() {
        for (uri, canonical) in [
            ("/top", "/top"),
            ("/top?", "/top"),
            ("/top?utm_source=x&_=1", "/top"),
            ("/top?page=2&period=week", "/top?period=week&page=2"),
            ("/top?page=2&x=page&period=", "/top?page=2"),
            ("/top?q=&page=a%26b:c", "/top?page=a%26b:c"),
            ("/top?&%70age=2", "/top?%70age=2"),
        ] {
            assert_eq!(canonical_of(uri).as_deref(), Some(canonical), "{uri}");
        }
        for uri in ["/top?page=1&page=2", "/top?q=cats", &format!("/top?page={}", "9".repeat(LONGEST + 1))] {
            assert_eq!(canonical_of(uri), None, "{uri}");
        }
    }

    #[test]
    fn whoever_bears_anything_is_somebody() {
        let theme = |cookies: &'static str, is_secure| {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookies))]);
            theme_of_nobody(&headers, is_secure)
        };
        assert_eq!(theme_of_nobody(&HeaderMap::new(), false), Some(Theme::Auto));
        assert_eq!(theme("theme=dark", false), Some(Theme::Dark));
        assert_eq!(theme("_ga=1; theme=light", false), Some(Theme::Light));
        assert_eq!(theme("__Host-theme=dark", true), Some(Theme::Dark));
        assert_eq!(theme("theme=dark", true), Some(Theme::Auto), "another host may have set it");
        for cookies in [
            "session=x",
            "theme=dark; visitor=x",
            "a=b;notice=PhotoDeleted",
            "__Host-session=x",
            "%73ession=x",
            "session",
            "session =x",
        ] {
            assert_eq!(theme(cookies, false), None, "{cookies}");
            assert_eq!(theme(cookies, true), None, "{cookies}");
        }
    }
}
