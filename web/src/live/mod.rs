//! The stream of what happens to the things that a browser's pages show.

mod asked;
mod feed;
mod frames;
mod looks;
mod polls;
mod streams;

use std::convert::Infallible;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use futures::future::try_join_all;
use futures::stream;
use pawdium_shared::accounts::sessions::Token;
use pawdium_shared::live::{Position, Topic};

use self::feed::Feed;
pub use self::looks::Looks;
pub use self::polls::Polls;
pub use self::streams::Streams;
use crate::api::caller::Caller;
use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::serve::Lasting;
use crate::state::App;

/// `GET /live?hub=<slug>&member=<name>&photo=<id>&comments=<id>&call=<id>&standing=<id>&notifications=<user>&queues=1
/// &job=<id>`: server-sent events about the topics in the query.
///
/// - `widget`: a widget of a hub has a new version, `{"hub":"cats","widget":42,"version":17,"spread":400}`, or `member`
///   instead of `hub`. A client should load it after a random part of `spread` milliseconds.
/// - `changed`: another topic has changed, `{"topic":"photo=12"}`.
/// - `reset`: anything may have changed.
/// - `gone`: a topic isn't there, or isn't for this viewer, `{"topic":"hub=cats"}`. The others go on.
///
/// With `Last-Event-ID`, the stream begins with what was missed. It ends with its viewer's session, whose token programs
/// send as they do to the API.
pub async fn live(
    State(app): State<App>,
    visitor: Visitor,
    caller: Option<Caller>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, Error> {
    let visitor = caller.map_or(visitor, |caller| caller.visitor());
    let asked = asked::read(query.as_deref().unwrap_or_default())?;
    let open = app.streams.open()?;
    let found = try_join_all(asked.iter().map(|asked| asked.find(&app, &visitor))).await?;
    let (mut shown, mut gone, mut topics, mut polled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (asked, found) in asked.into_iter().zip(found) {
        let Some(found) = found else {
            gone.push(asked.name);
            continue;
        };
        let topic = found.shown.topic();
        if !topics.contains(&topic) {
            topics.push(topic);
            polled.extend(found.is_polled.then_some(topic));
        }
        shown.push(found.shown);
    }
    if let Ok(member) = visitor.member() {
        topics.push(Topic::Sessions(member.id));
    }
    let last = last_position(&headers);
    let subscription = app.changes.subscribe(&topics, last).await;
    poll(&app, &polled, |topic| subscription.remind(topic));
    let viewer = visitor.token.as_ref().map(Token::hash);
    let feed = Feed::new(app, open, viewer, subscription, shown, &gone);
    let pieces = stream::unfold(feed, |mut feed| async move {
        let piece = feed.next().await?;
        Some((Ok::<_, Infallible>(piece), feed))
    });
    // Without the last one, nginx delays events until its buffer is full.
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
        (axum::http::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Extension(Lasting), Body::from_stream(pieces)))
}

/// Has topics polled. What an earlier look has noticed may have come before this page: it is told to look.
fn poll(app: &App, topics: &[Topic], remind: impl Fn(Topic)) {
    for topic in topics {
        if !app.polls.ensure(*topic) {
            remind(*topic);
        }
    }
}

/// Up to where the client has seen everything. An id that is none can't be placed, like one from long ago.
fn last_position(headers: &HeaderMap) -> Option<Position> {
    let last = headers.get("last-event-id")?.to_str().unwrap_or_default();
    if last.is_empty() { None } else { Some(last.parse().unwrap_or(Position::BEGINNING)) }
}
