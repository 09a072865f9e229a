//! The processes of a test that play a role.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use pawdium_kit::stack::die_with_parent;

use crate::process::Process;
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
        let mut command = die_with_parent("KILL", &self.program);
        command.arg("role").arg(serde_json::to_string(&role)?).envs(variables.iter().copied());
        let process = Process::start(command, &self.folder.join(format!("{}.log", role.name())))?;
        Ok(Actor { role, process })
    }
}

/// A process that plays a role.
#[derive(Debug)]
pub struct Actor {
    role: Role,
    process: Process,
}

impl Actor {
    /// Its role.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }
}

impl Deref for Actor {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Actor {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}
