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

/// How long one attempt to connect may take.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Brings the database's schema up to date.
///
/// Safe to run again, from several hosts at once, and while the previous version still serves.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Waits this long for the database to answer. What waiting won't heal ends the command at once.
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    wait: u64,
    /// Takes the migrations from this folder instead of those that this program was built with.
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

    /// Waits for a server that is starting or away, and for nothing that will not heal.
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
                bail!("the database refuses: {error}\n{advice}");
            }
            let text = match &error {
                sqlx::Error::PoolTimedOut => "it took too long to connect".to_owned(),
                error => error.to_string(),
            };
            if Instant::now() >= end {
                bail!("the database does not answer: {text}\nIs Postgres running, and database.url right?");
            }
            if text != told {
                eprintln!("waiting for the database: {text}");
                told = text;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
