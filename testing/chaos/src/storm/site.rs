//! The product's own processes: web twice, workers and a scheduler, as an installation runs them.

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

/// The limits that would hide races, each set to none.
const UNLIMITED: [&str; 14] = [
    "SECURITY__REGISTRATIONS_PER_HOUR",
    "SECURITY__LOGINS_PER_MINUTE",
    "SECURITY__RESETS_PER_HOUR",
    "SECURITY__UPLOADS_PER_HOUR",
    "SECURITY__ANONYMOUS_PER_HOUR",
    "SECURITY__GUESSES_PER_ACCOUNT",
    "SECURITY__MAILS_PER_RECIPIENT",
    "SECURITY__ANONYMOUS_UPLOADS_PER_DAY",
    "SECURITY__RATINGS_PER_MINUTE",
    "SECURITY__ADDRESS_RATINGS_PER_MINUTE",
    "MEDIA__MEMBER_DRAFTS",
    "MEDIA__MEMBER_DRAFT_BYTES",
    "MEDIA__ANONYMOUS_DRAFTS",
    "MEDIA__ANONYMOUS_DRAFT_BYTES",
];

/// How long a process may take to be ready, or to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(40);

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Web,
    Worker,
    Scheduler,
}

impl Part {
    fn program(self) -> &'static str {
        match self {
            Self::Web => "pawdium-web",
            Self::Worker => "pawdium-worker",
            Self::Scheduler => "pawdium-scheduler",
        }
    }
}

/// A process, running or not.
#[derive(Debug)]
struct Post {
    part: Part,
    name: String,
    /// Where it listens, if it is web: a socket that outlives it, as systemd holds one.
    socket: Option<TcpListener>,
    process: Option<Process>,
}

impl Post {
    fn address(&self) -> Option<SocketAddr> {
        self.socket.as_ref()?.local_addr().ok()
    }
}

/// What a site stands on.
pub(super) struct Ground<'a> {
    pub(super) database: &'a str,
    pub(super) redis: &'a str,
    pub(super) mail: &'a str,
}

/// All processes.
#[derive(Debug)]
pub(super) struct Site {
    programs: PathBuf,
    folder: PathBuf,
    variables: BTreeMap<String, String>,
    posts: Vec<Post>,
}

impl Site {
    /// Nobody has started yet. Logs, media and mail go to `folder`; the programs lie in another one.
    pub(super) fn new(programs: &Path, folder: &Path, ground: &Ground<'_>) -> Result<Self> {
        let mut posts = Vec::new();
        for (part, count) in [(Part::Web, 2), (Part::Worker, 2), (Part::Scheduler, 1)] {
            for number in 1..=count {
                let socket = if part == Part::Web { Some(open_socket()?) } else { None };
                posts.push(Post {
                    part,
                    name: format!("{}-{number}", part.program()),
                    socket,
                    process: None,
                });
            }
        }
        let base = posts.iter().find_map(Post::address).context("there is a web process")?;
        let mut variables = variables(folder, ground)?;
        variables.insert("PAWDIUM_WEB__BASE_URL".to_owned(), format!("http://{base}/"));
        Ok(Self { programs: programs.to_owned(), folder: folder.to_owned(), variables, posts })
    }

    /// Where the web processes are.
    pub(super) fn webs(&self) -> Result<Vec<Url>> {
        let addresses = self.posts.iter().filter_map(Post::address);
        addresses.map(|address| Ok(Url::parse(&format!("http://{address}/"))?)).collect()
    }

    /// The pictures that it keeps.
    pub(super) fn store(&self) -> Result<MediaStore> {
        let sources = Sources { variables: self.variables.clone(), ..Sources::default() };
        MediaStore::open(&Config::from_sources(&sources)?.media)
    }

    /// Starts each process that isn't running.
    pub(super) fn start_all(&mut self) -> Result<()> {
        (0..self.posts.len()).try_for_each(|post| self.start(post))
    }

