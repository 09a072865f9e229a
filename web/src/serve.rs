//! Serving until told to stop, and then until the requests under way are answered.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use pawdium_shared::shutdown::Notifier;
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::routes;
use crate::state::App;

/// Serves the site on the configured address. Returns when the stop token was cancelled and all requests were
/// answered, or the time for that is over.
///
/// # Errors
/// When the address can't be bound.
pub async fn serve(app: App, notifier: &Notifier) -> anyhow::Result<()> {
    let address = app.config.web.listen;
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("can't listen on {address}: stop what uses it, or set web.listen (PAWDIUM_WEB__LISTEN)")
    })?;
    let address = listener.local_addr()?;
    info!(%address, "serving");
    notifier.ready(&format!("serving on {address}"));
    tokio::spawn(app.store.clone().report());
    let (stop, drain) = (app.stop.clone(), Duration::from_secs(app.config.web.drain_seconds));
    let writing = app.clone();
    let service = routes::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned());
    let deadline = async {
        stop.cancelled().await;
        notifier.stopping("answering the last requests");
        tokio::time::sleep(drain).await;
    };
    let served = async {
        server.await?;
        writing.writes.ended().await;
        std::io::Result::Ok(())
    };
    tokio::select! {
        served = served => served?,
        () = deadline => warn!("some requests took longer than the drain allows"),
    }
    info!("stopped");
    Ok(())
}
