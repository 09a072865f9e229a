//! `pawdium migrate`

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use pawdium_shared::db::{self, Schema};
use sqlx::migrate::Migrator;
use sqlx::{Connection as _, PgConnection, PgPool};

use super::operator;

/// Timeout of one connection attempt.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Bring the database's schema up to date
///
/// Safe to repeat, to run from several hosts at once, and while the previous version is still serving.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Wait this long for the database to answer; errors that waiting can't fix end the command at once
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    wait: u64,
    /// Take the migrations from this folder instead of the built-in ones
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,
}

impl Migrate {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = operator::settings()?;
        let pool = db::connect(&config.database, "pawdium migrate").context("database.url")?;
        self.wait_for(&pool).await?;
        let schema = match &self.from {
            Some(folder) => {
                let migrator = Migrator::new(folder.as_path()).await?;
                db::migrate_with(&pool, &migrator).await.map(|()| Schema::Current)
            }
            None => db::migrate(&pool).await,
        }
        .context("bringing the schema up to date")?;
        match schema {
            Schema::Newer(later) => println!(
                "The schema is newer than this program, by {later} migration{}, and stays as it is. The version before \
                 the one that made it runs on it.",
                if later == 1 { "" } else { "s" }
            ),
            _ => println!("The schema is up to date."),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Waits for a server that is starting or unreachable, but not on errors that waiting can't fix.
    async fn wait_for(&self, pool: &PgPool) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(self.wait);
        let options = pool.connect_options();
        let mut told = String::new();
        loop {
            let connecting = tokio::time::timeout(ATTEMPT, PgConnection::connect_with(&options));
            let error = match connecting.await {
                Ok(Ok(connection)) => return Ok(connection.close().await?),
                Ok(Err(error)) => error,
                Err(_) => sqlx::Error::PoolTimedOut,
            };
            if let Some(advice) = db::what_to_do(&error, &options) {
                bail!("the database refused the connection: {error}\n{advice}");
            }
            let text = match &error {
                sqlx::Error::PoolTimedOut => "connecting timed out".to_owned(),
                error => error.to_string(),
            };
            if Instant::now() >= end {
                bail!(
                    "the database does not answer: {text}\nIs Postgres running, and is database.url correct?"
                );
            }
            if text != told {
                eprintln!("waiting for the database: {text}");
                told = text;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
