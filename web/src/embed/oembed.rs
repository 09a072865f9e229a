//! oEmbed (<https://oembed.com>): what other sites show instead of a link to a hub or a photo.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use axum::http::{HeaderName, HeaderValue};
use pawdium_shared::hubs::{Hub, queries};
use pawdium_shared::ids::{PhotoId, WidgetId};
use pawdium_shared::paging::PageOf;
use pawdium_shared::photos::{Photo, PhotoState};
use pawdium_widgets::layout::{self, Placed};
use pawdium_widgets::{Viewer, find_kind};
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};

use super::frames::{SIZE, frame};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::hubs::access::find_visible_hub;
use crate::hubs::widgets;
use crate::photos::{find, posting};
use crate::state::App;
use crate::views::hub_page::WidgetBody;
use crate::views::{Picture, PictureSize};

/// How many seconds a document may be kept. A hub may become private.
const KEPT: u32 = 60;

/// The query. A parameter that isn't known is ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OembedQuery {
    url: String,
    maxwidth: Option<String>,
    maxheight: Option<String>,
    format: Option<String>,
}

impl OembedQuery {
    /// The most width and height in pixels.
    fn bounds(&self) -> Result<(u32, u32), Error> {
        let bound = |field, text: &Option<String>| match text.as_deref() {
            None | Some("") => Ok(u32::MAX),
            Some(text) => text
                .parse()
                .ok()
                .filter(|bound| *bound > 0)
                .ok_or_else(|| Error::Field { field, message: "Give a number of pixels from 1.".to_owned() }),
        };
        Ok((bound("maxwidth", &self.maxwidth)?, bound("maxheight", &self.maxheight)?))
    }
}

/// The answer (oEmbed 1.0, section 2.3.4).
#[derive(Debug, Serialize)]
pub struct Document {
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    provider_name: &'static str,
    provider_url: String,
    cache_age: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    author_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_height: Option<u32>,
}

impl Document {
    fn new(app: &App, kind: &'static str, title: String) -> Self {
        Self {
            version: "1.0",
            kind,
            title,
            provider_name: "Pawdium",
            provider_url: app.url("/"),
            cache_age: KEPT,
            author_name: None,
            author_url: None,
            url: None,
            html: None,
            width: None,
            height: None,
            thumbnail_url: None,
            thumbnail_width: None,
            thumbnail_height: None,
        }
    }

    /// With a thumbnail, whose edge is at most `most`.
    fn with_thumbnail(self, app: &App, photo: &Photo, most: u32) -> Self {
        let picture = Picture::of(photo);
        let Some(size) = picture.smallest() else { return self };
        let edge = size.edge.min(most);
        Self {
            thumbnail_url: Some(app.url(&size.url)),
            thumbnail_width: Some(edge),
            thumbnail_height: Some(edge),
            ..self
        }
    }
}

/// The path of the document about the page with this absolute URL.
#[must_use]
pub fn address(url: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("format", "json")
        .append_pair("url", url)
        .finish();
    format!("/oembed?{query}")
}

/// `GET /oembed?url=…&maxwidth=…&maxheight=…&format=json`: reads no cookie and tells what everybody may see.
pub async fn oembed(
    State(app): State<App>,
    client: Client,
    Query(query): Query<OembedQuery>,
) -> Result<([(HeaderName, HeaderValue); 2], Json<Document>), Error> {
    if query.format.as_deref().is_some_and(|format| format != "json") {
        return Err(Error::OnlyJson);
    }
    let bounds = query.bounds()?;
    limits::count(&app, Limited::Oembed, client.counted()).await?;
    let document = match target(&app.config.web.base_url, &query.url).ok_or(Error::NotFound)? {
        Target::Photo(photo) => of_photo(&app, photo, bounds).await?,
        Target::Hub { slug, widget } => of_hub(&app, &slug, widget, bounds).await?,
    };
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=60")),
        (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    Ok((headers, Json(document)))
}

/// What a URL leads to.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Photo(PhotoId),
    Hub { slug: String, widget: Option<WidgetId> },
}

/// Reads a URL of the site at `base`. A hub's URL may name a widget in its fragment, as links to widgets do.
fn target(base: &Url, url: &str) -> Option<Target> {
    let url = Url::parse(url).ok().filter(|url| url.origin() == base.origin())?;
    let path = url.path().strip_prefix(base.path().trim_end_matches('/'))?;
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let hub = |slug: &str, widget| Some(Target::Hub { slug: slug.to_owned(), widget });
    match parts[..] {
        ["photos", photo] => photo.parse().ok().map(Target::Photo),
        ["h", slug] => match url.fragment().and_then(|part| part.strip_prefix("widget-")) {
            Some(widget) => hub(slug, Some(widget.parse().ok()?)),
            None => hub(slug, None),
        },
        ["embed", "h", slug, widget] => hub(slug, Some(widget.parse().ok()?)),
        _ => None,
    }
}

async fn of_photo(app: &App, photo: PhotoId, (width, height): (u32, u32)) -> Result<Document, Error> {
    let photo = find::find(app, photo).await?;
    let picture = Picture::of(&photo);
    let most = width.min(height);
    let (size, edge) =
        fitting(&picture, most).filter(|_| photo.state == PhotoState::Live).ok_or(Error::NotFound)?;
    let document = Document {
        url: Some(app.url(&size.url)),
        width: Some(edge),
        height: Some(edge),
        author_url: photo.owner_name.as_ref().map(|owner| app.url(&format!("/members/{owner}"))),
        author_name: photo.owner_name.clone(),
        ..Document::new(app, "photo", photo.title.clone())
    };
    Ok(document.with_thumbnail(app, &photo, most))
}

