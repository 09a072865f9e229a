//! The private Postgres and Redis with real servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use pawdium_kit::stack::{AlreadyRunning, Kind, Stack, send_signal};
use pawdium_kit::waiting::{SOON, until_blocking};
use rustix::process::Signal;
use sqlx::{Connection as _, Executor as _, PgConnection};

async fn connect(stack: &Stack) -> PgConnection {
    PgConnection::connect(&stack.database_url()).await.expect("Postgres takes connections")
}

/// The processes that work in `folder` or below it: every server started there.
fn servers_in(folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().expect("the folder is there");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("Linux has /proc").flatten() {
        if fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder)) {
            found.push(fs::read_to_string(entry.path().join("comm")).unwrap_or_default().trim().to_owned());
        }
    }
    found
}

/// Runs `pawdium-demo with-stack -- sh -c SCRIPT` with its own temporary folder.
fn with_stack(temp: &Path, script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pawdium-demo"));
    command.args(["with-stack", "--", "sh", "-c", script]).env("TMPDIR", temp).stdin(Stdio::null());
    command
}

/// A with-stack whose command has written `started` and then sleeps.
fn sleeping(temp: &Path) -> (Child, PathBuf) {
    let started = temp.join("started");
    let script = format!("echo $$ >'{0}.new'; mv '{0}.new' '{0}'; exec sleep 1000", started.display());
    let child = with_stack(temp, &script).spawn().expect("pawdium starts");
    until_blocking("the command has started", SOON, || started.exists().then_some(()));
    (child, started)
}

#[tokio::test]
async fn a_durable_stack_finds_its_data_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = Stack::start(folder.path(), Kind::Durable).await.expect("it starts");
    connect(&stack).await.execute("CREATE TABLE kept AS SELECT 7 AS n").await.expect("it writes");
    stack.stop().await;
    assert_eq!(servers_in(folder.path()), [""; 0], "nothing is left running");

    let stack = Stack::start(folder.path(), Kind::Durable).await.expect("it starts again");
    let mut db = connect(&stack).await;
    let n: i32 = sqlx::query_scalar("SELECT n FROM kept").fetch_one(&mut db).await.expect("it reads");
    assert_eq!(n, 7);
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut db).await.expect("it reads");
    assert_eq!(fsync, "on");
    let addresses: String =
        sqlx::query_scalar("SHOW listen_addresses").fetch_one(&mut db).await.expect("it reads");
    assert_eq!(addresses, "");
    stack.stop().await;
}

#[tokio::test]
async fn a_crashed_postgres_recovers_all_commits_at_the_same_address() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stack = Stack::start(folder.path(), Kind::Throwaway).await.expect("it starts");
    let mut db = connect(&stack).await;
    db.execute("CREATE TABLE kept AS SELECT 7 AS n").await.expect("it writes");
    stack.crash_postgres().await;
    db.execute("SELECT n FROM kept").await.expect_err("it is away");
    stack.restart_postgres().await.expect("it starts again");
    connect(&stack).await.execute("SELECT n FROM kept").await.expect("it recovered");
    let log = fs::read_to_string(folder.path().join("postgres.log")).expect("it has a log");
    assert!(log.contains("was not properly shut down"), "{log}");
    stack.stop().await;
}

#[tokio::test]
async fn a_folder_in_use_is_refused_and_its_user_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = Stack::start(folder.path(), Kind::Throwaway).await.expect("it starts");
    let error = Stack::start(folder.path(), Kind::Throwaway).await.expect_err("it is in use");
    let error = error.downcast::<AlreadyRunning>().expect("it says so");
    assert_eq!(error.holder, std::process::id().to_string());
    connect(&stack).await.execute("SELECT 1").await.expect("the first one is unharmed");
    stack.stop().await;
}

