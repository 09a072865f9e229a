//! `pawdium migrate`

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use pawdium_shared::config::Config;
use pawdium_shared::db;

/// Brings the database's schema up to date.
///
/// Safe to run again, from several hosts at once, and while the previous version still serves.
#[derive(Debug, Args)]
pub(crate) struct Migrate {}

impl Migrate {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = Config::load()?;
        let pool = db::connect(&config.database, "pawdium migrate").context("database.url")?;
        db::migrate(&pool).await.context("bringing the schema up to date")?;
        println!("The schema is up to date.");
        Ok(ExitCode::SUCCESS)
    }
}
