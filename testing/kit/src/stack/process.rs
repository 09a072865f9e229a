//! A server process that ends with ours.

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

/// How long a server gets to stop by itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of a log an error shows, in bytes.
const LOG_END: u64 = 2000;

/// A command that gets `signal` (as `TERM`) when the thread that starts it ends, kill -9 of the whole process included.
pub fn die_with_parent(signal: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal, "--"]).arg(program);
    command
}

/// Sends a signal to a process, which may have ended meanwhile.
pub fn send_signal(pid: Option<u32>, signal: Signal) {
    let pid = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, signal);
    }
}

/// What it takes to start a server.
pub(super) struct Server<'a> {
    pub(super) name: &'static str,
    pub(super) program: &'a Path,
    /// The folder that it works in; with another account, the server finds it as [`Server::home`].
    pub(super) folder: &'a Path,
    pub(super) account: &'a Account,
    pub(super) log: PathBuf,
    /// The signal that stops it cleanly.
    pub(super) stop: Signal,
}

impl Server<'_> {
    /// The path by which the server reaches its folder. Another account may not get through the folders above it, such
    /// as root's home, so there the folder is handed over open.
    pub(super) fn home(&self) -> PathBuf {
        match self.account {
            Account::Same => self.folder.to_owned(),
            Account::Other { .. } => PathBuf::from("/proc/self/fd/9"),
        }
    }

    /// A command that runs `program` in this server's account, and ends with this process.
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
        // A group of its own, so that Ctrl-C reaches us alone and we choose the order in which things stop.
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

/// A server that was started.
#[derive(Debug)]
pub(super) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
    /// Where this run begins in the log, in bytes.
    begin: u64,
    stop: Signal,
}

impl Process {
    /// Asks until `is_ready` says yes; an error when the server ends before, or takes longer than `PATIENCE`.
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

    /// Stops it, first politely.
    pub(super) async fn stop(mut self) {
        self.end_by(self.stop).await;
    }

    /// Ends it by a signal, and kills it when it does not mind.
    pub(super) async fn end_by(&mut self, signal: Signal) {
        send_signal(self.child.id(), signal);
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
            tracing::warn!(server = self.name, "does not stop by itself and is killed");
            let _ = self.child.kill().await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The number of a child that was waited for is None here, so nobody else's process is meant.
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

/// Waits until what an earlier run of `program` left working in `folder` has ended, and ends it when it does not: a
/// server whose parent was killed is told to stop, and may still be at it; so may the children of one that was killed.
pub(super) async fn wait_for_earlier(folder: &Path, program: &Path) -> Result<()> {
    let begin = Instant::now();
    loop {
        let earlier = working_in(folder, program)?;
        if earlier.is_empty() {
            return Ok(());
        }
        if begin.elapsed() > PATIENCE {
            tracing::warn!(?earlier, "an earlier run does not end and is killed");
            for pid in earlier {
                send_signal(Some(pid), Signal::KILL);
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The processes that run `program` and have `folder` as their working directory, as Postgres and Redis both do.
fn working_in(folder: &Path, program: &Path) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").context("looking for an earlier run")?.flatten() {
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

/// Whether the kernel shows `program` as `name`, of which it keeps 15 bytes (proc(5), `/proc/[pid]/comm`).
fn is_name_of(name: &str, program: &Path) -> bool {
    let file = program.file_name().unwrap_or_default().as_encoded_bytes();
    name.trim_end().as_bytes() == &file[..file.len().min(15)]
}
