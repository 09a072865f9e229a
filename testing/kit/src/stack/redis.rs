//! Starts and stops Redis.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::Kind;
use super::account::Account;
use super::process::{Process, Server, wait_for_earlier};

#[derive(Debug)]
pub(super) struct Redis {
    process: Process,
}

/// The path of the server's socket in `sockets`.
pub(super) fn socket(sockets: &Path) -> PathBuf {
    sockets.join("redis")
}

/// The URL of the server with its socket in `sockets`.
pub(super) fn url(sockets: &Path) -> String {
    format!("unix://{}", socket(sockets).display())
}

impl Redis {
    /// Redis runs as the current user, even root: it serves only us, over a socket that only we can open.
    pub(super) async fn start(program: &Path, folder: &Path, sockets: &Path, kind: Kind) -> Result<Self> {
        let data = folder.join("redis");
        fs::create_dir_all(&data).context("creating a folder for Redis")?;
        wait_for_earlier(&data, program).await?;
        let server = Server {
            name: "Redis",
            program,
            folder: &data,
            account: &Account::Same,
            log: folder.join("redis.log"),
            stop: Signal::TERM,
        };
        let socket = socket(sockets);
        let mut process = server.start(&arguments(&data, &socket, kind))?;
        match process.wait_until_ready(async || answers(&socket).await).await {
            Ok(()) => Ok(Self { process }),
            Err(error) => {
                process.stop().await;
                Err(error)
            }
        }
    }

    pub(super) async fn failed(&mut self) -> anyhow::Error {
        self.process.failed().await
    }

    pub(super) async fn crash(&mut self) {
        self.process.end_by(Signal::KILL).await;
    }

    pub(super) async fn stop(self) {
        self.process.stop().await;
    }
}

fn arguments(data: &Path, socket: &Path, kind: Kind) -> Vec<String> {
    let append_only = if kind == Kind::Durable { "yes" } else { "no" };
    [
        ("--port", "0"),
        ("--unixsocket", &socket.display().to_string()),
        ("--unixsocketperm", "700"),
        ("--dir", &data.display().to_string()),
        ("--save", ""),
        ("--appendonly", append_only),
        ("--daemonize", "no"),
    ]
    .into_iter()
    .flat_map(|(name, value)| [name.to_owned(), value.to_owned()])
    .collect()
}

async fn answers(socket: &Path) -> bool {
    let ask = async {
        let mut stream = UnixStream::connect(socket).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(&answer == b"+PONG")
    };
    matches!(tokio::time::timeout(Duration::from_secs(2), ask).await, Ok(Ok(true)))
}
