//! pgbench: what the same Postgres commits for direct clients.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use pawdium_bench::stores::Stores;
use pawdium_kit::stack::postgres_program;
use tokio::process::Command;

/// In units of 100,000 accounts.
const SCALE: u32 = 10;

/// A database with pgbench's tables.
#[derive(Debug)]
pub(crate) struct Pgbench {
    program: PathBuf,
    database: String,
    clients: usize,
}

impl Pgbench {
    /// Creates its tables next to the site's.
    pub(crate) async fn fill(stores: &Stores, clients: usize) -> Result<Self> {
        let pgbench =
            Self { program: postgres_program("pgbench")?, database: stores.postgres_url(), clients };
        pgbench.ask(&["--initialize", "--quiet", &format!("--scale={SCALE}")]).await?;
        Ok(pgbench)
    }

    /// Transactions per second of `pgbench -N`: an update, a select and an insert each, without a contended row.
    pub(crate) async fn run(&self, seconds: u32) -> Result<f64> {
        let clients = format!("--client={}", self.clients);
        let time = format!("--time={seconds}");
        let said = self.ask(&["-N", "--no-vacuum", &clients, &time]).await?;
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.with_context(|| format!("pgbench reported no rate: {said}"))
    }

    async fn ask(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        let output = command.args(arguments).arg(&self.database).kill_on_drop(true).output().await?;
        if !output.status.success() {
            bail!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// Its name in the table.
pub(crate) fn name(clients: usize) -> String {
    format!("pgbench -N, {clients} clients, scale {SCALE}")
}
