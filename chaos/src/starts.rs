//! The log of handlers that started: a file a process, which outlives any death of the process. The queue counts attempts
//! by itself; this is who else counted.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use pawdium_shared::queue::Claim;

const SUFFIX: &str = ".starts";

/// The log of this process.
#[derive(Debug)]
pub struct Starts(File);

impl Starts {
    /// Appends to the log of that name in `folder`.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn append(folder: &Path, name: &str) -> io::Result<Self> {
        File::options().create(true).append(true).open(folder.join(format!("{name}{SUFFIX}"))).map(Self)
    }

    /// Writes down that a handler starts. Unless [`Start::end`] is called, it is also written down that it was dropped.
    pub(crate) fn begin<'a>(&'a self, claim: &Claim) -> Start<'a> {
        let start = Start { log: self, job: claim.job().0, attempt: claim.attempt() };
        start.write("start");
        start
    }
}

/// A handler that started.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    log: &'a Starts,
    job: i64,
    attempt: i16,
}

impl Start<'_> {
    /// It came to its own end, well or not.
    pub(crate) fn end(self) {
        std::mem::forget(self);
    }

    fn write(&self, what: &str) {
        let line = format!("{what} {} {}\n", self.job, self.attempt);
        // One call, so that a line is whole or not there. A log with holes would prove nothing.
        (&self.log.0).write_all(line.as_bytes()).expect("the log of starts can be written");
    }
}

impl Drop for Start<'_> {
    fn drop(&mut self) {
        // A panic is an end of its own.
        if !std::thread::panicking() {
            self.write("drop");
        }
    }
}

/// How often handlers of one job started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All starts.
    pub starts: i32,
    /// Starts that their own process broke off: timeouts, lost leases, and what was handed back.
    pub drops: i32,
    /// The highest attempt.
    pub highest: i16,
    /// Starts of an attempt that had started before and was not broken off since. Only what is handed back is not counted
    /// as an attempt, so there may be none.
    pub repeated: i32,
}

/// Reads all logs in `folder`: for each job, how often it started.
///
/// # Errors
/// When a log can't be read, or holds what is no line of ours.
pub fn read(folder: &Path) -> anyhow::Result<HashMap<i64, Count>> {
    let mut attempts: HashMap<(i64, i16), (i32, i32)> = HashMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.to_string_lossy().ends_with(SUFFIX) {
            continue;
        }
        for line in std::fs::read_to_string(&path)?.lines() {
            let mut words = line.split(' ');
            let (Some(what), Some(job), Some(attempt)) = (words.next(), words.next(), words.next()) else {
                anyhow::bail!("{} has the line {line:?}", path.display());
            };
            let (starts, drops) = attempts.entry((job.parse()?, attempt.parse()?)).or_default();
            *(if what == "start" { starts } else { drops }) += 1;
        }
    }
    let mut counts: HashMap<i64, Count> = HashMap::new();
    for ((job, attempt), (starts, drops)) in attempts {
        let count = counts.entry(job).or_default();
        count.starts += starts;
        count.drops += drops;
        count.highest = count.highest.max(attempt);
        count.repeated += (starts - 1 - drops).max(0);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_was_broken_off_may_start_again_and_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(format!("{name}{SUFFIX}")), text).expect("it can be written");
        };
        write("one", "start 1 1\nstart 2 1\ndrop 2 1\nstart 3 1\n");
        write("two", "start 1 2\nstart 2 1\nstart 3 1\n");
        let counts = read(folder.path()).expect("well-formed logs");
        assert_eq!(counts[&1], Count { starts: 2, drops: 0, highest: 2, repeated: 0 });
        assert_eq!(counts[&2], Count { starts: 2, drops: 1, highest: 1, repeated: 0 });
        assert_eq!(counts[&3], Count { starts: 2, drops: 0, highest: 1, repeated: 1 });
    }
}
