//! A client's HTTP/1.1 connection and its timeouts.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::net::sockopt;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::Service as _;
use tracing::debug;

use super::lasting::{self, Handover, Lasting};
use super::limit::Slot;
use crate::routes;
use crate::state::App;

/// How long a stopping process keeps idle connections, because their clients may be sending a request.
pub(super) const LINGER: Duration = Duration::from_millis(500);

/// How long a client may take nothing of its response before the connection is closed.
const UNREAD: Duration = Duration::from_mins(1);

/// The settings that connections are served with.
#[derive(Clone)]
pub(super) struct Connection {
    router: Router,
    http: http1::Builder,
    stop: CancellationToken,
}

impl Connection {
    pub(super) fn new(app: &App) -> Self {
        let mut http = http1::Builder::new();
        let patience = Duration::from_secs(app.config.web.header_seconds);
        http.timer(TokioTimer::new()).header_read_timeout(patience);
        Self { router: routes::router(app.clone()), http, stop: app.stop.clone() }
    }

    /// Serves a connection on a task of its own.
    pub(super) fn spawn(self, stream: TcpStream, peer: SocketAddr, slot: Slot) {
        tokio::spawn(async move {
            if let Err(error) = self.serve(stream, peer, slot).await {
                debug!(%error, "a connection failed");
            }
        });
    }

    async fn serve(self, stream: TcpStream, peer: SocketAddr, slot: Slot) -> hyper::Result<()> {
        // Both options are optional, so ignore failures.
        let _ = stream.set_nodelay(true);
        let unread = u32::try_from(UNREAD.as_millis()).unwrap_or(u32::MAX);
        let _ = sockopt::set_tcp_user_timeout(&stream, unread);
        let Self { router, http, stop } = self;
        let handover = Arc::new(Handover::default());
        let (stopping, handing) = (stop.clone(), Arc::clone(&handover));
        let service = service_fn(move |request| {
            answer(router.clone(), stopping.clone(), Arc::clone(&handing), peer, request)
        });
        let mut serving = http.serve_connection(TokioIo::new(stream), service);
        let mut lingered = pin!(async {
            stop.cancelled().await;
            tokio::time::sleep(LINGER).await;
        });
        let mut is_leaving = false;
        loop {
            tokio::select! {
                ended = &mut serving => return ended,
                response = handover.wait() => {
                    let stream = serving.into_parts().io.into_inner();
                    tokio::spawn(lasting::send(stream, response, slot, stop.clone()));
                    return Ok(());
                }
                () = lingered.as_mut(), if !is_leaving => {
                    is_leaving = true;
                    std::pin::Pin::new(&mut serving).graceful_shutdown();
                }
            }
        }
    }
}

/// Answers one request. While the process stops, closes the connection after it. Hands over a lasting response and then
/// never ends.
async fn answer(
    mut router: Router,
    stop: CancellationToken,
    handover: Arc<Handover>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let (version, is_read) = (request.version(), request.method() == Method::GET);
    let mut response = router.call(request).await?;
    if is_read && response.extensions_mut().remove::<Lasting>().is_some() {
        handover.hand(version, response);
        return std::future::pending().await;
    }
    if stop.is_cancelled() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
