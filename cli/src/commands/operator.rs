//! Who sits at the command line, and their way to the database.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, bail};
use pawdium_shared::config::Config;
use pawdium_shared::db::{self, Db};
use sqlx::Postgres;
use sqlx::pool::PoolConnection;

const UNREACHABLE: &str = "connecting to the database; is it running, and database.url right?";

/// The database that the settings name; `command` is how it sees who is connected.
pub(crate) fn pool(config: &Config, command: &str) -> Result<Db> {
    db::connect(&config.database, command).context("database.url")
}

/// The database that the settings name, which answers.
pub(crate) async fn connect(command: &str) -> Result<Db> {
    let db = pool(&Config::load()?, command)?;
    acquire(&db).await?;
    Ok(db)
}

/// One of the pool's connections.
pub(crate) async fn acquire(pool: &Db) -> Result<PoolConnection<Postgres>> {
    pool.acquire().await.context(UNREACHABLE)
}

/// Their name in the audit log: `ada@host`, as this machine knows them. Who became root by sudo is still themselves.
pub(crate) fn name() -> String {
    let named = ["SUDO_USER", "LOGNAME", "USER"].into_iter().find_map(|variable| {
        std::env::var(variable).ok().filter(|name| !name.is_empty() && !name.contains('\0'))
    });
    let name = named.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    let system = rustix::system::uname();
    format!("{name}@{}", system.nodename().to_string_lossy())
}

/// Asks at the terminal whether to go on; without one, `--yes` has to have said so.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("{question} Say --yes to do it, or --dry-run to see it only.");
    }
    eprint!("{question} [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
