//! Runs a command as an operator does, and inspects the result.

use std::io::ErrorKind;
use std::process::Stdio;

use pawdium_shared::audit;
use sqlx::{PgConnection, PgPool};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use url::Url;

/// The outcome of a command.
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) async fn pawdium(db: &PgPool, arguments: &[&str], input: &str) -> Ended {
    pawdium_with(db, arguments, input, &[]).await
}

pub(crate) async fn pawdium_with(
    db: &PgPool,
    arguments: &[&str],
    input: &str,
    settings: &[(&str, &str)],
) -> Ended {
    run(&url(db), arguments, input, settings).await
}

pub(crate) async fn pawdium_at(url: &Url, arguments: &[&str], input: &str) -> Ended {
    run(url, arguments, input, &[]).await
}

/// The test's database.
pub(crate) fn url(db: &PgPool) -> Url {
    let mut url: Url = std::env::var("DATABASE_URL").expect("it is set").parse().expect("a URL");
    url.set_path(db.connect_options().get_database().expect("the test has a database"));
    url
}

async fn run(url: &Url, arguments: &[&str], input: &str, settings: &[(&str, &str)]) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pawdium"))
        .args(arguments)
        .env_remove("PAWDIUM_CONFIG")
        .env("PAWDIUM_DATABASE__URL", url.as_str())
        .env("PAWDIUM_SECURITY__SECRET", "a secret for tests, of no worth at all")
        .env("PAWDIUM_WEB__BASE_URL", "https://paw.example")
        .env("SUDO_USER", "grace")
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("it has an input");
    // A command that refuses its arguments may exit without reading.
    match stdin.write_all(input.as_bytes()).await {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written.expect("it reads"),
    }
    drop(stdin);
    let output = child.wait_with_output().await.expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes UTF-8");
    Ended { succeeded: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) async fn connection(db: &PgPool) -> PgConnection {
    db.acquire().await.expect("a connection").detach()
}

/// The audit log, oldest first.
pub(crate) async fn audited(db: &PgPool) -> Vec<audit::Entry> {
    let mut entries = audit::list(&mut connection(db).await, &audit::Filter::default(), 100).await.expect("no error");
    entries.reverse();
    entries
}

pub(crate) fn read(ended: &Ended) -> serde_json::Value {
    assert!(ended.succeeded, "{}", ended.err);
    serde_json::from_str(&ended.out).expect("JSON")
}
