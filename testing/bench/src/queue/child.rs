//! A contender's process.

use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use pawdium_bench::stores::Stores;
use pawdium_bench::target;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};

use crate::contenders::Contender;
use crate::protocol::Said;

/// Timeout for one line. The slowest step between two lines is working off the backlog.
const PATIENCE: Duration = Duration::from_mins(15);

/// How long a worker may take to stop gracefully.
const STOP: Duration = Duration::from_secs(30);

/// A running contender.
#[derive(Debug)]
pub(crate) struct Child {
    what: String,
    process: tokio::process::Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
}

impl Child {
    /// Starts the contender with the stores' addresses in its environment. Its standard error goes to a log in the
    /// target folder.
    pub(crate) fn start(contender: &Contender, verb: &str, stores: &Stores) -> Result<Self> {
        let folder = target()?.join("bench-queue");
        fs::create_dir_all(&folder).context("making a folder for logs")?;
        let log = folder.join(format!("{}.log", contender.name));
        let errors = OpenOptions::new().create(true).append(true).open(&log).context("opening a log")?;
        let mut command = contender.command(verb)?;
        command
            .env("BENCH_POSTGRES", stores.postgres_url())
            .env("BENCH_REDIS", stores.redis_socket())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors);
        let what = format!("{} {verb}", contender.name);
        let mut process = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {what} (is setpriv, of util-linux, installed?)"))?;
        let input = process.stdin.take().context("its input is a pipe")?;
        let output = process.stdout.take().context("its output is a pipe")?;
        Ok(Self { what, process, input, lines: BufReader::new(output).lines(), log })
    }

    /// The process id, for `/proc`.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// The next event.
    pub(crate) async fn said(&mut self) -> Result<Said> {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line())
            .await
            .map_err(|_| anyhow!("{} sent nothing for {PATIENCE:?}", self.what))??;
        let Some(line) = line else {
            let status = self.process.wait().await?;
            bail!("{} ended ({status}); see {}", self.what, self.log.display());
        };
        serde_json::from_str(&line).with_context(|| format!("{} sent {line:?}", self.what))
    }

    /// Tells the dispatcher to enqueue one more job.
    pub(crate) async fn next(&mut self) -> Result<()> {
        self.input.write_all(b"next\n").await.with_context(|| format!("{} closed its input", self.what))
    }

    /// Asks it to stop and waits for it. Returns its last event.
    pub(crate) async fn stop(mut self) -> Result<Option<Said>> {
        drop(self.input);
        let (lines, process) = (&mut self.lines, &mut self.process);
        let ending = async {
            let mut last = None;
            while let Some(line) = lines.next_line().await? {
                last = Some(line);
            }
            anyhow::Ok((last, process.wait().await?))
        };
        let (last, status) = tokio::time::timeout(STOP, ending)
            .await
            .map_err(|_| anyhow!("{} didn't stop within {STOP:?}", self.what))??;
        if !status.success() {
            bail!("{} ended ({status}); see {}", self.what, self.log.display());
        }
        let last = last
            .map(|line| serde_json::from_str(&line).with_context(|| format!("unexpected event {line:?}")));
        last.transpose()
    }

    /// The answer to a verb that has exactly one, after which the process exits.
    pub(crate) async fn answer(mut self) -> Result<Said> {
        let said = self.said().await?;
        self.stop().await?;
        Ok(said)
    }
}
