//! Runs the product's programs as processes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use pawdium_kit::stack::die_with_parent;
use rustix::process::Signal;

/// The number of log lines that a failed test shows.
const SHOWN: usize = 120;

/// The path of a program that was built with this test.
///
/// # Panics
/// When it was not built.
pub(crate) fn program(name: &str) -> PathBuf {
    // Cargo builds this package's binary for its tests. Those of other packages are next to it.
    let path = Path::new(env!("CARGO_BIN_EXE_pawdium-web")).with_file_name(name);
    assert!(
        path.exists(),
        "{} is missing: run `make test`, or `cargo build --workspace --bins` before `cargo test`",
        path.display()
    );
    path
}

/// The first of these programs that is installed.
///
/// # Panics
/// When none is.
pub(crate) fn installed(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let places = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|program| program.exists()).unwrap_or_else(|| {
        panic!("none of {names:?} is installed: run `make test`, which sees to it, or `scripts/setup test`")
    })
}

/// A process that ends when it is dropped or when the test's thread ends.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program with only these environment variables. Its output goes to `<name>.log` in `folder`, which a
    /// failed test shows.
    pub(crate) fn start(
        name: &str,
        program: &Path,
        arguments: &[String],
        variables: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Self {
        let log = folder.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log).expect("a log can be written");
        let child = die_with_parent("KILL", program)
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .envs(variables)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file can be shared"))
            .stderr(output)
            .spawn()
            .expect("setpriv, of util-linux, starts it");
        Self { name: name.to_owned(), child, log }
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    /// Its resident memory, without what is mapped of files: that is the larger the more code has run.
    pub(crate) fn memory_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("Linux says so");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Sends SIGTERM, like systemd.
    pub(crate) fn terminate(&self) {
        pawdium_kit::stack::send_signal(Some(self.child.id()), Signal::TERM);
    }

    /// Stops the process until it is resumed, like a stalling machine.
    pub(crate) fn pause(&self) {
        pawdium_kit::stack::send_signal(Some(self.child.id()), Signal::STOP);
    }

    /// Resumes the process.
    pub(crate) fn resume(&self) {
        pawdium_kit::stack::send_signal(Some(self.child.id()), Signal::CONT);
    }

    /// Sends a signal to all processes that it has started, directly or not.
    pub(crate) fn signal_descendants(&self, signal: Signal) {
        let parents = parents();
        let mut found = vec![self.child.id()];
        let mut looked = 0;
        while let Some(parent) = found.get(looked).copied() {
            looked += 1;
            found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(process, _)| process));
        }
        for process in &found[1..] {
            pawdium_kit::stack::send_signal(Some(*process), signal);
        }
    }

    /// Kills it as kill -9 does and waits until it has ended.
    pub(crate) fn kill(&mut self) {
        // An error means that it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its output so far.
    pub(crate) fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

/// All processes, each with its parent: see `proc_pid_stat(5)`.
fn parents() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parent = |process: u32| {
        let about = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name may have spaces.
        let (_, rest) = about.rsplit_once(')')?;
        Some((process, rest.split_whitespace().nth(1)?.parse().ok()?))
    };
    processes.filter_map(parent).collect()
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(SHOWN)..];
            eprintln!("---- {} wrote:\n{}", self.name, last.join("\n"));
        }
    }
}
