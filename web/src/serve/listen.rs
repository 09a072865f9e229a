//! The listening socket: inherited from the service manager or opened here.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};

use anyhow::Context as _;
use listenfd::ListenFd;
use tokio::net::{TcpListener, TcpStream};
use tracing::warn;

/// The socket that the service manager passed to this process (`sd_listen_fds(3)`), if any.
///
/// # Errors
/// When the passed descriptor is not a TCP socket.
pub fn inherited() -> io::Result<Option<StdListener>> {
    ListenFd::from_env().take_tcp_listener(0)
}

/// The source of connections.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    socket: Option<TcpListener>,
    is_inherited: bool,
}

impl Listener {
    pub(super) async fn open(wanted: SocketAddr, inherited: Option<StdListener>) -> anyhow::Result<Self> {
        let is_inherited = inherited.is_some();
        let socket = if let Some(socket) = inherited {
            socket.set_nonblocking(true)?;
            TcpListener::from_std(socket)?
        } else {
            TcpListener::bind(wanted).await.with_context(|| {
                format!(
                    "can't listen on {wanted}: stop what uses it, or set web.listen (PAWDIUM_WEB__LISTEN)"
                )
            })?
        };
        let address = socket.local_addr()?;
        if is_inherited && address != wanted {
            warn!(%address, web.listen = %wanted, "listening on the service manager's socket instead of web.listen");
        }
        Ok(Self { address, socket: Some(socket), is_inherited })
    }

    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match &self.socket {
            Some(socket) => socket.accept().await,
            None => std::future::pending().await,
        }
    }

    /// Leaves new connections to the next process. Without a service manager to keep them, they are refused at once, so
    /// that a proxy tries another server.
    pub(super) fn leave(&mut self) {
        if !self.is_inherited {
            self.socket = None;
        }
    }
}
