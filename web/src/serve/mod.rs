//! Serves until told to stop, then answers the requests in progress.
//!
//! A restart loses no connection as long as the listening socket outlives the process: systemd keeps it open
//! (`pawdium-web.socket`), and connections between two processes wait in its queue. A stopping process answers each
//! connection once more, with `Connection: close`. While a slow request such as an upload is in progress, it keeps
//! accepting connections, so that the site stays available.

mod connection;
mod lasting;
mod limit;
mod listen;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use pawdium_shared::db;
use pawdium_shared::shutdown::Notifier;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use self::connection::Connection;
pub use self::lasting::Lasting;
use self::limit::ConnectionLimit;
use self::listen::Listener;
pub use self::listen::inherited;
use crate::state::App;

/// While the process stops, a connection older than this has a slow request, because idle ones are closed earlier
/// ([`connection::LINGER`]).
const OLD: Duration = Duration::from_millis(750);

/// How long before the end of the drain to stop accepting connections, so that their requests can end in time.
const LAST_CALL: Duration = Duration::from_secs(5);

/// How often a stopping process checks whether it is done.
const LOOK: Duration = Duration::from_millis(20);

/// How long to wait after a failed accept, for example when no file descriptors are left.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves the site on the given socket or the configured address. After the stop token is cancelled, returns once all
/// requests are answered or the drain time is over.
///
/// # Errors
/// When the address can't be bound.
pub async fn serve(
    app: App,
    socket: Option<std::net::TcpListener>,
    notifier: &Notifier,
) -> anyhow::Result<()> {
    let mut listener = Listener::open(app.config.web.listen, socket).await?;
    let address = listener.address;
    info!(%address, "serving");
    notifier.ready(&format!("serving on {address}"));
    app.redis.prepare();
    app.cache.report_reads();
    tokio::spawn(app.store.clone().report());
    tokio::spawn(report_database(app.clone(), notifier.clone(), address));
    let acceptor =
        Acceptor { limit: ConnectionLimit::new(&app.config.web), connection: Connection::new(&app) };
    loop {
        tokio::select! {
            () = app.stop.cancelled() => break,
            accepted = listener.accept() => acceptor.admit(accepted).await,
        }
    }
    notifier.stopping("answering the last requests");
    let end = Instant::now() + Duration::from_secs(app.config.web.drain_seconds);
    let drained = async {
        acceptor.drain(&mut listener, end).await;
        app.writes.ended().await;
    };
    if tokio::time::timeout_at(end, drained).await.is_err() {
        warn!("some requests took longer than the drain allows");
    }
    info!("stopped");
    Ok(())
}

/// Accepts connections.
struct Acceptor {
    limit: ConnectionLimit,
    connection: Connection,
}

impl Acceptor {
    async fn admit(&self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        match accepted {
            Ok((stream, peer)) => {
                if let Some(slot) = self.limit.admit(peer.ip()) {
                    self.connection.clone().spawn(stream, peer, slot);
                } else {
                    debug!("refused a connection, because its address has too many");
                }
            }
            Err(error) => {
                warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }

    /// Waits until all connections have closed. Accepts new ones while a slow request from before the stop is in
    /// progress. Later requests don't count, or on a slow site the drain would never end.
    async fn drain(&self, listener: &mut Listener, end: Instant) {
        let stopped = Instant::now();
        let mut look = tokio::time::interval(LOOK);
        while let Some(oldest) = self.limit.oldest() {
            let was_there = oldest < stopped && oldest.elapsed() > OLD;
            let accepts = was_there && Instant::now() + LAST_CALL < end;
            if !accepts {
                listener.leave();
            }
            tokio::select! {
                accepted = listener.accept(), if accepts => self.admit(accepted).await,
                _ = look.tick() => {}
            }
        }
    }
}

/// Reports to the service manager while the database or its schema is missing.
async fn report_database(app: App, notifier: Notifier, address: SocketAddr) {
    db::wait_until_usable(&app.db, |reason| notifier.status(reason)).await;
    db::warn_of_narrow_room(&app.db, db::takes(app.config.database.max_connections)).await;
    notifier.status(&format!("serving on {address}"));
}
