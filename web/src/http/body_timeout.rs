//! Timeouts of request bodies: a limit on pauses, and a minimum rate that every network reaches. A slow but steady
//! upload is fine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, StreamExt as _, stream};

use super::streamed::is_streamed;
use crate::error::Error;
use crate::state::App;

/// The time that every body gets.
const GRACE: Duration = Duration::from_mins(1);

/// The largest form, in bytes.
const LARGEST_FORM: usize = 256 * 1024;

/// The minimum rate beyond that, in bytes per second, like `MinRate` of Apache's mod_reqtimeout.
const LEAST: u64 = 500;

/// The layer that limits bodies. Slower clients get a 408.
pub async fn bound(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let late = Arc::new(AtomicBool::new(false));
    let pause = Duration::from_secs(app.config.web.body_pause_seconds);
    let streams = is_streamed(&request);
    let (parts, body) = request.into_parts();
    let arriving = punctual(body, pause, Arc::clone(&late));
    let body = if streams { Body::from_stream(arriving) } else { arrived(arriving).await };
    if late.load(Ordering::Relaxed) {
        return Error::TooSlow.into_response();
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status().is_client_error() && late.load(Ordering::Relaxed) {
        return Error::TooSlow.into_response();
    }
    response
}

struct Arriving {
    body: BodyDataStream,
    pause: Duration,
    begun: Instant,
    received: u64,
    late: Arc<AtomicBool>,
}

/// The body as a stream that fails when it is late.
fn punctual(
    body: Body,
    pause: Duration,
    late: Arc<AtomicBool>,
) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    let arriving =
        Arriving { body: body.into_data_stream(), pause, begun: Instant::now(), received: 0, late };
    stream::try_unfold(arriving, |mut arriving: Arriving| async move {
        let left = allowed(arriving.received).saturating_sub(arriving.begun.elapsed());
        let next = tokio::time::timeout(left.min(arriving.pause), arriving.body.next()).await;
        let Ok(next) = next else {
            arriving.late.store(true, Ordering::Relaxed);
            return Err(axum::Error::new(Error::TooSlow));
        };
        let Some(bytes) = next.transpose()? else { return Ok(None) };
        arriving.received += bytes.len() as u64;
        Ok(Some((bytes, arriving)))
    })
}

/// Buffers a form or JSON before the handler runs, because a handler may hold locks and must not wait for a slow
/// client. Stops reading once the body is too large.
async fn arrived(arriving: impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static) -> Body {
    let mut arriving = Box::pin(arriving);
    let (mut pieces, mut bytes) = (Vec::new(), 0);
    while bytes <= LARGEST_FORM
        && let Some(piece) = arriving.next().await
    {
        bytes += piece.as_ref().map_or(0, Bytes::len);
        pieces.push(piece);
    }
    Body::from_stream(stream::iter(pieces).chain(arriving))
}

/// How long that many bytes may take.
fn allowed(received: u64) -> Duration {
    GRACE + Duration::from_secs(received / LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trickles_is_not_worth_waiting_for() {
        // A byte every 29 seconds passes the limit on pauses.
        assert!(allowed(3) < Duration::from_secs(3 * 29));
        // 20 MB over a modem of 28.8 kbit/s.
        assert!(allowed(20_000_000) > Duration::from_secs(20_000_000 * 8 / 28_800));
    }
}
