//! The processes of a run: who there is, who is down, and who comes back when.

use std::path::Path;

use anyhow::ensure;
use chrono::{TimeDelta, Utc};

use crate::cast::{Actor, Stage};
use crate::roles::{Enqueuer, Role, Scheduler, Serves, Worker};
use pawdium_shared::queues;

/// Seconds between two ticks of the run's schedules.
pub(super) const PERIOD: i64 = 5;

/// Memory enough for a worker, in MiB, and soon taken by one that wants it all.
const MEMORY_MB: u64 = 1024;

/// Ends a worker's other name.
const RENAMED: &str = "-renamed";

/// Transactions a second of each enqueuer.
const RATE: u32 = 90;

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A worker that faults meet.
    Worker,
    /// The worker that is left alive.
    Survivor,
    Enqueuer,
    Scheduler,
}

/// A process, running or not.
#[derive(Debug)]
struct Post {
    part: Part,
    role: Role,
    /// By how much its clock is wrong.
    shift: TimeDelta,
    actor: Option<Actor>,
    is_frozen: bool,
}

/// All processes.
#[derive(Debug)]
pub(super) struct Troupe {
    stage: Stage,
    posts: Vec<Post>,
    /// The next enqueuer's number.
    starts: u16,
}

impl Troupe {
    /// Nobody has started yet. `direct` and `relayed` are URLs of the database.
    pub(super) fn new(stage: Stage, direct: &str, relayed: &str, seed: u64) -> Self {
        let folder = stage.folder().to_owned();
        let mut roles = vec![
            (Part::Worker, worker("worker-direct", direct, 8, &folder)),
            (Part::Worker, worker("worker-relayed", relayed, 8, &folder)),
            (Part::Worker, worker("worker-single", relayed, 1, &folder)),
            (Part::Survivor, survivor(direct, &folder)),
        ];
        for (number, url) in [direct, relayed].into_iter().enumerate() {
            let name = format!("enqueuer-{number}");
            let (database, folder) = (url.to_owned(), folder.clone());
            let role = Enqueuer { name, database, folder, start: 0, seed, per_second: RATE };
            roles.push((Part::Enqueuer, Role::Enqueuer(role)));
        }
        for number in 0..3 {
            let role = Scheduler {
                name: format!("scheduler-{number}"),
                database: direct.to_owned(),
                cron: format!("*/{PERIOD} * * * * *"),
                begin: None,
                pace: 1,
            };
            roles.push((Part::Scheduler, Role::Scheduler(role)));
        }
        let posts = roles.into_iter().map(|(part, role)| Post {
            part,
            role,
            shift: TimeDelta::zero(),
            actor: None,
            is_frozen: false,
        });
        Self { stage, posts: posts.collect(), starts: 0 }
    }

    /// Where logs and ledgers are.
    pub(super) fn folder(&self) -> &Path {
        self.stage.folder()
    }

    /// Starts each process that isn't running.
    pub(super) fn start_all(&mut self) -> anyhow::Result<()> {
        (0..self.posts.len()).try_for_each(|post| self.start(post))
    }

    /// Starts one process, unless it runs already.
    pub(super) fn start(&mut self, post: usize) -> anyhow::Result<()> {
        let Post { role, shift, actor, .. } = &mut self.posts[post];
        if actor.is_some() {
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
        *actor = Some(self.stage.enter(role.clone())?);
        Ok(())
    }

    /// Gives a worker another name, or its first one back.
    pub(super) fn rename(&mut self, post: usize) {
        if let Role::Worker(role) = &mut self.posts[post].role {
            role.name = match role.name.strip_suffix(RENAMED) {
                Some(name) => name.to_owned(),
                None => format!("{}{RENAMED}", role.name),
            };
        }
    }

    /// Those of a part that run and are not frozen.
    pub(super) fn up(&self, part: Part) -> Vec<usize> {
        let up = |post: &Post| post.part == part && post.actor.is_some() && !post.is_frozen;
        (0..self.posts.len()).filter(|&post| up(&self.posts[post])).collect()
    }

    /// Those that have ended by themselves since the last look. None of them may be the survivor.
    pub(super) fn fallen(&mut self) -> anyhow::Result<Vec<usize>> {
        let mut fallen = Vec::new();
        for (number, post) in self.posts.iter_mut().enumerate() {
            let Some(status) = post.actor.as_mut().and_then(|actor| actor.ended()) else { continue };
            ensure!(post.part != Part::Survivor, "the survivor ended: {status}");
            post.actor = None;
            post.is_frozen = false;
            fallen.push(number);
        }
        Ok(fallen)
    }

    /// Tells all of a part to end and waits for it; answers with those that did not end well.
    pub(super) async fn dismiss(&mut self, part: Part) -> anyhow::Result<Vec<String>> {
        let mut failed = Vec::new();
        for post in self.posts.iter().filter(|post| post.part == part) {
            post.actor.iter().for_each(|actor| actor.terminate());
        }
        for post in self.posts.iter_mut().filter(|post| post.part == part) {
            let Some(mut actor) = post.actor.take() else { continue };
            match tokio::time::timeout(std::time::Duration::from_secs(30), actor.wait()).await {
                Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => {}
                ended => failed.push(format!("{}: {ended:?}", post.role.name())),
            }
        }
        Ok(failed)
    }

    /// Ends one by SIGKILL.
    pub(super) async fn kill(&mut self, post: usize) -> anyhow::Result<()> {
        match self.posts[post].actor.take() {
            Some(mut actor) => actor.kill().await,
            None => Ok(()),
        }
    }

    /// Tells one to end; that it did is seen by [`Troupe::fallen`].
    pub(super) fn terminate(&self, post: usize) {
        self.posts[post].actor.iter().for_each(|actor| actor.terminate());
    }

    /// Has a scheduler's clock be wrong from its next start on.
    pub(super) fn shift_clock(&mut self, post: usize, shift: TimeDelta) {
        self.posts[post].shift = shift;
    }

    /// Takes one's processor away.
    pub(super) fn freeze(&mut self, post: usize) {
        self.posts[post].actor.iter().for_each(|actor| actor.freeze());
        self.posts[post].is_frozen = true;
    }

    /// Gives it back.
    pub(super) fn thaw(&mut self, post: usize) {
        self.posts[post].actor.iter().for_each(|actor| actor.thaw());
        self.posts[post].is_frozen = false;
    }

    /// Gives everybody back their processor.
    pub(super) fn thaw_all(&mut self) {
        for post in &mut self.posts {
            post.actor.iter().for_each(|actor| actor.thaw());
            post.is_frozen = false;
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

/// One job at a time, and the rest of fifty claimed ahead.
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