/// The largest size within `most` pixels, or else the smallest one, shown smaller than it is.
fn fitting(picture: &Picture, most: u32) -> Option<(&PictureSize, u32)> {
    let fits = picture.sizes.iter().filter(|size| size.edge <= most).max_by_key(|size| size.edge);
    let size = fits.or_else(|| picture.smallest())?;
    Some((size, size.edge.min(most)))
}

async fn of_hub(
    app: &App,
    slug: &str,
    widget: Option<WidgetId>,
    (width, height): (u32, u32),
) -> Result<Document, Error> {
    let hub = Arc::new(find_public(app, slug).await?);
    let newest = posting::list(app, hub.id, PageOf { page: 1, limit: 1 }).await?.photos;
    let document = match choose(app, &hub, widget).await? {
        None => Document::new(app, "link", hub.name.clone()),
        Some((widget, title)) => {
            let size = (SIZE.0.min(width), SIZE.1.min(height));
            let html = frame(app, &hub, widget, &title, size).map_err(anyhow::Error::from)?;
            Document {
                html: Some(html),
                width: Some(size.0),
                height: Some(size.1),
                ..Document::new(app, "rich", hub.name.clone())
            }
        }
    };
    Ok(match newest.first() {
        Some(photo) => document.with_thumbnail(app, photo, width.min(height)),
        None => document,
    })
}

/// Finds a public hub by a slug that it has or has had.
async fn find_public(app: &App, slug: &str) -> Result<Hub, Error> {
    match find_visible_hub(app, &Visitor::nobody(), slug).await {
        Err(Error::NotFound) => {}
        found => return found,
    }
    let hub = queries::find_by_former_slug(&mut *app.db.acquire().await?, slug).await?;
    hub.filter(Hub::is_public).ok_or(Error::NotFound)
}

/// The widget that stands for a hub, with its title: the first that shows something.
async fn choose(
    app: &App,
    hub: &Arc<Hub>,
    wanted: Option<WidgetId>,
) -> Result<Option<(WidgetId, String)>, Error> {
    let embeds = |placed: &Placed| find_kind(&placed.kind).is_some_and(|kind| kind.embeds);
    let mut placed = layout::list(&mut *app.db.acquire().await?, hub.id).await?;
    placed.retain(|one| embeds(one) && wanted.is_none_or(|wanted| wanted == one.id));
    if wanted.is_some() && placed.is_empty() {
        return Err(Error::NotFound);
    }
    let shown = widgets::load(app, hub, &Viewer::nobody(), &placed).await?;
    let mut first = None;
    for one in placed {
        let frame = widgets::frame(app, hub, &one, shown.get(&one.id))?;
        let is_filled = matches!(frame.body, WidgetBody::Fresh(_) | WidgetBody::Old { .. });
        let found = (one.id, frame.title);
        if is_filled {
            return Ok(Some(found));
        }
        first.get_or_insert(found);
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(slug: &str, widget: Option<i64>) -> Target {
        Target::Hub { slug: slug.to_owned(), widget: widget.map(WidgetId) }
    }

    #[test]
    fn urls_of_this_site_lead_to_hubs_and_photos() {
        let base = Url::parse("https://derps.example.org").expect("a URL");
        for (url, expected) in [
            ("https://derps.example.org/photos/7", Some(Target::Photo(PhotoId(7)))),
            ("https://derps.example.org/photos/7?from=top:all:all", Some(Target::Photo(PhotoId(7)))),
            ("https://derps.example.org:443/h/cats/", Some(hub("cats", None))),
            ("https://derps.example.org/h/cats#widget-42", Some(hub("cats", Some(42)))),
            ("https://derps.example.org/embed/h/cats/42", Some(hub("cats", Some(42)))),
        ] {
            assert_eq!(target(&base, url), expected, "{url}");
        }
    }

    #[test]
    fn other_urls_lead_nowhere() {
        let base = Url::parse("https://derps.example.org").expect("a URL");
        for url in [
            "",
            "/photos/7",
            "http://derps.example.org/photos/7",
            "https://derps.example.org:8443/photos/7",
            "https://derps.example.org.evil.test/photos/7",
            "https://evil.test/https://derps.example.org/photos/7",
            "https://derps.example.org@evil.test/photos/7",
            "https://derps.example.org/photos/x",
            "https://derps.example.org/photos/7/status",
            "https://derps.example.org/h/cats/members",
            "https://derps.example.org/h/cats#widget-x",
            "https://derps.example.org/members/ada",
            "javascript:alert(1)",
        ] {
            assert_eq!(target(&base, url), None, "{url}");
        }
    }

    #[test]
    fn a_picture_fits_into_its_bounds() {
        let size = |edge: u32| PictureSize { url: format!("/media/{edge}.jpg"), edge };
        let picture = Picture { sizes: vec![size(1080), size(540), size(160)], placeholder: None };
        for (most, url, edge) in [(u32::MAX, 1080, 1080), (1000, 540, 540), (160, 160, 160), (100, 160, 100)]
        {
            let (size, shown) = fitting(&picture, most).expect("there is one");
            assert_eq!((size.edge, shown), (url, edge), "{most}");
        }
    }
}
