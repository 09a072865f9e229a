//! Reading on after an early response.
//!
//! A client that is still sending when its connection closes gets a network error instead of the response (RFC 9112,
//! section 9.6). So the rest of a refused upload is read and discarded for a while.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use futures::{Stream, StreamExt as _};
use parking_lot::Mutex;

/// How long to read on.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much to read on, in bytes.
const MOST: usize = 100_000_000;

/// The layer around handlers that may refuse a large body before its end.
pub async fn read_on(request: Request, next: Next) -> Response {
    let waits_to_be_asked = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let mut rest = Rest(Arc::new(Mutex::new((body.into_data_stream(), false))));
    let lent = Body::from_stream(rest.clone());
    let response = next.run(Request::from_parts(parts, lent)).await;
    // A client that waits for "100 Continue" sends nothing before the first read, and reads the response instead.
    if response.status().is_client_error() && (rest.is_begun() || !waits_to_be_asked) {
        // After that time the connection is closed anyway.
        let _ = tokio::time::timeout(PATIENCE, rest.discard()).await;
    }
    response
}

/// A shared body, and whether anybody has begun to read it.
#[derive(Clone)]
struct Rest(Arc<Mutex<(BodyDataStream, bool)>>);

impl Rest {
    fn is_begun(&self) -> bool {
        self.0.lock().1
    }

    async fn discard(&mut self) {
        let mut read = 0;
        while let Some(Ok(bytes)) = self.next().await {
            read += bytes.len();
            if read > MOST {
                return;
            }
        }
    }
}

impl Stream for Rest {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.lock();
        body.1 = true;
        body.0.poll_next_unpin(context)
    }
}
