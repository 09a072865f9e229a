//! The processes of the site: two of web, two workers and a scheduler, with the programs of an installation.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use pawdium_kit::stack::die_with_parent;
use pawdium_shared::config::{Config, Sources};
use pawdium_shared::store::MediaStore;
use reqwest::Client;
use url::Url;

use crate::process::Process;

/// The limits that would hide races. They are set to 0, which is no limit.
const UNLIMITED: [&str; 20] = [
    "SECURITY__REPORTS_PER_HOUR",
    "SECURITY__REGISTRATIONS_PER_HOUR",
    "SECURITY__LOGINS_PER_MINUTE",
    "SECURITY__RESETS_PER_HOUR",
    "SECURITY__UPLOADS_PER_HOUR",
    "SECURITY__IMPORTS_PER_HOUR",
    "SECURITY__HUBS_PER_HOUR",
    "SECURITY__ANONYMOUS_PER_HOUR",
    "SECURITY__GUESSES_PER_ACCOUNT",
    "SECURITY__MAILS_PER_RECIPIENT",
    "SECURITY__ANONYMOUS_UPLOADS_PER_DAY",
    "SECURITY__RATINGS_PER_MINUTE",
    "SECURITY__ADDRESS_RATINGS_PER_MINUTE",
    "SECURITY__COMMENTS_PER_MINUTE",
    "SECURITY__COMMENTS_PER_DAY",
    "SECURITY__NEW_MEMBER_COMMENTS_PER_DAY",
    "MEDIA__MEMBER_DRAFTS",
    "MEDIA__MEMBER_DRAFT_BYTES",
    "MEDIA__ANONYMOUS_DRAFTS",
    "MEDIA__ANONYMOUS_DRAFT_BYTES",
];

/// How long a process may take to get ready, or to end after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(40);

/// The program of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Web,
    Worker,
    Scheduler,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Web => "pawdium-web",
            Self::Worker => "pawdium-worker",
            Self::Scheduler => "pawdium-scheduler",
        }
    }
}

/// A process of the site, running or not.
#[derive(Debug)]
struct SiteMember {
    program: Program,
    name: String,
    /// The listening socket of a web process. It outlives the process, like a socket of systemd.
    socket: Option<TcpListener>,
    process: Option<Process>,
}

impl SiteMember {
    fn address(&self) -> Option<SocketAddr> {
        self.socket.as_ref()?.local_addr().ok()
    }
}

/// The URLs of the servers that the site needs.
pub(super) struct Servers<'a> {
    pub(super) database: &'a str,
    pub(super) redis: &'a str,
    pub(super) mail: &'a str,
}

/// All processes of the site.
#[derive(Debug)]
pub(super) struct Site {
    programs: PathBuf,
    folder: PathBuf,
    variables: BTreeMap<String, String>,
    members: Vec<SiteMember>,
}

impl Site {
    /// Prepares the processes without starting them. `programs` is the folder of the programs; logs, media and mail go to
    /// `folder`.
    pub(super) fn new(programs: &Path, folder: &Path, servers: &Servers<'_>) -> Result<Self> {
        let mut members = Vec::new();
        for (program, count) in [(Program::Web, 2), (Program::Worker, 2), (Program::Scheduler, 1)] {
            for number in 1..=count {
                let socket = if program == Program::Web { Some(open_socket()?) } else { None };
                members.push(SiteMember {
                    program,
                    name: format!("{}-{number}", program.name()),
                    socket,
                    process: None,
                });
            }
        }
        let base = members.iter().find_map(SiteMember::address).context("there is a web process")?;
        let mut variables = variables(folder, servers)?;
        variables.insert("PAWDIUM_WEB__BASE_URL".to_owned(), format!("http://{base}/"));
        Ok(Self { programs: programs.to_owned(), folder: folder.to_owned(), variables, members })
    }

    /// The URLs of the web processes.
    pub(super) fn webs(&self) -> Result<Vec<Url>> {
        let addresses = self.members.iter().filter_map(SiteMember::address);
        addresses.map(|address| Ok(Url::parse(&format!("http://{address}/"))?)).collect()
    }

    /// The site's media store.
    pub(super) fn store(&self) -> Result<MediaStore> {
        let sources = Sources { variables: self.variables.clone(), ..Sources::default() };
        MediaStore::open(&Config::from_sources(&sources)?.media)
    }

    /// Starts all processes that aren't running.
    pub(super) fn start_all(&mut self) -> Result<()> {
        (0..self.members.len()).try_for_each(|member| self.start(member))
    }

