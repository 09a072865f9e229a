//! A client's HTTP/1.1 connection and its timeouts.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request};
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

use super::limit::Slot;
use super::line::Line;
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
        let line = Line::new(slot);
        tokio::spawn(async move {
            if let Err(error) = self.serve(stream, peer, line).await {
                debug!(%error, "a connection failed");
            }
        });
    }

    async fn serve(self, stream: TcpStream, peer: SocketAddr, line: Line) -> hyper::Result<()> {
        // Both options are optional, so ignore failures.
        let _ = stream.set_nodelay(true);
        let unread = u32::try_from(UNREAD.as_millis()).unwrap_or(u32::MAX);
        let _ = sockopt::set_tcp_user_timeout(&stream, unread);
        let Self { router, http, stop } = self;
        let stopping = stop.clone();
        let own = line.clone();
        let service =
            service_fn(move |request| answer(router.clone(), stopping.clone(), peer, own.clone(), request));
        let mut serving = pin!(http.serve_connection(TokioIo::new(stream), service));
        let lingered = async {
            stop.cancelled().await;
            tokio::time::sleep(LINGER).await;
        };
        tokio::select! {
            ended = serving.as_mut() => return ended,
            () = line.hung_up() => return Ok(()),
            () = lingered => serving.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            ended = serving => ended,
            () = line.hung_up() => Ok(()),
        }
    }
}

/// Answers one request. While the process stops, closes the connection after it.
async fn answer(
    mut router: Router,
    stop: CancellationToken,
    peer: SocketAddr,
    line: Line,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(line);
    let mut response = router.call(request).await?;
    if stop.is_cancelled() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
