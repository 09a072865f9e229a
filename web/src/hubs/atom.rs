//! Feeds as Atom documents (RFC 4287). Their ids are tag URIs (RFC 4151), so that they outlive addresses.

use askama::Template as _;
use axum::extract::{OriginalUri, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use pawdium_shared::hubs::feed;
use serde::Deserialize;
use url::Host;

use super::access::find_hub_at;
use super::feed::show;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::visitor::Visitor;
use crate::state::App;
use crate::views::atom::{AtomContent, AtomEntry, AtomFeed};
use crate::views::feed::FeedEntry;

/// The query of a member's own feed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OwnQuery {
    token: String,
}

/// `GET /feed.atom?token=…`: a member's own feed. The secret opens it without a session.
pub async fn own(State(app): State<App>, Query(query): Query<OwnQuery>) -> Result<Response, Error> {
    if query.token.is_empty() || !query.token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::NotFound);
    }
    let mut db = app.db.acquire().await?;
    let (reader, since) = feed::find_reader(&mut db, &query.token).await?.ok_or(Error::NotFound)?;
    let activities = feed::list_followed(&mut db, reader).await?;
    drop(db);
    let entries = show(&app, activities).await?;
    let feed = AtomFeed {
        id: tag(&app, since, &format!("feed/{reader}")),
        title: "Your feed".to_owned(),
        summary: "What happened in the hubs and with the members that you follow.".to_owned(),
        own: app.url(&feed::path_of(&query.token)),
        page: app.url("/feed"),
        updated: latest(&entries).unwrap_or(since),
        entries: list(&app, &entries)?,
    };
    answer(&feed)
}

/// `GET /h/{slug}/feed.atom`: a hub's feed, for everybody who may see the hub.
pub async fn of_hub(
    State(app): State<App>,
    visitor: Visitor,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Error> {
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    let activities = feed::list_of_hub(&mut *app.db.acquire().await?, hub.id).await?;
    let entries = show(&app, activities).await?;
    let feed = AtomFeed {
        id: tag(&app, hub.created_at, &format!("hub/{}", hub.id)),
        title: hub.name.clone(),
        summary: hub.summary.clone(),
        own: app.url(&format!("{}/feed.atom", hub.path())),
        page: app.url(&hub.path()),
        updated: latest(&entries).unwrap_or(hub.created_at),
        entries: list(&app, &entries)?,
    };
    answer(&feed)
}

/// Nobody keeps a feed, because a hub may become private and a member may lose a role.
///
/// # Errors
/// Formatting fails.
pub fn answer(feed: &AtomFeed) -> Result<Response, Error> {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (CONTENT_TYPE, HeaderValue::from_static("application/atom+xml; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    Ok((headers, feed.render().map_err(anyhow::Error::from)?).into_response())
}

fn latest(entries: &[FeedEntry]) -> Option<DateTime<Utc>> {
    entries.iter().map(|entry| entry.at).max()
}

fn list(app: &App, entries: &[FeedEntry]) -> Result<Vec<AtomEntry>, Error> {
    entries
        .iter()
        .map(|entry| {
            let content = AtomContent { base: app.url(""), entry }.render().map_err(anyhow::Error::from)?;
            Ok(AtomEntry {
                id: tag(app, entry.since, &format!("activity/{}", entry.id)),
                title: entry.text(),
                author: entry.lead().to_owned(),
                page: app.url(entry.link().as_str()),
                since: entry.since,
                at: entry.at,
                content,
            })
        })
        .collect()
}

/// A tag URI: an authority that was this site's on that day, and a name that it has given out once.
pub fn tag(app: &App, day: DateTime<Utc>, name: &str) -> String {
    let authority = authority(app.config.web.base_url.host().as_ref());
    format!("tag:{authority},{}:{name}", day.format("%Y-%m-%d"))
}

/// The authority of tag URIs is a DNS name, which has no colons and no brackets.
fn authority(host: Option<&Host<&str>>) -> String {
    match host {
        Some(Host::Domain(name)) => name.trim_end_matches('.').to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => {
            let segments = address.segments().map(|segment| format!("{segment:x}"));
            segments.join("-")
        }
        None => "localhost".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_of_a_tag_is_made_of_letters_digits_hyphens_and_dots() {
        let tests = [
            ("https://derps.example.org/x", "derps.example.org"),
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("http://[fe80::1]:8080", "fe80-0-0-0-0-0-0-1"),
        ];
        for (address, expected) in tests {
            let url = url::Url::parse(address).expect("a URL");
            assert_eq!(authority(url.host().as_ref()), expected);
        }
    }
}
