//! Supervises one of the demo's services: starts it, relays its log, restarts it when it dies, stops it on request.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use pawdium_kit::stack::{die_with_parent, send_signal};
use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::terminal::{relay, say};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A service that lived at least this long restarts without delay.
const LONG_LIFE: Duration = Duration::from_mins(1);
/// Time beyond a service's own drain before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// The program to run.
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
    /// Additional environment variables. Of ours, PAWDIUM_ variables are not inherited.
    pub(super) settings: BTreeMap<String, String>,
    /// How long the service may take to stop.
    pub(super) drain_seconds: u64,
}

/// A supervised service.
pub(super) struct Service {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Service {
    pub(super) fn start(program: Program) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(keep_running(program, stop.clone()));
        Self { stop, task }
    }

    /// Asks it to stop and waits for it.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            say(&format!("supervising a service failed: {error}"));
        }
    }
}

async fn keep_running(program: Program, stop: CancellationToken) {
    let name = program.name;
    let mut pause = FIRST_PAUSE;
    loop {
        let begin = Instant::now();
        let end = match program.spawn() {
            Err(error) => format!("failed to start: {error}"),
            Ok(mut child) => tokio::select! {
                status = child.wait() => match status {
                    Ok(status) => format!("ended ({status}) after {} s", begin.elapsed().as_secs()),
                    Err(error) => format!("failed to report its status: {error}"),
                },
                () = stop.cancelled() => return program.end(child).await,
            },
        };
        if begin.elapsed() > LONG_LIFE {
            pause = FIRST_PAUSE;
        }
        say(&format!("{name} {end}; restarting in {} s", pause.as_secs()));
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (2 * pause).min(LONGEST_PAUSE),
            () = stop.cancelled() => return,
        }
    }
}

impl Program {
    fn spawn(&self) -> io::Result<Child> {
        let mut command = die_with_parent("TERM", &self.path);
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("PAWDIUM_") {
                command.env_remove(variable);
            }
        }
        // The service must not notify our own service manager.
        command.env_remove("CREDENTIALS_DIRECTORY").env_remove("NOTIFY_SOCKET").env_remove("WATCHDOG_USEC");
        command.envs(&self.settings);
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Command::from(command).spawn()?;
        relay_lines(self.name, child.stdout.take());
        relay_lines(self.name, child.stderr.take());
        Ok(child)
    }

    async fn end(&self, mut child: Child) {
        send_signal(child.id(), Signal::TERM);
        let patience = Duration::from_secs(self.drain_seconds) + GRACE;
        if tokio::time::timeout(patience, child.wait()).await.is_err() {
            say(&format!("{} didn't stop within {} s; killing it", self.name, patience.as_secs()));
            let _ = child.kill().await;
        }
    }
}

fn relay_lines(name: &'static str, output: Option<impl AsyncRead + Unpin + Send + 'static>) {
    let Some(output) = output else { return };
    tokio::spawn(async move {
        let mut lines = BufReader::new(output).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            relay(name, String::from_utf8_lossy(&line).trim_end());
        }
    });
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use pawdium_kit::waiting::until;

    use super::*;

    /// A service written in sh.
    fn service(folder: &Path, script: &str) -> Service {
        let path = folder.join("service");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("it can be made to run");
        let settings = BTreeMap::from([("FOLDER".to_owned(), folder.display().to_string())]);
        Service::start(Program { name: "test", path, settings, drain_seconds: 0 })
    }

    async fn wait_for_lines(path: &Path, count: usize) -> String {
        let what = format!("{} has {count} lines", path.display());
        until(&what, Duration::from_secs(20), async || {
            Some(fs::read_to_string(path).unwrap_or_default()).filter(|text| text.lines().count() >= count)
        })
        .await
    }

    #[tokio::test]
    async fn a_dead_service_restarts_with_backoff() {
        let folder = tempfile::tempdir().expect("a folder");
        let service = service(folder.path(), "date +%s%N >>\"$FOLDER/starts\"; exit 3");
        let starts = wait_for_lines(&folder.path().join("starts"), 3).await;
        service.stop().await;
        let at: Vec<u64> = starts.lines().map(|line| line.parse().expect("a number")).collect();
        let pauses = [at[1] - at[0], at[2] - at[1]].map(Duration::from_nanos);
        assert!(pauses[0] >= FIRST_PAUSE && pauses[1] >= 2 * FIRST_PAUSE, "{pauses:?}");
    }

    #[tokio::test]
    async fn stopping_lets_a_service_finish() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "trap 'sleep 0.3; echo drained >>\"$FOLDER/log\"; exit' TERM\n\
                      echo up >>\"$FOLDER/log\"\nwhile :; do sleep 0.05; done";
        let service = service(folder.path(), script);
        let log = folder.path().join("log");
        wait_for_lines(&log, 1).await;
        service.stop().await;
        assert_eq!(fs::read_to_string(log).expect("it is there"), "up\ndrained\n");
    }

    #[tokio::test]
    async fn a_service_that_does_not_stop_is_killed() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "trap '' TERM\necho $$ >\"$FOLDER/pid\"\nwhile :; do sleep 0.05; done";
        let service = service(folder.path(), script);
        let pid = wait_for_lines(&folder.path().join("pid"), 1).await;
        let begin = Instant::now();
        service.stop().await;
        assert!(begin.elapsed() >= GRACE);
        assert!(!Path::new("/proc").join(pid.trim()).exists());
    }
}
