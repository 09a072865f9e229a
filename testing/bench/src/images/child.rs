//! A contender's process and its protocol.
//!
//! A request is a line of source, folder and quality separated by tabs; the answer is a line of JSON. Before the
//! first request a contender reports that it is ready.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Stdio};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::contenders::Contender;

/// A contender's answer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Answer {
    /// Milliseconds from the request to three written files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ms: Option<f64>,
    /// Peak memory of the largest child process, in KiB.
    #[serde(default)]
    pub(crate) children_kib: u64,
    /// Why rendering failed.
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
    /// Starts the contender on this thread's processors and waits until it is ready.
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

    /// Renders the three squares of `source` into `folder`. Returns the milliseconds that it took.
    pub(crate) fn render(&mut self, source: &Path, folder: &Path, quality: u8) -> Result<f64> {
        let request = format!("{}\t{}\t{quality}\n", source.display(), folder.display());
        self.ask(&request).with_context(|| format!("{} with {}", self.contender.name, source.display()))
    }

    fn ask(&mut self, request: &str) -> Result<f64> {
        self.input.write_all(request.as_bytes())?;
        self.answer()?.context("the answer has no duration")
    }

    fn answer(&mut self) -> Result<Option<f64>> {
        let line = self.lines.next().context("the process has ended")??;
        let answer: Answer =
            serde_json::from_str(&line).with_context(|| format!("unexpected answer {line:?}"))?;
        if let Some(error) = answer.error {
            bail!("rendering failed: {error:?}");
        }
        self.children_kib = answer.children_kib;
        Ok(answer.ms)
    }

    /// Peak memory so far, including its largest child process, in KiB.
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
    /// All files are written when it has answered, so killing it loses nothing.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
