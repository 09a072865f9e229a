//! Requests that change something. They run to completion even if the client disconnects, and no path can use up the
//! database's connections.
//!
//! hyper drops a request's future when its client disconnects. Here, a request that writes runs on its own task, so
//! that a rating or an upload is either complete or absent.

mod turns;

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::{Instrument as _, warn};

pub use self::turns::Writes;
use super::streamed::is_streamed;
use crate::error::Error;
use crate::state::App;

/// The timeout, after which the transaction rolls back. Streamed bodies, such as uploads, have their own limits.
const LONGEST: Duration = Duration::from_secs(30);

/// How long to wait for other requests on the same path.
const PATIENCE: Duration = Duration::from_secs(3);

/// The layer that runs writing requests to completion.
pub async fn run_to_the_end(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let turns = app.writes.turns(request.uri().path());
    // Requests that name a row never carry a file, whatever their headers say.
    let streams = turns.is_none() && is_streamed(&request);
    let running = async move {
        if streams {
            return next.run(request).await;
        }
        let _turn = match turns {
            None => None,
            Some(turns) => match tokio::time::timeout(PATIENCE, turns.acquire_owned()).await {
                Ok(Ok(turn)) => Some(turn),
                _ => return Error::Unavailable.into_response(),
            },
        };
        tokio::time::timeout(LONGEST, next.run(request)).await.unwrap_or_else(|_| {
            warn!("a request timed out");
            Error::Unavailable.into_response()
        })
    };
    match app.writes.running.spawn(running.in_current_span()).await {
        Ok(response) => response,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        Err(_) => Error::Unavailable.into_response(),
    }
}
