//! Launches the processes of a test, each with a role.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use pawdium_kit::stack::die_with_parent;

use crate::process::Process;
use crate::roles::Role;

/// Launches processes of this program.
#[derive(Clone, Debug)]
pub struct Launcher {
    program: PathBuf,
    folder: PathBuf,
}

impl Launcher {
    /// A launcher of `program`, which is `pawdium-chaos` itself. Logs and ledgers go to `folder`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), folder: folder.into() }
    }

    /// The folder of logs and ledgers.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Launches a process with a role. The kernel kills it when the calling thread ends.
    ///
    /// # Errors
    /// If it can't be started.
    pub fn launch(&self, role: Role) -> anyhow::Result<RoleProcess> {
        self.launch_with(role, &[])
    }

    /// Like [`launch`](Self::launch), with environment variables.
    ///
    /// # Errors
    /// If it can't be started.
    pub fn launch_with(&self, role: Role, variables: &[(&str, &str)]) -> anyhow::Result<RoleProcess> {
        let mut command = die_with_parent("KILL", &self.program);
        command.arg("role").arg(serde_json::to_string(&role)?).envs(variables.iter().copied());
        let process = Process::start(command, &self.folder.join(format!("{}.log", role.name())))?;
        Ok(RoleProcess { role, process })
    }
}

/// A process with a role.
#[derive(Debug)]
pub struct RoleProcess {
    role: Role,
    process: Process,
}

impl RoleProcess {
    /// Its role.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }
}

impl Deref for RoleProcess {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for RoleProcess {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}
