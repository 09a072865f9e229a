//! `pawdium config`

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use pawdium_shared::config::Config as Settings;
use pawdium_shared::media::MediaStore;

/// What concerns the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Reads the settings as the services do, and names every key that is wrong.
    ///
    /// A bucket is tried as well. Ends with status 1 when there is something wrong.
    Check,
}

impl Config {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self {
            Self::Check => {
                let config = Settings::load()?;
                // A folder is left alone: opening it would make it, as whoever asks.
                if config.media.store.scheme() == "s3" {
                    MediaStore::open(&config.media)?.check().await.context("media.store")?;
                }
                println!("The settings are good; the site is {}", config.web.base_url);
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
