//! `pawdium migrate`

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use pawdium_shared::config::Config;
use pawdium_shared::db;
use sqlx::PgPool;
use sqlx::migrate::Migrator;

/// Brings the database's schema up to date.
///
/// Safe to run again, from several hosts at once, and while the previous version still serves.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Waits this long for the database to answer.
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    wait: u64,
    /// Takes the migrations from this folder instead of those that this program was built with.
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,
}

impl Migrate {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = Config::load()?;
        let pool = db::connect(&config.database, "pawdium migrate").context("database.url")?;
        self.wait_for(&pool).await.context("the database does not answer")?;
        match &self.from {
            Some(folder) => Migrator::new(folder.as_path()).await?.run(&*pool).await,
            None => db::migrate(&pool).await,
        }
        .context("bringing the schema up to date")?;
        println!("The schema is up to date.");
        Ok(ExitCode::SUCCESS)
    }

    async fn wait_for(&self, pool: &PgPool) -> sqlx::Result<()> {
        let end = Instant::now() + Duration::from_secs(self.wait);
        loop {
            match pool.acquire().await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() >= end => return Err(error),
                Err(error) => {
                    eprintln!("waiting for the database: {error}");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}
