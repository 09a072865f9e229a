//! `pawdium config`

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// What concerns the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Reads the settings as the services do, and names every key that is wrong.
    ///
    /// Ends with status 1 when there is one.
    Check,
}

impl Config {
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self {
            Self::Check => {
                let config = pawdium_shared::config::Config::load()?;
                println!("The settings are good; the site is {}", config.web.base_url);
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
