//! The peers: servers of server-sent events as tutorials have them. Each keeps one number per hub in memory, which is
//! what its parts show, and has neither a database nor other processes to tell.

use std::fs::OpenOptions;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use pawdium_bench::http::Connection;
use pawdium_bench::target;
use pawdium_kit::stack::{die_with_parent, send_signal};
use rustix::process::Signal;
use tokio::time::Instant;

use crate::page::Served;

/// How long a peer may take to start and to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// axum with one broadcast channel: every stream gets every change and filters.
    Axum,
    /// Node's own HTTP server with a list of streams.
    Node,
}

impl Peer {
    pub(crate) const ALL: [Self; 2] = [Self::Axum, Self::Node];

    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum-broadcast",
            Self::Node => "node-sse",
        }
    }

    fn command(self) -> Result<Command> {
        Ok(match self {
            Self::Axum => die_with_parent("KILL", std::env::current_exe()?.with_file_name("broadcast")),
            Self::Node => {
                let mut command = die_with_parent("KILL", "node");
                command.arg(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/live/server.js")));
                command
            }
        })
    }
}

/// A running peer.
#[derive(Debug)]
pub(crate) struct RunningPeer {
    process: tokio::process::Child,
    pub(crate) address: SocketAddr,
    /// For changes.
    connection: Connection,
}

impl RunningPeer {
    pub(crate) async fn start(peer: Peer) -> Result<Self> {
        // The port is free now, and nothing else is expected to take it.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = target()?.join("bench-live").join(format!("{}.log", peer.name()));
        let output = OpenOptions::new().create(true).append(true).open(&log).context("opening a log")?;
        let mut command = peer.command()?;
        command.arg(address.port().to_string());
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let process = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {} (are node and setpriv installed?)", peer.name()))?;
        let begin = Instant::now();
        let connection = loop {
            match Connection::open(address).await {
                Ok(connection) => break connection,
                Err(_) if begin.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => bail!("{} doesn't listen ({error}); see {}", peer.name(), log.display()),
            }
        };
        Ok(Self { process, address, connection })
    }

    pub(crate) fn pid(&self) -> Result<u32> {
        self.process.id().context("a peer has ended")
    }

    /// The page of a hub.
    pub(crate) fn served(&self, hub: usize) -> Served {
        Served { server: self.address, live: format!("/live?hub={hub}"), part: "/parts/".to_owned() }
    }

    /// Changes a hub's part.
    pub(crate) async fn change(&mut self, hub: usize) -> Result<()> {
        let request = format!("POST /parts/{hub} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n");
        match self.connection.ask(request.as_bytes()).await? {
            (204, _) => Ok(()),
            (status, _) => bail!("a change was answered with {status}"),
        }
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        send_signal(self.process.id(), Signal::KILL);
        tokio::time::timeout(PATIENCE, self.process.wait()).await.context("a peer doesn't end")??;
        Ok(())
    }
}