#[tokio::test]
async fn a_stack_starts_after_killed_servers_and_a_stale_lock() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stack = Stack::start(folder.path(), Kind::Durable).await.expect("it starts");
    connect(&stack).await.execute("CREATE TABLE kept AS SELECT 7 AS n").await.expect("it writes");
    let lock_file = folder.path().join("postgres/postmaster.pid");
    let text = fs::read_to_string(&lock_file).expect("Postgres has a lock file");
    let (pid, rest) = text.split_once('\n').expect("its first line is a number");
    send_signal(Some(pid.parse().expect("a number")), Signal::KILL);
    let error = stack.failed().await.to_string();
    assert!(error.contains("Postgres ended") && error.contains("postgres.log"), "{error}");
    stack.stop().await;
    // The process id in the lock file now belongs to an unrelated process: this one.
    fs::write(&lock_file, format!("{}\n{rest}", std::process::id())).expect("it can be written");

    let stack = Stack::start(folder.path(), Kind::Durable).await.expect("it starts again");
    connect(&stack).await.execute("SELECT n FROM kept").await.expect("it recovered");
    stack.stop().await;
}

#[tokio::test]
async fn a_half_initialised_database_is_recreated() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("postgres")).expect("a folder can be made");
    fs::write(folder.path().join("postgres/PG_VERSION"), "15\n").expect("a file can be written");
    let stack = Stack::start(folder.path(), Kind::Throwaway).await.expect("it starts");
    connect(&stack).await.execute("SELECT 1").await.expect("it works");
    stack.stop().await;
}

#[test]
fn with_stack_provides_servers_and_returns_the_commands_status() {
    let temp = tempfile::tempdir().expect("a folder");
    let script = "echo \"$DATABASE_URL $PAWDIUM_DATABASE__URL $PAWDIUM_REDIS__URL\"; exit 42";
    let output = with_stack(temp.path(), script).output().expect("pawdium runs");
    assert_eq!(output.status.code(), Some(42));
    let said = String::from_utf8(output.stdout).expect("text");
    let urls: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(urls.len(), 3, "{said}");
    assert!(
        urls[0] == urls[1] && urls[0].starts_with("postgres://") && urls[2].starts_with("unix://"),
        "{said}"
    );
    assert_eq!(fs::read_dir(temp.path()).expect("the folder is there").count(), 0, "nothing is left");
}

#[test]
fn with_stack_forwards_signals_and_cleans_up() {
    let temp = tempfile::tempdir().expect("a folder");
    let (mut pawdium, started) = sleeping(temp.path());
    send_signal(Some(pawdium.id()), Signal::TERM);
    assert_eq!(pawdium.wait().expect("it ends").code(), Some(128 + 15));
    fs::remove_file(started).expect("it is there");
    assert_eq!(fs::read_dir(temp.path()).expect("the folder is there").count(), 0, "nothing is left");
}

#[test]
fn killing_with_stack_ends_the_command_and_the_servers() {
    let temp = tempfile::tempdir().expect("a folder");
    let (mut pawdium, started) = sleeping(temp.path());
    let command: u32 = fs::read_to_string(started).expect("it is there").trim().parse().expect("a number");
    assert!(servers_in(temp.path()).iter().any(|name| name == "postgres"));
    send_signal(Some(pawdium.id()), Signal::KILL);
    pawdium.wait().expect("it ends");
    until_blocking("the servers have ended", SOON, || servers_in(temp.path()).is_empty().then_some(()));
    // In a container whose first process reaps no children the command stays a zombie, which has no arguments.
    let arguments = format!("/proc/{command}/cmdline");
    until_blocking("the command has ended", SOON, || {
        fs::read(&arguments).unwrap_or_default().is_empty().then_some(())
    });
}

#[test]
fn missing_programs_are_reported_with_what_to_install() {
    let temp = tempfile::tempdir().expect("a folder");
    let programs = temp.path().join("bin");
    fs::create_dir(&programs).expect("a folder can be made");
    for name in ["setpriv", "sh", "id"] {
        let path =
            ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name)).into_iter().find(|p| p.exists());
        std::os::unix::fs::symlink(path.expect("it is there"), programs.join(name)).expect("a link");
    }
    let output = with_stack(temp.path(), "true").env("PATH", &programs).output().expect("pawdium runs");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.contains("sudo apt-get install -y --no-install-recommends redis-server"), "{said}");
    assert_eq!(servers_in(temp.path()), [""; 0], "nothing was started");
}
