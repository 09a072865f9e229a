//! Server processes that end with ours.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

use super::account::Account;

/// How long a server may take to start or stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a log shown in errors.
const LOG_END: u64 = 2000;

/// A command that gets `signal` (such as `TERM`) when the thread that starts it ends, even if the process is killed
/// with -9.
pub fn die_with_parent(signal: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal, "--"]).arg(program);
    command
}

/// Sends a signal to a process, which may already have ended.
pub fn send_signal(pid: Option<u32>, signal: Signal) {
    let pid = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, signal);
    }
}

/// How to start a server.
pub(super) struct Server<'a> {
    pub(super) name: &'static str,
    pub(super) program: &'a Path,
    /// Its working directory. With another account, the server reaches it through [`Server::home`].
    pub(super) folder: &'a Path,
    pub(super) account: &'a Account,
    pub(super) log: PathBuf,
    /// The signal for a clean stop.
    pub(super) stop: Signal,
}

impl Server<'_> {
    /// The path by which the server reaches its folder. Another account may lack access to parent folders such as
    /// root's home, so it inherits the open folder as a descriptor.
    pub(super) fn home(&self) -> PathBuf {
        match self.account {
            Account::Same => self.folder.to_owned(),
            Account::Other { .. } => PathBuf::from("/proc/self/fd/9"),
        }
    }

    /// A command that runs `program` as this server's account and ends with this process.
    pub(super) fn command(&self, program: &Path) -> Command {
        let signal = if self.stop == Signal::INT { "INT" } else { "TERM" };
        let mut command = match self.account {
            Account::Same => die_with_parent(signal, program),
            Account::Other { uid, gid } => {
                let mut command = Command::new("sh");
                command.args(["-c", r#"exec 9<"$0"; exec setpriv "$@""#]).arg(self.folder);
                command.args(["--pdeathsig", signal, "--clear-groups"]);
                command.args([format!("--reuid={uid}"), format!("--regid={gid}")]).arg("--").arg(program);
                command
            }
        };
        command.stdin(Stdio::null()).current_dir("/");
        command
    }

    pub(super) fn start(&self, arguments: &[String]) -> Result<Process> {
        let mut command = self.command(self.program);
        command.args(arguments);
        let log = open_log(&self.log)?;
        // A separate process group, so that only we get Ctrl-C and decide the order of stopping.
        command.process_group(0).stdout(log.try_clone()?).stderr(log);
        let begin = fs::metadata(&self.log)?.len();
        let child = tokio::process::Command::from(command)
            .spawn()
            .with_context(|| format!("starting {} (is setpriv, of util-linux, installed?)", self.name))?;
        Ok(Process { name: self.name, child, log: self.log.clone(), begin, stop: self.stop })
    }
}

fn open_log(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("opening {}", path.display()))
}

/// A running server.
#[derive(Debug)]
pub(super) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
    /// The log's length in bytes at the start of this run.
    begin: u64,
    stop: Signal,
}

impl Process {
    /// Polls `is_ready` until it is true. Fails if the server ends first or takes longer than `PATIENCE`.
    pub(super) async fn wait_until_ready(&mut self, mut is_ready: impl AsyncFnMut() -> bool) -> Result<()> {
        let begin = Instant::now();
        while !is_ready().await {
            if let Some(status) = self.child.try_wait()? {
                return Err(self.ended(status));
            }
            if begin.elapsed() > PATIENCE {
                return Err(anyhow!("{} is not ready after {PATIENCE:?}; {}", self.name, self.last_words()));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        Ok(())
    }

    /// Returns when the server ends.
    pub(super) async fn failed(&mut self) -> anyhow::Error {
        match self.child.wait().await {
            Ok(status) => self.ended(status),
            Err(error) => anyhow::Error::new(error).context(format!("waiting for {}", self.name)),
        }
    }

    fn ended(&self, status: ExitStatus) -> anyhow::Error {
        anyhow!("{} ended ({status}); {}", self.name, self.last_words())
    }

    fn last_words(&self) -> String {
        let log = self.log.display();
        match end_of(&self.log, self.begin) {
            Ok(text) => format!("{log} says:\n{}", text.trim_end()),
            Err(error) => format!("{log} can't be read: {error}"),
        }
    }

    /// Stops it gracefully, then forcibly.
    pub(super) async fn stop(mut self) {
        self.end_by(self.stop).await;
    }

    /// Ends it with a signal, and kills it if that doesn't help.
    pub(super) async fn end_by(&mut self, signal: Signal) {
        send_signal(self.child.id(), signal);
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
            tracing::warn!(server = self.name, "the server didn't stop in time; killing it");
            let _ = self.child.kill().await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // `None` after the child was reaped, so the signal can't hit another process with its id.
        send_signal(self.child.id(), self.stop);
    }
}

fn end_of(path: &Path, begin: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(begin.max(length.saturating_sub(LOG_END))))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Waits for servers that an earlier run left working in `folder`, and kills them if they don't end. A server whose
/// parent was killed is told to stop but may take a while, and so may the children of a killed one.
pub(super) async fn wait_for_earlier(folder: &Path, program: &Path) -> Result<()> {
    let begin = Instant::now();
    loop {
        let earlier = working_in(folder, program)?;
        if earlier.is_empty() {
            return Ok(());
        }
        if begin.elapsed() > PATIENCE {
            tracing::warn!(?earlier, "an earlier run didn't end in time; killing it");
            for pid in earlier {
                send_signal(Some(pid), Signal::KILL);
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The processes of `program` whose working directory is `folder`, as it is for Postgres and Redis.
fn working_in(folder: &Path, program: &Path) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").context("searching for an earlier run")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let works_here = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == folder);
        if works_here
            && fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| is_name_of(&name, program))
        {
            found.push(pid);
        }
    }
    Ok(found)
}

/// Whether `name` is how the kernel shows `program`, cut to 15 bytes (proc(5), `/proc/[pid]/comm`).
fn is_name_of(name: &str, program: &Path) -> bool {
    let file = program.file_name().unwrap_or_default().as_encoded_bytes();
    name.trim_end().as_bytes() == &file[..file.len().min(15)]
}
