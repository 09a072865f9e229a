//! The contenders, how to start them, and how to see that their work is finished.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use pawdium_bench::target;
use pawdium_kit::stack::die_with_parent;

/// A queue to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    /// Name in the table and on the command line.
    pub(crate) name: &'static str,
    /// Settings for the table's notes.
    pub(crate) settings: &'static str,
    /// Whether our own queue is compared with it.
    pub(crate) is_peer: bool,
    pub(crate) store: Store,
    /// The fraction of the backlog used for its throughput.
    part: u64,
    program: Program,
}

/// Where a contender keeps its jobs, and how to find unfinished ones.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Store {
    /// A query for one boolean.
    Postgres { unfinished: &'static str },
    /// Keys. Empty lists, sets and hashes don't exist.
    Redis { unfinished: &'static [&'static str] },
}

#[derive(Clone, Copy, Debug)]
enum Program {
    /// This program.
    Ourselves,
    /// A file of `peers/node`.
    Node { file: &'static str, batched: bool },
    /// `peers/celery`, in an environment in the target folder.
    Celery,
    /// `peers/apalis-postgres`, built in the target folder.
    Apalis { batched: bool },
}

/// The contender that the peers are compared with.
pub(crate) const OURS: &str = "ours";
/// Ours with history.
pub(crate) const OURS_WITH_HISTORY: &str = "ours-with-history";

const OUR_STORE: Store = Store::Postgres { unfinished: "select exists (select from jobs)" };
const GRAPHILE_STORE: Store =
    Store::Postgres { unfinished: "select exists (select from graphile_worker._private_jobs)" };
const PG_BOSS_STORE: Store = Store::Postgres {
    unfinished: "select exists (select from pgboss.job where name = 'bench' and state < 'completed')",
};
const APALIS_STORE: Store =
    Store::Postgres { unfinished: "select exists (select from apalis.jobs where status <> 'Done')" };

/// All contenders in table order.
pub(crate) const ALL: &[Contender] = &[
    Contender {
        name: OURS,
        settings: "concurrency 24, claims ahead as the worker does for short jobs, done jobs are deleted",
        is_peer: false,
        store: OUR_STORE,
        part: 1,
        program: Program::Ourselves,
    },
    Contender {
        name: OURS_WITH_HISTORY,
        settings: "as ours, done jobs are kept in the history for 24 hours",
        is_peer: false,
        store: OUR_STORE,
        part: 1,
        program: Program::Ourselves,
    },
    Contender {
        name: "graphile-worker",
        settings: "0.17.3, batched: concurrentJobs 24, localQueue.size 500, completeJobBatchDelay and failJobBatchDelay 0",
        is_peer: true,
        store: GRAPHILE_STORE,
        part: 1,
        program: Program::Node { file: "graphile-worker.js", batched: true },
    },
    Contender {
        name: "graphile-worker-unbatched",
        settings: "0.17.3, concurrentJobs 24, maxPoolSize 25, else the defaults: each job fetched and completed by itself",
        is_peer: true,
        store: GRAPHILE_STORE,
        part: 1,
        program: Program::Node { file: "graphile-worker.js", batched: false },
    },
    Contender {
        name: "bullmq",
        settings: "6.7.0 with ioredis 6.0.0, concurrency 24, removeOnComplete",
        is_peer: true,
        store: Store::Redis {
            unfinished: &[
                "bull:bench:wait",
                "bull:bench:active",
                "bull:bench:delayed",
                "bull:bench:prioritized",
            ],
        },
        part: 1,
        program: Program::Node { file: "bullmq.js", batched: false },
    },
    Contender {
        name: "pg-boss",
        settings: "10.4.2, as shipped: 24 workers that ask for 1 job every 2 s, which bounds them at 12 jobs/s, so their \
                   throughput is measured with a fiftieth of the backlog; their polls are spread over the 2 s",
        is_peer: true,
        store: PG_BOSS_STORE,
        part: 50,
        program: Program::Node { file: "pg-boss.js", batched: false },
    },
    Contender {
        name: "pg-boss-batched",
        settings: "10.4.2, 24 workers with batchSize 2000, pollingIntervalSeconds 0.5 (the least), their polls spread over \
                   it, notifyWorker after a full batch",
        is_peer: true,
        store: PG_BOSS_STORE,
        part: 1,
        program: Program::Node { file: "pg-boss.js", batched: true },
    },
    Contender {
        name: "celery",
        settings: "5.7.0, 24 threads (faster here than processes), task_ignore_result, without gossip, mingle, events",
        is_peer: true,
        store: Store::Redis { unfinished: &["celery", "unacked", "unacked_index"] },
        part: 1,
        program: Program::Celery,
    },
    Contender {
        name: "apalis-postgres",
        settings: "1.0.0, as shipped: concurrency 24, Config::default (batch_size 10, lock_tasks on), with_pubsub",
        is_peer: true,
        store: APALIS_STORE,
        part: 1,
        program: Program::Apalis { batched: false },
    },
    Contender {
        name: "apalis-postgres-batched",
        settings: "1.0.0, concurrency 24, batch_size 2000, lock_tasks off, with_pubsub",
        is_peer: true,
        store: APALIS_STORE,
        part: 1,
        program: Program::Apalis { batched: true },
    },
];

/// The contenders with these names, or all.
pub(crate) fn named(names: &[String]) -> Result<Vec<Contender>> {
    if names.is_empty() {
        return Ok(ALL.to_vec());
    }
    names.iter().map(|name| one(name)).collect()
}

/// The contender with this name.
pub(crate) fn one(name: &str) -> Result<Contender> {
    let named = ALL.iter().find(|contender| contender.name == name);
    named.copied().with_context(|| {
        let known: Vec<_> = ALL.iter().map(|contender| contender.name).collect();
        format!("unknown contender {name}; known are {}", known.join(", "))
    })
}

impl Contender {
    /// Number of jobs worked off to measure its throughput.
    pub(crate) fn worked_off(&self, backlog: u64) -> u64 {
        backlog.div_ceil(self.part)
    }

    /// A process for `verb`. It ends with the thread that starts it.
    pub(crate) fn command(&self, verb: &str) -> Result<std::process::Command> {
        let peers = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers"));
        let (program, mut arguments): (PathBuf, Vec<OsString>) = match self.program {
            Program::Ourselves => (std::env::current_exe()?, vec!["contender".into(), self.name.into()]),
            Program::Node { file, .. } => {
                (target()?.join("bench-peers/node"), vec![peers.join("node").join(file).into()])
            }
            Program::Celery => {
                let python = target()?.join("bench-peers/celery/bin/python");
                (python, vec![peers.join("celery/contender.py").into()])
            }
            Program::Apalis { .. } => (target()?.join("bench-peers/release/apalis-postgres"), vec![]),
        };
        arguments.extend(verb.split(' ').map(OsString::from));
        let mut command = die_with_parent("TERM", program);
        command.args(arguments).env_remove("BENCH_BATCHED");
        if let Program::Node { batched: true, .. } | Program::Apalis { batched: true } = self.program {
            command.env("BENCH_BATCHED", "1");
        }
        Ok(command)
    }
}
