//! The peers: nginx that sends a file, and a small Django page with its cache.

use std::fs::{self, OpenOptions};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use pawdium_bench::http::Connection;
use pawdium_bench::target;
use pawdium_kit::stack::die_with_parent;

use crate::pinned::SERVER;

/// How long a peer may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// One process of nginx, which sends the baked page's bytes from a compressed file.
    Nginx,
    /// One process of gunicorn with four threads.
    Django,
}

/// A running peer.
#[derive(Debug)]
pub(crate) struct RunningPeer {
    peer: Peer,
    process: tokio::process::Child,
    pub(crate) address: SocketAddr,
}

impl Peer {
    pub(crate) const ALL: [Self; 2] = [Self::Nginx, Self::Django];

    /// Its name in the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx, the page as a file",
            Self::Django => "Django, a small page with its cache",
        }
    }

    /// Starts it, pinned. nginx sends `page`, which is compressed.
    pub(crate) async fn start(self, page: &[u8]) -> Result<RunningPeer> {
        let folder = target()?.join("bench-pages").join(if self == Self::Nginx { "nginx" } else { "django" });
        fs::create_dir_all(&folder)?;
        // The port is free now, and nothing else is expected to take it.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = folder.join("log");
        let output = OpenOptions::new().create(true).append(true).open(&log).context("opening a log")?;
        let mut command = match self {
            Self::Nginx => nginx(&folder, address, page)?,
            Self::Django => django(address)?,
        };
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let process = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {} (are setpriv and taskset installed?)", self.name()))?;
        let begin = Instant::now();
        while Connection::open(address).await.is_err() {
            if begin.elapsed() > PATIENCE {
                bail!("{} doesn't listen; see {}", self.name(), log.display());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(RunningPeer { peer: self, process, address })
    }
}

impl RunningPeer {
    pub(crate) const fn path(&self) -> &'static str {
        match self.peer {
            Peer::Nginx => "/top.html",
            Peer::Django => "/top",
        }
    }

    /// Its processes.
    pub(crate) fn pids(&self) -> Result<Vec<u32>> {
        let pid = self.process.id().context("a peer has ended")?;
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        Ok(std::iter::once(pid).chain(children).collect())
    }
}

/// A command on the servers' processor.
fn pinned(program: &Path) -> Command {
    let mut command = die_with_parent("TERM", "taskset");
    command.args(["-c", SERVER]).arg(program);
    command
}

fn nginx(folder: &Path, address: SocketAddr, page: &[u8]) -> Result<Command> {
    fs::write(folder.join("top.html.gz"), page)?;
    // It looks for this one, too, and sends the other.
    fs::write(folder.join("top.html"), "")?;
    let configuration = format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
         events {{ worker_connections 1024; }}
         http {{
             access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
             types {{ text/html html; }}
             open_file_cache max=100 inactive=60s;
             client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
             uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
             server {{ listen {address}; root {folder}; gzip_static on; }}
         }}\n",
        folder = folder.display()
    );
    let path = folder.join("nginx.conf");
    fs::write(&path, configuration)?;
    let mut command = pinned(Path::new("nginx"));
    command.arg("-e").arg(folder.join("error.log")).arg("-c").arg(path);
    Ok(command)
}

fn django(address: SocketAddr) -> Result<Command> {
    let gunicorn: PathBuf = target()?.join("bench-peers/django/bin/gunicorn");
    if !gunicorn.is_file() {
        bail!("there is no {}; install it with testing/bench/peers/install pages", gunicorn.display());
    }
    let mut command = pinned(&gunicorn);
    command.args(["--workers", "1", "--threads", "4", "--worker-class", "gthread", "--keep-alive", "60"]);
    command.args(["--worker-connections", "1000", "--bind", &address.to_string(), "--chdir"]);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/django")).arg("page:application");
    Ok(command)
}
