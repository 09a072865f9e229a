//! A contender's process, and what is said with it.
//!
//! A request is a line of source, folder and quality with tabs between; the answer is a line of JSON. Before the first
//! request a contender says that it is ready.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Stdio};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::contenders::Contender;

/// What a contender says.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Answer {
    /// From the file's name to three files written, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ms: Option<f64>,
    /// The peak of the largest process that it has started, in KiB.
    #[serde(default)]
    pub(crate) children_kib: u64,
    /// Why there are no files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// A running contender.
#[derive(Debug)]
pub(crate) struct Child {
    contender: Contender,
    process: std::process::Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    children_kib: u64,
}

impl Child {
    /// Starts the contender on the processors of this thread, and waits until it is ready.
    pub(crate) fn start(contender: &Contender) -> Result<Self> {
        let failed = || format!("starting {}", contender.name);
        let mut process =
            contender.command()?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().with_context(failed)?;
        let input = process.stdin.take().context("its input is a pipe")?;
        let output = process.stdout.take().context("its output is a pipe")?;
        let lines = BufReader::new(output).lines();
        let mut child = Self { contender: *contender, process, input, lines, children_kib: 0 };
        child.answer().with_context(failed)?;
        Ok(child)
    }

    /// Has the three squares of `source` made in `folder`; answers with the milliseconds that it took.
    pub(crate) fn render(&mut self, source: &Path, folder: &Path, quality: u8) -> Result<f64> {
        let request = format!("{}\t{}\t{quality}\n", source.display(), folder.display());
        self.ask(&request).with_context(|| format!("{} with {}", self.contender.name, source.display()))
    }

    fn ask(&mut self, request: &str) -> Result<f64> {
        self.input.write_all(request.as_bytes())?;
        self.answer()?.context("it doesn't say how long it took")
    }

    fn answer(&mut self) -> Result<Option<f64>> {
        let line = self.lines.next().context("it has ended")??;
        let answer: Answer = serde_json::from_str(&line).with_context(|| format!("it says {line:?}"))?;
        if let Some(error) = answer.error {
            bail!("it says {error:?}");
        }
        self.children_kib = answer.children_kib;
        Ok(answer.ms)
    }

    /// The most memory that it has had at once until now, with the largest process that it has started, in KiB.
    pub(crate) fn peak_kib(&self) -> Result<u64> {
        if !self.contender.works_itself {
            return Ok(self.children_kib);
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let own = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok())
            .ok_or_else(|| anyhow!("{} has no VmHWM", self.contender.name))?;
        Ok(own + self.children_kib)
    }
}

impl Drop for Child {
    /// It has written its files when it has answered, so nothing is lost.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
