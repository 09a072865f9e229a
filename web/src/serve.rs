//! Serving until told to stop, and then until the requests under way are answered.
//!
//! A restart loses nothing as long as the listening socket outlives the process: systemd holds it
//! (`pawdium-web.socket`), and what connects between two processes waits in its queue for the next one. A process that
//! is told to stop answers each connection once more, with `Connection: close`. While one of its requests takes longer,
//! such as a slow upload, it goes on accepting, so the site is not away for as long as that takes.

mod connection;
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
use self::limit::ConnectionLimit;
use self::listen::Listener;
pub use self::listen::inherited;
use crate::state::App;

/// A connection that is older than this while the process stops has a slow request: one without any has been closed by
/// then ([`connection::LINGER`]).
const OLD: Duration = Duration::from_millis(750);

/// How long before the end of the drain new connections are left to the next process, so that theirs can end in time.
const LAST_CALL: Duration = Duration::from_secs(5);

/// How often a process that stops looks whether it is done.
const LOOK: Duration = Duration::from_millis(20);

/// How long to wait when a connection can't be accepted, as when there are no file descriptors left.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves the site on the socket given, or on the configured address. Returns when the stop token was cancelled and all
/// requests were answered, or the time for that is over.
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
    tokio::spawn(app.store.clone().report());
    tokio::spawn(report_database(app.clone(), notifier.clone(), address));
    let acceptor = Acceptor { limit: ConnectionLimit::new(&app.config.web), connection: Connection::new(&app) };
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

/// Lets connections in.
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
                    debug!("refused a connection: its address has too many");
                }
            }
            Err(error) => {
                warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }

    /// Returns when all are gone. New ones are let in for as long as a slow request is under way that was there before
    /// the stop; one that came later keeps nobody, or on a slow site each would let in the next.
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

/// Says while the database or its schema is missing; pages say so meanwhile, too.
async fn report_database(app: App, notifier: Notifier, address: SocketAddr) {
    db::wait_until_usable(&app.db, |reason| notifier.status(reason)).await;
    db::warn_of_narrow_room(&app.db, db::takes(app.config.database.max_connections)).await;
    notifier.status(&format!("serving on {address}"));
}
