//! A child process, and the signals that tests send to it.

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context as _;
use pawdium_kit::stack::send_signal;
use rustix::process::Signal;
use tokio::process::Child;

/// A child process. It is killed when it is dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts a command, and appends its output to `log`.
    ///
    /// # Errors
    /// If it can't be started.
    pub fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut command = tokio::process::Command::from(command);
        Ok(Self(command.kill_on_drop(true).spawn().context("starting a process")?))
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.0.id()
    }

    /// Its exit status, once it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Kills it with SIGKILL.
    ///
    /// # Errors
    /// The system's.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.0.kill().await.context("killing a process")
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        send_signal(self.0.id(), Signal::TERM);
    }

    /// Stops it with SIGSTOP.
    pub fn freeze(&self) {
        send_signal(self.0.id(), Signal::STOP);
    }

    /// Continues it with SIGCONT.
    pub fn thaw(&self) {
        send_signal(self.0.id(), Signal::CONT);
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// The system's.
    pub async fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        self.0.wait().await.context("waiting for a process")
    }
}
