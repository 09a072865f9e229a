//! The processes of a run.

use std::path::Path;

use anyhow::ensure;
use chrono::{TimeDelta, Utc};
use pawdium_shared::queues;

use crate::launch::{Launcher, RoleProcess};
use crate::roles::{Enqueuer, Role, Scheduler, Serves, Worker};

/// The period of the run's schedules, in seconds.
pub(super) const PERIOD: i64 = 5;

/// The memory of a worker, in MiB: enough for normal jobs, and used up quickly by a job that takes it all.
const MEMORY_MB: u64 = 1024;

/// The suffix of a worker's second name.
const RENAMED: &str = "-renamed";

/// Transactions a second of each enqueuer.
const RATE: u32 = 90;

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProcessKind {
    /// A worker that faults may hit.
    Worker,
    /// The worker that no fault hits.
    Survivor,
    Enqueuer,
    Scheduler,
}

/// A process of the fleet, running or not.
#[derive(Debug)]
struct Member {
    kind: ProcessKind,
    role: Role,
    /// The error of its clock.
    shift: TimeDelta,
    process: Option<RoleProcess>,
    is_frozen: bool,
}

/// All processes of a run.
#[derive(Debug)]
pub(super) struct Fleet {
    launcher: Launcher,
    members: Vec<Member>,
    /// The number of enqueuers started so far.
    starts: u16,
}

impl Fleet {
    /// Prepares the processes without starting them. `direct` and `relayed` are URLs of the database.
    pub(super) fn new(launcher: Launcher, direct: &str, relayed: &str, seed: u64) -> Self {
        let folder = launcher.folder().to_owned();
        let mut roles = vec![
            (ProcessKind::Worker, worker("worker-direct", direct, 8, &folder)),
            (ProcessKind::Worker, worker("worker-relayed", relayed, 8, &folder)),
            (ProcessKind::Worker, worker("worker-single", relayed, 1, &folder)),
            (ProcessKind::Survivor, survivor(direct, &folder)),
        ];
        for (number, url) in [direct, relayed].into_iter().enumerate() {
            let name = format!("enqueuer-{number}");
            let (database, folder) = (url.to_owned(), folder.clone());
            let role = Enqueuer { name, database, folder, start: 0, seed, per_second: RATE };
            roles.push((ProcessKind::Enqueuer, Role::Enqueuer(role)));
        }
        for number in 0..3 {
            let role = Scheduler {
                name: format!("scheduler-{number}"),
                database: direct.to_owned(),
                cron: format!("*/{PERIOD} * * * * *"),
                begin: None,
                pace: 1,
            };
            roles.push((ProcessKind::Scheduler, Role::Scheduler(role)));
        }
        let members = roles.into_iter().map(|(kind, role)| Member {
            kind,
            role,
            shift: TimeDelta::zero(),
            process: None,
            is_frozen: false,
        });
        Self { launcher, members: members.collect(), starts: 0 }
    }

    /// The folder of logs and ledgers.
    pub(super) fn folder(&self) -> &Path {
        self.launcher.folder()
    }

    /// Starts all processes that aren't running.
    pub(super) fn start_all(&mut self) -> anyhow::Result<()> {
        (0..self.members.len()).try_for_each(|member| self.start(member))
    }

    /// Starts a process, unless it runs.
    pub(super) fn start(&mut self, member: usize) -> anyhow::Result<()> {
        let Member { role, shift, process, .. } = &mut self.members[member];
        if process.is_some() {
            return Ok(());
        }
        match role {
            Role::Worker(_) => {}
            Role::Enqueuer(role) => {
                self.starts += 1;
                role.start = self.starts;
            }
            Role::Scheduler(role) => role.begin = Some(Utc::now() + *shift),
        }
        *process = Some(self.launcher.launch(role.clone())?);
        Ok(())
    }

    /// Switches a worker between its two names.
    pub(super) fn rename(&mut self, member: usize) {
        if let Role::Worker(role) = &mut self.members[member].role {
            role.name = match role.name.strip_suffix(RENAMED) {
                Some(name) => name.to_owned(),
                None => format!("{}{RENAMED}", role.name),
            };
        }
    }

