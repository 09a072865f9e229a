//! Streams of server-sent events (WHATWG HTML 9.2).

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Sse};
use futures::{Stream, StreamExt as _};

use super::streams::OpenStream;
use crate::state::App;

/// The interval of comments that keep idle streams open through proxies.
const PING: Duration = Duration::from_secs(20);

/// Responds with events until they end or the process stops. The stream counts as open until then.
pub fn respond<S>(app: &App, open: OpenStream, events: S) -> impl IntoResponse + use<S>
where
    S: Stream<Item = Event> + Send + 'static,
{
    let events = events.map(move |event| {
        let _counted = &open;
        Ok::<_, Infallible>(event)
    });
    let events = events.take_until(app.stop.clone().cancelled_owned());
    // Without this, nginx delays events until its buffer is full.
    let unbuffered = [("x-accel-buffering", "no")];
    (unbuffered, Sse::new(events).keep_alive(KeepAlive::new().interval(PING).text("ping")))
}

/// The event that tells an open page to fetch a part again.
pub fn changed(what: &(impl ToString + ?Sized)) -> Event {
    Event::default().event("changed").data(what.to_string())
}