    /// Starts a process, unless it runs.
    pub(super) fn start(&mut self, member: usize) -> Result<()> {
        let SiteMember { program, name, socket, process } = &mut self.members[member];
        if process.is_some() {
            return Ok(());
        }
        let path = self.programs.join(program.name());
        anyhow::ensure!(path.exists(), "{} is missing: cargo build --workspace --bins", path.display());
        let mut command = match socket {
            Some(socket) => pass_socket(socket, &path),
            None => die_with_parent("KILL", path),
        };
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder);
        command.envs(&self.variables).current_dir(&self.folder);
        *process = Some(Process::start(command, &self.folder.join(format!("{name}.log")))?);
        Ok(())
    }

    /// The running processes of a program.
    pub(super) fn up(&self, program: Program) -> Vec<usize> {
        let up = |member: &SiteMember| member.program == program && member.process.is_some();
        (0..self.members.len()).filter(|&member| up(&self.members[member])).collect()
    }

    /// Kills a process with SIGKILL.
    pub(super) async fn kill(&mut self, member: usize) -> Result<()> {
        match self.members[member].process.take() {
            Some(mut process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Sends SIGTERM to a process.
    pub(super) fn terminate(&self, member: usize) {
        self.members[member].process.iter().for_each(Process::terminate);
    }

    /// The exit status of a process, once it has ended.
    pub(super) fn ended(&mut self, member: usize) -> Option<std::process::ExitStatus> {
        let status = self.members[member].process.as_mut().and_then(Process::ended);
        if status.is_some() {
            self.members[member].process = None;
        }
        status
    }

    /// Sends SIGTERM to all processes of a program and waits for their end. Returns those that failed.
    pub(super) async fn stop(&mut self, program: Program) -> Vec<String> {
        let mut failed = Vec::new();
        for member in self.up(program) {
            self.terminate(member);
        }
        for member in self.members.iter_mut().filter(|member| member.program == program) {
            let Some(mut process) = member.process.take() else { continue };
            match tokio::time::timeout(PATIENCE, process.wait()).await {
                Ok(Ok(status)) if status.success() => {}
                ended => failed.push(format!("{}: {ended:?}", member.name)),
            }
        }
        failed
    }

    /// The processes that have ended without being told to.
    pub(super) fn fallen(&mut self, told: &[usize]) -> Vec<String> {
        let mut fallen = Vec::new();
        for (number, member) in self.members.iter_mut().enumerate() {
            let ended = member.process.as_mut().filter(|_| !told.contains(&number)).and_then(Process::ended);
            if let Some(status) = ended {
                member.process = None;
                fallen.push(format!("{} ended by itself: {status}", member.name));
            }
        }
        fallen
    }

    /// Whether a web process answers.
    pub(super) async fn is_web_up(&self, http: &Client, member: usize) -> bool {
        let Some(address) = self.members[member].address() else { return true };
        let asked =
            http.get(format!("http://{address}/healthz")).timeout(Duration::from_millis(500)).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits until all web processes and the servers that they need are ready.
    pub(super) async fn until_ready(&self, http: &Client) -> Result<()> {
        let begin = Instant::now();
        for web in self.webs()? {
            let url = web.join("readyz")?;
            loop {
                let asked = http.get(url.clone()).timeout(Duration::from_secs(3)).send().await;
                if asked.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
                if begin.elapsed() > PATIENCE {
                    bail!("{url} is not ready; the logs are in {}", self.folder.display());
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }
}

fn variables(folder: &Path, servers: &Servers<'_>) -> Result<BTreeMap<String, String>> {
    let config = folder.join("pawdium.toml");
    std::fs::write(&config, "").context("writing an empty configuration")?;
    let media = folder.join("media");
    std::fs::create_dir_all(&media)?;
    let media =
        Url::from_directory_path(media).map_err(|()| anyhow::anyhow!("the folder has no absolute path"))?;
    let set = [
        ("CONFIG", config.display().to_string()),
        ("DATABASE__URL", servers.database.to_owned()),
        ("DATABASE__MAX_CONNECTIONS", "8".to_owned()),
        ("REDIS__URL", servers.redis.to_owned()),
        ("MEDIA__STORE", media.to_string()),
        ("MAIL__SMTP_URL", servers.mail.to_owned()),
        ("SECURITY__SECRET", "only for a storm: thirty-two characters and some more".to_owned()),
        ("SECURITY__REPORTS_TO_HIDE", "1".to_owned()),
        ("WEB__DRAIN_SECONDS", "5".to_owned()),
        ("WORKER__DRAIN_SECONDS", "5".to_owned()),
    ];
    let set = set.into_iter().chain(UNLIMITED.map(|name| (name, "0".to_owned())));
    // Nobody reads the mails of this town.
    let set = set.chain([("SECURITY__VERIFIED_ONLY", "[]".to_owned())]);
    Ok(set.map(|(name, value)| (format!("PAWDIUM_{name}"), value)).collect())
}

/// Opens a socket that later processes inherit.
fn open_socket() -> Result<TcpListener> {
    let socket = TcpListener::bind(("127.0.0.1", 0))?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::empty())?;
    Ok(socket)
}

/// The command that starts web with a listening socket (`sd_listen_fds(3)`).
fn pass_socket(socket: &TcpListener, program: &Path) -> Command {
    let mut command = die_with_parent("KILL", "bash");
    let pass = format!("export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" 3<&{}", socket.as_raw_fd());
    command.arg("-c").arg(pass).arg(program);
    command
}
