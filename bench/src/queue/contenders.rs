//! Who is measured, how each is started, and where to see that nothing of its work is unfinished.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use pawdium_cli::stack::die_with_parent;

/// One queue that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    /// As in the table and on the command line.
    pub(crate) name: &'static str,
    /// The settings, as the table's notes show them.
    pub(crate) settings: &'static str,
    /// Whether our own queue is compared with it.
    pub(crate) is_peer: bool,
    pub(crate) store: Store,
    program: Program,
}

/// Where a contender keeps its jobs, and how to ask whether any is unfinished.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Store {
    /// A query for one boolean.
    Postgres { unfinished: &'static str },
    /// Keys; those of empty lists, sets and hashes don't exist.
    Redis { unfinished: &'static [&'static str] },
}

#[derive(Clone, Copy, Debug)]
enum Program {
    /// This program again.
    Ourselves { kept: bool },
    /// A file of `peers/node`.
    Node(&'static str),
    /// `peers/celery`, in the environment that is made for it in the target folder.
    Celery,
    /// `peers/apalis-postgres`, built in the target folder.
    Apalis,
}

/// The one that the peers are compared with.
pub(crate) const OURS: &str = "ours";

/// Everybody, in the order of the table.
pub(crate) const ALL: &[Contender] = &[
    Contender {
        name: OURS,
        settings: "concurrency 24, prefetch as its worker has for short jobs, done jobs are deleted",
        is_peer: false,
        store: Store::Postgres { unfinished: "select exists (select from jobs)" },
        program: Program::Ourselves { kept: false },
    },
    Contender {
        name: "ours-with-history",
        settings: "as ours, done jobs are kept in the history for 24 hours",
        is_peer: false,
        store: Store::Postgres { unfinished: "select exists (select from jobs)" },
        program: Program::Ourselves { kept: true },
    },
    Contender {
        name: "graphile-worker",
        settings: "0.17.3, concurrentJobs 24, localQueue.size 500, completeJobBatchDelay and failJobBatchDelay 0",
        is_peer: true,
        store: Store::Postgres { unfinished: "select exists (select from graphile_worker._private_jobs)" },
        program: Program::Node("graphile-worker.js"),
    },
    Contender {
        name: "bullmq",
        settings: "6.7.0, concurrency 24, removeOnComplete",
        is_peer: true,
        store: Store::Redis {
            unfinished: &[
                "bull:bench:wait",
                "bull:bench:active",
                "bull:bench:delayed",
                "bull:bench:prioritized",
            ],
        },
        program: Program::Node("bullmq.js"),
    },
    Contender {
        name: "pg-boss",
        settings: "10.4.2, 24 workers with batchSize 2000, pollingIntervalSeconds 0.5 (the least), their polls spread over \
                   it, notifyWorker after a full batch",
        is_peer: true,
        store: Store::Postgres {
            unfinished: "select exists (select from pgboss.job where name = 'bench' and state < 'completed')",
        },
        program: Program::Node("pg-boss.js"),
    },
    Contender {
        name: "celery",
        settings: "5.7.0, 24 threads (faster here than processes), task_ignore_result, without gossip, mingle, events",
        is_peer: true,
        store: Store::Redis { unfinished: &["celery", "unacked", "unacked_index"] },
        program: Program::Celery,
    },
    Contender {
        name: "apalis-postgres",
        settings: "1.0.0, concurrency 24, with_pubsub, batch_size 2000, lock_tasks off",
        is_peer: true,
        store: Store::Postgres {
            unfinished: "select exists (select from apalis.jobs where status <> 'Done')",
        },
        program: Program::Apalis,
    },
];

/// The contenders with these names, or all of them.
pub(crate) fn named(names: &[String]) -> Result<Vec<Contender>> {
    for name in names {
        if !ALL.iter().any(|contender| contender.name == name) {
            let known: Vec<_> = ALL.iter().map(|contender| contender.name).collect();
            bail!("no contender is called {name}; there are {}", known.join(", "));
        }
    }
    let chosen = |contender: &&Contender| names.is_empty() || names.iter().any(|name| name == contender.name);
    Ok(ALL.iter().filter(chosen).copied().collect())
}

impl Contender {
    /// A process that does what `verb` says; it ends with the thread that starts it.
    pub(crate) fn command(&self, verb: &str) -> Result<std::process::Command> {
        let peers = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers"));
        let (program, mut arguments): (PathBuf, Vec<OsString>) = match self.program {
            Program::Ourselves { kept } => {
                let name = if kept { "ours-with-history" } else { OURS };
                (std::env::current_exe()?, vec!["contender".into(), name.into()])
            }
            Program::Node(file) => ("node".into(), vec![peers.join("node").join(file).into()]),
            Program::Celery => {
                let python = target()?.join("bench-peers/celery/bin/python");
                (python, vec![peers.join("celery/contender.py").into()])
            }
            Program::Apalis => (target()?.join("bench-peers/release/apalis-postgres"), vec![]),
        };
        arguments.extend(verb.split(' ').map(OsString::from));
        let mut command = die_with_parent("TERM", program);
        command.args(arguments);
        Ok(command)
    }
}

/// The folder of everything that is built: this program lies in `<target>/release/`.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.ancestors().nth(2).map(Path::to_owned).context("this program lies in no target folder")
}
