//! The processes of a test, and what may happen to a process.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::Context as _;
use pawdium_cli::stack::{die_with_parent, send_signal};
use rustix::process::Signal;
use tokio::process::Child;

use crate::roles::Role;

/// Starts processes of this program.
#[derive(Clone, Debug)]
pub struct Stage {
    program: PathBuf,
    folder: PathBuf,
}

impl Stage {
    /// `program` is `pawdium-chaos` itself; logs and ledgers go to `folder`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), folder: folder.into() }
    }

    /// Where logs and ledgers are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a process that plays `role`, and ends with the thread that called this.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn enter(&self, role: Role) -> anyhow::Result<Actor> {
        self.enter_in(role, &[])
    }

    /// The same with some environment variables.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn enter_in(&self, role: Role, variables: &[(&str, &str)]) -> anyhow::Result<Actor> {
        let log = self.folder.join(format!("{}.log", role.name()));
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = die_with_parent("KILL", &self.program);
        command.arg("role").arg(serde_json::to_string(&role)?).envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut command = tokio::process::Command::from(command);
        let child = command.kill_on_drop(true).spawn().context("starting a process")?;
        Ok(Actor { role, child })
    }
}

/// A process that plays a role.
#[derive(Debug)]
pub struct Actor {
    role: Role,
    child: Child,
}

impl Actor {
    /// Its role.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Ends it by SIGKILL.
    ///
    /// # Errors
    /// When the system does not let us.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("killing a process")
    }

    /// Tells it to end.
    pub fn terminate(&self) {
        send_signal(self.child.id(), Signal::TERM);
    }

    /// Takes its processor away.
    pub fn freeze(&self) {
        send_signal(self.child.id(), Signal::STOP);
    }

    /// Gives it back.
    pub fn thaw(&self) {
        send_signal(self.child.id(), Signal::CONT);
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When the system does not let us.
    pub async fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        self.child.wait().await.context("waiting for a process")
    }
}