    /// The processes of a kind that run and are not frozen.
    pub(super) fn up(&self, kind: ProcessKind) -> Vec<usize> {
        let up = |member: &Member| member.kind == kind && member.process.is_some() && !member.is_frozen;
        (0..self.members.len()).filter(|&member| up(&self.members[member])).collect()
    }

    /// The processes that have ended by themselves since the last call. The survivor must not be one of them.
    pub(super) fn fallen(&mut self) -> anyhow::Result<Vec<usize>> {
        let mut fallen = Vec::new();
        for (number, member) in self.members.iter_mut().enumerate() {
            let Some(status) = member.process.as_mut().and_then(|process| process.ended()) else { continue };
            ensure!(member.kind != ProcessKind::Survivor, "the survivor ended: {status}");
            member.process = None;
            member.is_frozen = false;
            fallen.push(number);
        }
        Ok(fallen)
    }

    /// Sends SIGTERM to all processes of a kind and waits for their end. Returns those that failed.
    pub(super) async fn stop(&mut self, kind: ProcessKind) -> anyhow::Result<Vec<String>> {
        let mut failed = Vec::new();
        for member in self.members.iter().filter(|member| member.kind == kind) {
            member.process.iter().for_each(|process| process.terminate());
        }
        for member in self.members.iter_mut().filter(|member| member.kind == kind) {
            let Some(mut process) = member.process.take() else { continue };
            match tokio::time::timeout(std::time::Duration::from_secs(30), process.wait()).await {
                Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => {}
                ended => failed.push(format!("{}: {ended:?}", member.role.name())),
            }
        }
        Ok(failed)
    }

    /// Kills a process with SIGKILL.
    pub(super) async fn kill(&mut self, member: usize) -> anyhow::Result<()> {
        match self.members[member].process.take() {
            Some(mut process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Sends SIGTERM to a process. [`Fleet::fallen`] sees its end.
    pub(super) fn terminate(&self, member: usize) {
        self.members[member].process.iter().for_each(|process| process.terminate());
    }

    /// Shifts a scheduler's clock from its next start on.
    pub(super) fn shift_clock(&mut self, member: usize, shift: TimeDelta) {
        self.members[member].shift = shift;
    }

    /// Stops a process with SIGSTOP.
    pub(super) fn freeze(&mut self, member: usize) {
        self.members[member].process.iter().for_each(|process| process.freeze());
        self.members[member].is_frozen = true;
    }

    /// Continues a process with SIGCONT.
    pub(super) fn thaw(&mut self, member: usize) {
        self.members[member].process.iter().for_each(|process| process.thaw());
        self.members[member].is_frozen = false;
    }

    /// Continues all processes.
    pub(super) fn thaw_all(&mut self) {
        for member in &mut self.members {
            member.process.iter().for_each(|process| process.thaw());
            member.is_frozen = false;
        }
    }
}

fn worker(name: &str, database: &str, connections: u32, folder: &Path) -> Role {
    let serves = [
        (queues::MEDIA, 4, 0),
        (queues::MAIL, 4, 4),
        (queues::RANKING, 2, 0),
        (queues::CACHE, 8, 32),
        (queues::METRICS, 8, 100),
    ];
    Role::Worker(Worker {
        name: name.to_owned(),
        database: database.to_owned(),
        connections,
        serves: serves.map(|(queue, concurrency, prefetch)| Serves::new(queue, concurrency, prefetch)).into(),
        drain_ms: 1000,
        memory_mb: MEMORY_MB,
        folder: folder.to_owned(),
    })
}

/// A worker that runs one job at a time, and prefetches 49.
fn survivor(database: &str, folder: &Path) -> Role {
    Role::Worker(Worker {
        name: "survivor".to_owned(),
        database: database.to_owned(),
        connections: 3,
        serves: vec![Serves::new(queues::UPKEEP, 1, 49)],
        drain_ms: 1000,
        memory_mb: MEMORY_MB,
        folder: folder.to_owned(),
    })
}
