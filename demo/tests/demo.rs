//! The demo as a supervisor: a real Postgres, Redis and mailbox, and fake services that record what happens to
//! them.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use pawdium_kit::stack::send_signal;
use pawdium_kit::waiting::until_blocking;
use rustix::process::Signal;

/// Records the settings that it starts with, and when it is stopped.
const SERVICE: &str = r#"#!/bin/sh
name=${0##*/pawdium-}
trap 'echo "$name stopped" >>"$NOTES/order"; exit' TERM
env | grep ^PAWDIUM_ >"$NOTES/$name.unfinished" && mv "$NOTES/$name.unfinished" "$NOTES/$name"
while :; do sleep 0.05; done
"#;

/// A folder with pawdium-demo and fake services.
struct Place {
    folder: tempfile::TempDir,
    listen: String,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("pawdium-demo");
        // Copied by a child, because a file that another child of this process holds open for writing can't be
        // executed.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_pawdium-demo")).arg(program).status();
        assert!(copied.expect("cp is there").success());
        for name in ["web", "worker", "scheduler"] {
            let path = folder.path().join(format!("pawdium-{name}"));
            fs::write(&path, SERVICE).expect("a file can be written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be made to run");
        }
        let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let listen = free.local_addr().expect("it is bound").to_string();
        Self { folder, listen }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn demo(&self) -> Command {
        let mut command = Command::new(self.path().join("pawdium-demo"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("PAWDIUM_HOME", self.path().join("home")).env("NOTES", self.path());
        // As in a shell configured for a real site.
        command.env("PAWDIUM_DATABASE__URL", "postgres://real.example/site");
        command.env("PAWDIUM_WEB__LISTEN", &self.listen);
        command
    }

    /// A demo whose services have started. Its output goes to a file, to be read meanwhile.
    fn start(&self) -> Child {
        let said = File::options().create(true).append(true).open(self.log()).expect("a file can be written");
        let copy = said.try_clone().expect("a file can be shared");
        let demo = self.demo().stdout(said).stderr(copy).spawn().expect("pawdium starts");
        self.wait_until("the services have started", || {
            ["web", "worker", "scheduler"].iter().all(|name| self.path().join(name).exists())
        });
        demo
    }

    fn wait_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let what = format!("{what} in {}", self.path().display());
        until_blocking(&what, Duration::from_mins(2), || is_so().then_some(()));
    }

    fn log(&self) -> PathBuf {
        self.path().join("said")
    }

    fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Asserts that the demo exits with success.
    fn ends_well(&self, mut demo: Child) {
        let status = demo.wait().expect("it is ours");
        assert!(status.success(), "{}", self.said());
    }

    fn order(&self) -> String {
        fs::read_to_string(self.path().join("order")).unwrap_or_default()
    }
}

fn kill(signal: Signal, process: &Child) {
    send_signal(Some(process.id()), signal);
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

#[test]
fn a_demo_connects_its_services_to_its_servers_and_stops_them_in_order() {
    let place = Place::new();
    let demo = place.start();
    let settings = fs::read_to_string(place.path().join("worker")).expect("the worker has started");
    assert!(!settings.contains("real.example"), "{settings}");
    for setting in [
        "PAWDIUM_DATABASE__URL=postgres://pawdium@localhost/pawdium?host=/",
        "PAWDIUM_REDIS__URL=unix:///",
        "PAWDIUM_MAIL__SMTP_URL=smtp://127.0.0.1:",
        "PAWDIUM_MEDIA__STORE=file:///",
        "PAWDIUM_SECURITY__SECRET=",
        &format!("PAWDIUM_WEB__LISTEN={}", place.listen),
        &format!("PAWDIUM_WEB__BASE_URL=http://{}", place.listen.replace("127.0.0.1", "localhost")),
    ] {
        assert!(settings.contains(setting), "{setting} is not in {settings}");
    }
    let shipped = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../systemd/pawdium.toml"))
        .expect("is there");
    let limits: Vec<_> = shipped
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .filter(|(key, _)| ["_per_minute", "_per_hour", "_per_day"].iter().any(|end| key.ends_with(end)))
        .map(|(key, _)| format!("PAWDIUM_SECURITY__{}=0", key.to_uppercase()))
        .collect();
    assert!(limits.len() >= 8, "{limits:?}");
    for limit in &limits {
        assert!(settings.contains(limit), "seeding would hit a limit: {limit} is not in {settings}");
    }
    // The demo must not call that ready.
    place.wait_until("it has looked for the site", || place.said().contains("nothing answers there yet"));
    kill(Signal::INT, &demo);
    place.ends_well(demo);
    assert_eq!(place.order(), "web stopped\nscheduler stopped\nworker stopped\n");
}

#[test]
fn a_second_demo_is_refused_and_one_after_a_kill_is_not() {
    let place = Place::new();
    let mut first = place.start();
    let second = place.demo().output().expect("pawdium runs");
    assert_eq!(second.status.code(), Some(1));
    assert!(
        said(&second).contains(&format!("another pawdium, process {}, is running", first.id())),
        "{}",
        said(&second)
    );

    kill(Signal::KILL, &first);
    first.wait().expect("it is ours");
    place.wait_until("the services have ended with it", || place.order().lines().count() == 3);
    for name in ["web", "worker", "scheduler"] {
        fs::remove_file(place.path().join(name)).expect("it is there");
    }
    let third = place.start();
    kill(Signal::TERM, &third);
    place.ends_well(third);
}

#[test]
fn a_demo_whose_port_is_in_use_says_how_to_choose_another() {
    let mut place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    place.listen = taken.local_addr().expect("it is bound").to_string();
    let output = place.demo().output().expect("pawdium runs");
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains(&format!("{} is in use by another program", place.listen)), "{said}");
    assert!(said.contains("PAWDIUM_WEB__LISTEN="), "{said}");
}
