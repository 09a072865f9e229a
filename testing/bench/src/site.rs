//! The measured site: its web process and a worker, as an operator runs them.

use std::fs::{self, OpenOptions};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use pawdium_kit::stack::{die_with_parent, send_signal};
use rustix::process::Signal;

use crate::http::Connection;
use crate::stores::Stores;
use crate::target;

/// How long the site may take to become ready and to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// The running site.
#[derive(Debug)]
pub struct Site {
    /// Where the web process listens.
    pub address: SocketAddr,
    /// The web process.
    pub web: Service,
    /// The worker.
    pub worker: Service,
}

/// One of its processes.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    process: tokio::process::Child,
    log: PathBuf,
}

impl Site {
    /// Starts both processes, with their logs in a folder of the benchmark, and returns when the site is ready. Rate
    /// limits are off, and `settings` are as given; all others are defaults.
    ///
    /// # Errors
    /// When a process doesn't start.
    pub async fn start(stores: &Stores, benchmark: &str, settings: &[(&str, String)]) -> Result<Self> {
        let folder = target()?.join(benchmark);
        let media = folder.join("media");
        fs::create_dir_all(&media).context("creating the media folder")?;
        // The port is free now, and nothing else is expected to take it.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut all = vec![
            ("DATABASE__URL", stores.postgres_url()),
            ("REDIS__URL", stores.redis_url()),
            ("MEDIA__STORE", format!("file://{}", media.display())),
            ("WEB__LISTEN", address.to_string()),
            ("SECURITY__SECRET", "of no site but the one that is measured".to_owned()),
            ("SECURITY__RATINGS_PER_MINUTE", "0".to_owned()),
            ("SECURITY__ADDRESS_RATINGS_PER_MINUTE", "0".to_owned()),
        ];
        all.extend(settings.iter().cloned());
        let web = Service::start("pawdium-web", &folder, &all)?;
        let worker = Service::start("pawdium-worker", &folder, &all)?;
        let mut site = Self { address, web, worker };
        site.wait_until_ready().await?;
        Ok(site)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let begin = Instant::now();
        let request = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n";
        loop {
            for service in [&mut self.web, &mut self.worker] {
                service.check()?;
            }
            if let Ok(mut connection) = Connection::open(self.address).await
                && let (200, _) = connection.ask(request).await?
            {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                bail!("the site is not ready after {PATIENCE:?}; see {}", self.web.log.display());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Stops both; the worker finishes its running jobs.
    ///
    /// # Errors
    /// When one has already ended, or doesn't stop.
    pub async fn stop(self) -> Result<()> {
        self.web.stop().await?;
        self.worker.stop().await
    }
}

impl Service {
    fn start(name: &'static str, folder: &Path, settings: &[(&str, String)]) -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name(name);
        if !program.is_file() {
            bail!("there is no {}; build it with `cargo build --release`", program.display());
        }
        let log = folder.join(format!("{name}.log"));
        let output = OpenOptions::new().create(true).append(true).open(&log).context("opening a log")?;
        let mut command = die_with_parent("TERM", program);
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("PAWDIUM_") {
                command.env_remove(variable);
            }
        }
        command.env_remove("CREDENTIALS_DIRECTORY").env_remove("NOTIFY_SOCKET");
        // An empty file, so that an installed configuration is not used.
        command.env("PAWDIUM_CONFIG", "/dev/null");
        command.envs(settings.iter().map(|(name, value)| (format!("PAWDIUM_{name}"), value)));
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let process = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {name} (is setpriv, of util-linux, installed?)"))?;
        Ok(Self { name, process, log })
    }

    /// The process id, for `/proc`.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> Result<u32> {
        self.process.id().with_context(|| format!("{} has ended", self.name))
    }

    /// Fails if it has ended.
    fn check(&mut self) -> Result<()> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status}); see {}", self.name, self.log.display()),
        }
    }

    async fn stop(mut self) -> Result<()> {
        self.check()?;
        send_signal(self.process.id(), Signal::TERM);
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        let status = ended.with_context(|| format!("{} didn't stop within {PATIENCE:?}", self.name))??;
        if !status.success() {
            bail!("{} ended ({status}); see {}", self.name, self.log.display());
        }
        Ok(())
    }
}
