//! Initialises, starts and stops Postgres.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};

use super::Kind;
use super::account::Account;
use super::process::{Process, Server, wait_for_earlier};
use super::programs::{self, PostgresPrograms};

/// The database, and the role that owns everything.
pub(super) const DATABASE: &str = "pawdium";

/// Marks that `initdb` has completed.
const COMPLETE: &str = "pawdium.complete";

/// Every test has its own database and pools.
const MAX_CONNECTIONS: u32 = 300;

#[derive(Debug)]
pub(super) struct Postgres {
    process: Process,
}

/// The URL of a database behind the socket in `sockets`.
pub(super) fn url(sockets: &Path, database: &str) -> String {
    format!("postgres://{DATABASE}@localhost/{database}?host={}", sockets.display())
}

impl Postgres {
    pub(super) async fn start(folder: &Path, sockets: &Path, kind: Kind, account: &Account) -> Result<Self> {
        let data = folder.join("postgres");
        let programs = programs::postgres(major_of(&data))?;
        let server = Server {
            name: "Postgres",
            program: &programs.postgres,
            folder: &data,
            account,
            log: folder.join("postgres.log"),
            stop: Signal::INT,
        };
        if major_of(&data).is_none() {
            make(&server, &programs, kind).await?;
        }
        forget_earlier(&data, &programs.postgres).await?;
        let mut process = server.start(&arguments(&server.home(), sockets, kind))?;
        let options: PgConnectOptions = url(sockets, "postgres").parse()?;
        let options = options.disable_statement_logging();
        let ready = process.wait_until_ready(async || can_connect(&options).await).await;
        let ready = match ready {
            Ok(()) => create_database(&options).await,
            Err(error) => Err(error),
        };
        match ready {
            Ok(()) => Ok(Self { process }),
            Err(error) => {
                process.stop().await;
                Err(error)
            }
        }
    }

    pub(super) async fn failed(&mut self) -> anyhow::Error {
        self.process.failed().await
    }

    pub(super) async fn crash(&mut self) {
        self.process.end_by(Signal::QUIT).await;
    }

    pub(super) async fn stop(self) {
        self.process.stop().await;
    }
}

/// The major version of the existing data; `None` without data, or if a killed run left them incomplete.
fn major_of(data: &Path) -> Option<u32> {
    if !data.join(COMPLETE).exists() {
        return None;
    }
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Postgres takes any process with the id in its lock file for an earlier run of itself. The stack's own lock rules
/// that out.
async fn forget_earlier(data: &Path, program: &Path) -> Result<()> {
    wait_for_earlier(data, program).await?;
    match fs::remove_file(data.join("postmaster.pid")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).context("removing a stale postmaster.pid")
        }
        _ => Ok(()),
    }
}

async fn make(server: &Server<'_>, programs: &PostgresPrograms, kind: Kind) -> Result<()> {
    if server.folder.exists() {
        fs::remove_dir_all(server.folder).context("deleting an incomplete database")?;
    }
    fs::create_dir(server.folder).context("creating a folder for the database")?;
    server.account.own(server.folder)?;
    let mut command = server.command(&programs.initdb);
    // Trust is safe here: only this user can enter the socket's folder.
    command.args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]);
    command.arg(format!("--username={DATABASE}")).arg("--pgdata").arg(server.home());
    command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output =
        tokio::process::Command::from(command).kill_on_drop(true).output().await.context("running initdb")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("initdb failed ({}):\n{}", output.status, said.trim_end());
    }
    if kind == Kind::Durable {
        // Syncing the whole file system takes a fraction of the time that initdb needs for its thousand files.
        rustix::fs::syncfs(File::open(server.folder)?).context("writing the database to the disk")?;
    }
    fs::write(server.folder.join(COMPLETE), "").context("marking the database as complete")?;
    Ok(())
}

fn arguments(data: &Path, sockets: &Path, kind: Kind) -> Vec<String> {
    let mut settings = vec![
        "listen_addresses=".to_owned(),
        format!("unix_socket_directories={}", sockets.display()),
        "unix_socket_permissions=0700".to_owned(),
        format!("max_connections={MAX_CONNECTIONS}"),
        "shared_buffers=64MB".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "logging_collector=off".to_owned(),
    ];
    if kind == Kind::Throwaway {
        // Only a crash of the machine can lose data with these settings, and tests accept that.
        settings.extend(["fsync=off", "full_page_writes=off"].map(str::to_owned));
    }
    let mut arguments = vec!["-D".to_owned(), data.display().to_string()];
    arguments.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    arguments
}

async fn can_connect(options: &PgConnectOptions) -> bool {
    let attempt = tokio::time::timeout(Duration::from_secs(2), PgConnection::connect_with(options));
    matches!(attempt.await, Ok(Ok(_)))
}

async fn create_database(options: &PgConnectOptions) -> Result<()> {
    let mut connection = PgConnection::connect_with(options).await?;
    let is_there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(DATABASE)
        .fetch_one(&mut connection)
        .await?;
    if !is_there {
        connection.execute("CREATE DATABASE pawdium").await.context("creating the database")?;
    }
    connection.close().await?;
    Ok(())
}
