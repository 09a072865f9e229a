//! The log of handlers that started: a file per process, which survives the process. It is a second count of attempts,
//! independent of the queue's.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use pawdium_queue::Claim;

const SUFFIX: &str = ".starts";

/// The name of the log of crashes.
const CRASHES: &str = "crashes";

/// Postgres forgets a claim if it crashes before the claim is on disk. The claim's handler may start this long after the
/// crash, because the job may be prefetched.
const FORGETFUL: TimeDelta = TimeDelta::seconds(30);

/// The log of this process.
#[derive(Debug)]
pub struct Starts(File);

impl Starts {
    /// Opens a log in `folder` for appending.
    ///
    /// # Errors
    /// If it can't be opened.
    pub fn append(folder: &Path, name: &str) -> io::Result<Self> {
        File::options().create(true).append(true).open(folder.join(format!("{name}{SUFFIX}"))).map(Self)
    }

    /// Logs that a handler starts. Unless [`Start::end`] is called, also logs that it is dropped.
    pub(crate) fn begin<'a>(&'a self, claim: &Claim) -> Start<'a> {
        let start = Start { log: self, job: claim.job().0, attempt: claim.attempt() };
        start.write("start");
        start
    }
}

/// A handler that has started.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    log: &'a Starts,
    job: i64,
    attempt: i16,
}

impl Start<'_> {
    /// Notes that the handler has ended by itself, well or not.
    pub(crate) fn end(self) {
        std::mem::forget(self);
    }

    fn write(&self, what: &str) {
        let line = format!("{what} {} {} {}\n", self.job, self.attempt, Utc::now().timestamp_micros());
        // One call, so that each line is written whole or not at all. A log with gaps would prove nothing.
        (&self.log.0).write_all(line.as_bytes()).expect("the log of starts can be written");
    }
}

impl Drop for Start<'_> {
    fn drop(&mut self) {
        // A panic counts as an end by itself.
        if !std::thread::panicking() {
            self.write("drop");
        }
    }
}

/// Logs in `folder` that Postgres has just crashed.
///
/// # Errors
/// If it can't be written.
pub fn note_crash(folder: &Path) -> io::Result<()> {
    let mut log = File::options().create(true).append(true).open(folder.join(CRASHES))?;
    writeln!(log, "{}", Utc::now().timestamp_micros())
}

/// The starts of one job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The number of starts.
    pub starts: i32,
    /// The time of the last start.
    pub last: DateTime<Utc>,
    /// The number of starts that don't count as attempts: their process dropped them (after a timeout or a lost lease, or
    /// when it handed the job back), or Postgres forgot the claim in a crash.
    pub uncounted: i32,
    /// The highest attempt.
    pub highest: i16,
    /// The number of starts of an attempt that had already had a start that counts.
    pub repeated: i32,
}

/// The log entries of one attempt.
#[derive(Debug, Default)]
struct Attempt {
    starts: Vec<DateTime<Utc>>,
    drops: i32,
}

/// Reads all logs in `folder`, and counts the starts of each job.
///
/// # Errors
/// If a log can't be read, or has an invalid line.
pub fn read(folder: &Path) -> anyhow::Result<HashMap<i64, Count>> {
    let mut attempts: HashMap<(i64, i16), Attempt> = HashMap::new();
    let mut crashes = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name == CRASHES {
            for line in std::fs::read_to_string(&path)?.lines() {
                crashes.push(time(line)?);
            }
        } else if name.ends_with(SUFFIX) {
            for line in std::fs::read_to_string(&path)?.lines() {
                let [what, job, attempt, at] = line.split(' ').collect::<Vec<_>>()[..] else {
                    anyhow::bail!("{} has the line {line:?}", path.display());
                };
                let attempt = attempts.entry((job.parse()?, attempt.parse()?)).or_default();
                if what == "start" { attempt.starts.push(time(at)?) } else { attempt.drops += 1 }
            }
        }
    }
    Ok(count(attempts, &crashes))
}

fn time(micros: &str) -> anyhow::Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros.parse()?).context("a time")
}

fn count(attempts: HashMap<(i64, i16), Attempt>, crashes: &[DateTime<Utc>]) -> HashMap<i64, Count> {
    let mut counts: HashMap<i64, Count> = HashMap::new();
    for ((job, number), mut attempt) in attempts {
        attempt.starts.sort_unstable();
        let (Some(first), Some(last)) = (attempt.starts.first(), attempt.starts.last()) else { continue };
        let starts = i32::try_from(attempt.starts.len()).unwrap_or(i32::MAX);
        let crashes = crashes.iter().filter(|at| (*first - FORGETFUL..*last).contains(at)).count();
        let may_repeat = attempt.drops + i32::try_from(crashes).unwrap_or(i32::MAX);
        let count = counts.entry(job).or_default();
        count.starts += starts;
        count.last = count.last.max(*last);
        count.uncounted += attempt.drops.max((starts - 1).min(may_repeat));
        count.highest = count.highest.max(number);
        count.repeated += (starts - 1 - may_repeat).max(0);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counts of job 7 with these log lines.
    fn counted(lines: &[&str], crashes: &str) -> (i32, i32, i16, i32) {
        let folder = tempfile::tempdir().expect("a folder");
        for (number, lines) in lines.iter().enumerate() {
            std::fs::write(folder.path().join(format!("{number}{SUFFIX}")), lines)
                .expect("it can be written");
        }
        std::fs::write(folder.path().join(CRASHES), crashes).expect("it can be written");
        let Count { starts, uncounted, highest, repeated, .. } = read(folder.path()).expect("good logs")[&7];
        (starts, uncounted, highest, repeated)
    }

    #[test]
    fn only_a_dropped_attempt_may_start_again() {
        assert_eq!(counted(&["start 7 1 100\n", "start 7 2 300\n"], ""), (2, 0, 2, 0));
        assert_eq!(counted(&["start 7 1 100\ndrop 7 1 200\n", "start 7 1 300\n"], ""), (2, 1, 1, 0));
        assert_eq!(counted(&["start 7 1 100\n", "start 7 1 300\n"], ""), (2, 0, 1, 1));
    }

    #[test]
    fn a_crash_between_two_starts_explains_one_repetition() {
        assert_eq!(counted(&["start 7 1 100\n", "start 7 1 300\n"], "200\n"), (2, 1, 1, 0));
        assert_eq!(counted(&["start 7 1 100\n", "start 7 1 300\nstart 7 1 400\n"], "200\n"), (3, 1, 1, 1));
        assert_eq!(counted(&["start 7 1 100\n", "start 7 1 300\n"], "500\n"), (2, 0, 1, 1));
    }
}