    /// Starts one process, unless it runs already.
    pub(super) fn start(&mut self, post: usize) -> Result<()> {
        let Post { part, name, socket, process } = &mut self.posts[post];
        if process.is_some() {
            return Ok(());
        }
        let program = self.programs.join(part.program());
        anyhow::ensure!(program.exists(), "{} is missing: cargo build --workspace --bins", program.display());
        let mut command = match socket {
            Some(socket) => pass_socket(socket, &program),
            None => die_with_parent("KILL", program),
        };
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder);
        command.envs(&self.variables).current_dir(&self.folder);
        *process = Some(Process::start(command, &self.folder.join(format!("{name}.log")))?);
        Ok(())
    }

    /// Those of a part that run.
    pub(super) fn up(&self, part: Part) -> Vec<usize> {
        let up = |post: &Post| post.part == part && post.process.is_some();
        (0..self.posts.len()).filter(|&post| up(&self.posts[post])).collect()
    }

    /// Ends one by SIGKILL.
    pub(super) async fn kill(&mut self, post: usize) -> Result<()> {
        match self.posts[post].process.take() {
            Some(mut process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Tells one to end.
    pub(super) fn terminate(&self, post: usize) {
        self.posts[post].process.iter().for_each(Process::terminate);
    }

    /// Whether one that was told to end has done so, and how.
    pub(super) fn ended(&mut self, post: usize) -> Option<std::process::ExitStatus> {
        let status = self.posts[post].process.as_mut().and_then(Process::ended);
        if status.is_some() {
            self.posts[post].process = None;
        }
        status
    }

    /// Tells all of a part to end and waits for it; answers with those that did not end well.
    pub(super) async fn dismiss(&mut self, part: Part) -> Vec<String> {
        let mut failed = Vec::new();
        for post in self.up(part) {
            self.terminate(post);
        }
        for post in self.posts.iter_mut().filter(|post| post.part == part) {
            let Some(mut process) = post.process.take() else { continue };
            match tokio::time::timeout(PATIENCE, process.wait()).await {
                Ok(Ok(status)) if status.success() => {}
                ended => failed.push(format!("{}: {ended:?}", post.name)),
            }
        }
        failed
    }

    /// Those that have ended though nobody told them to.
    pub(super) fn fallen(&mut self, told: &[usize]) -> Vec<String> {
        let mut fallen = Vec::new();
        for (number, post) in self.posts.iter_mut().enumerate() {
            let ended = post.process.as_mut().filter(|_| !told.contains(&number)).and_then(Process::ended);
            if let Some(status) = ended {
                post.process = None;
                fallen.push(format!("{} ended by itself: {status}", post.name));
            }
        }
        fallen
    }

    /// Whether the web process of a post answers.
    pub(super) async fn is_web_up(&self, http: &Client, post: usize) -> bool {
        let Some(address) = self.posts[post].address() else { return true };
        let asked =
            http.get(format!("http://{address}/healthz")).timeout(Duration::from_millis(500)).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits until every web process is ready, with all that it depends on.
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
                    bail!("{url} does not say that it is ready; logs are in {}", self.folder.display());
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }
}

fn variables(folder: &Path, ground: &Ground<'_>) -> Result<BTreeMap<String, String>> {
    let config = folder.join("pawdium.toml");
    std::fs::write(&config, "").context("writing an empty configuration")?;
    let media = folder.join("media");
    std::fs::create_dir_all(&media)?;
    let media =
        Url::from_directory_path(media).map_err(|()| anyhow::anyhow!("the folder has no whole path"))?;
    let set = [
        ("CONFIG", config.display().to_string()),
        ("DATABASE__URL", ground.database.to_owned()),
        ("DATABASE__MAX_CONNECTIONS", "8".to_owned()),
        ("REDIS__URL", ground.redis.to_owned()),
        ("MEDIA__STORE", media.to_string()),
        ("MAIL__SMTP_URL", ground.mail.to_owned()),
        ("SECURITY__SECRET", "only for a storm: thirty-two characters and some more".to_owned()),
        ("WEB__DRAIN_SECONDS", "5".to_owned()),
        ("WORKER__DRAIN_SECONDS", "5".to_owned()),
    ];
    let set = set.into_iter().chain(UNLIMITED.map(|name| (name, "0".to_owned())));
    Ok(set.map(|(name, value)| (format!("PAWDIUM_{name}"), value)).collect())
}

/// A socket that processes to come inherit.
fn open_socket() -> Result<TcpListener> {
    let socket = TcpListener::bind(("127.0.0.1", 0))?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::empty())?;
    Ok(socket)
}

/// Starts web and passes it a listening socket (`sd_listen_fds(3)`).
fn pass_socket(socket: &TcpListener, program: &Path) -> Command {
    let mut command = die_with_parent("KILL", "bash");
    let pass = format!("export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" 3<&{}", socket.as_raw_fd());
    command.arg("-c").arg(pass).arg(program);
    command
}
