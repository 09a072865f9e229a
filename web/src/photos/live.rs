//! The event stream of an open photo page (server-sent events, WHATWG HTML 9.2).

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::Event;
use futures::{Stream, StreamExt as _, stream};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::live::{Change, Topic};
use pawdium_shared::photos::{PhotoState, queries, steps};
use tokio_stream::wrappers::{BroadcastStream, IntervalStream};

use super::show::{find_visible, why_processing};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::sse;
use crate::http::visitor::Visitor;
use crate::state::App;

/// How often to poll the database while a photo is processed, so that its page updates without Redis.
const LOOK: Duration = Duration::from_secs(2);

/// How often to ask why a photo waits, which costs more than asking for its progress.
const ASK: Duration = Duration::from_secs(8);

/// `GET /photos/{photo}/live`: an event `changed` for each change. A reconnect with `Last-Event-ID` misses none.
pub async fn live(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<PhotoId>,
) -> Result<impl IntoResponse, Error> {
    let open = app.streams.open(client.counted())?;
    // Subscribe before the first look-up, so that no change is missed in between.
    let changes = BroadcastStream::new(app.changes.subscribe());
    let photo = find_visible(&app, &visitor, id).await?;
    let topic = Topic::photo(id);
    let processing = photo.state == PhotoState::Processing;
    let missed = match headers.get("last-event-id").and_then(|id| id.to_str().ok()) {
        Some(last) => app.changes.has_changed_since(&topic, last),
        None => processing,
    };
    let changed = changes.filter_map(move |change| {
        let event = match change {
            Ok(Change::Of { id: change, topic: changed }) if changed == topic => {
                Some(sse::changed(&id).id(change))
            }
            Ok(Change::Of { .. }) => None,
            // The page or this process lagged behind, so tell the page to refresh everything.
            Ok(Change::Unknown) | Err(_) => Some(sse::changed(&id)),
        };
        std::future::ready(event)
    });
    let first = stream::iter(missed.then(|| sse::changed(&id)));
    let events = first.chain(stream::select(
        changed,
        stream::select(looked_up(app.clone(), id, processing), asked(app.clone(), id, processing)),
    ));
    Ok(sse::respond(&app, open, events))
}

/// An event whenever the database shows progress, until processing has ended.
fn looked_up(app: App, id: PhotoId, processing: bool) -> impl Stream<Item = Event> {
    let ticks = stream::iter(processing.then(|| IntervalStream::new(tokio::time::interval(LOOK)))).flatten();
    let progress = ticks.then(move |_| {
        let app = app.clone();
        async move { progress(&app, id).await.unwrap_or(None) }
    });
    progress
        .scan(None, |before: &mut Option<(PhotoState, usize)>, now| {
            let through = before.is_some_and(|(state, _)| state != PhotoState::Processing);
            let moved = now.is_some() && before.is_some() && *before != now;
            *before = now.or(*before);
            std::future::ready((!through).then_some(moved))
        })
        .filter(|moved| std::future::ready(*moved))
        .map(move |_| sse::changed(&id))
}

/// An event whenever the reason for waiting changes.
fn asked(app: App, id: PhotoId, processing: bool) -> impl Stream<Item = Event> {
    let ticks = stream::iter(processing.then(|| IntervalStream::new(tokio::time::interval(ASK)))).flatten();
    let reasons = ticks.then(move |_| {
        let app = app.clone();
        async move { why_processing(&mut *app.db.acquire().await?, id).await }
    });
    reasons
        .scan(None, |before, now: sqlx::Result<_>| {
            let moved = now.as_ref().is_ok_and(|now| before.as_ref().is_some_and(|before| before != now));
            *before = now.ok().or(before.take());
            std::future::ready(Some(moved))
        })
        .filter(|moved| std::future::ready(*moved))
        .map(move |_| sse::changed(&id))
}

async fn progress(app: &App, id: PhotoId) -> sqlx::Result<Option<(PhotoState, usize)>> {
    let mut db = app.db.acquire().await?;
    let Some(photo) = queries::find(&mut db, id).await? else { return Ok(None) };
    Ok(Some((photo.state, steps::list(&mut db, id).await?.len())))
}
