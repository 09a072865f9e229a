//! `pawdium config`

mod connect;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use pawdium_shared::store::MediaStore;

use super::operator;

/// Check the settings
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Read the settings as the services do, and report each key that is wrong or doubtful
    ///
    /// Also tries the media bucket, if there is one. Exits with status 1 if there are errors.
    Check {
        /// Also try Postgres, Redis, the mail server, the media store and InfluxDB
        #[arg(long)]
        connect: bool,
    },
}

impl Config {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let Self::Check { connect } = self;
        let settings = operator::settings()?;
        for warning in settings.warnings() {
            println!("warning  {warning}");
        }
        if connect {
            let findings = connect::check(&settings).await;
            for finding in &findings {
                println!("{finding}");
            }
            let errors = findings.iter().filter(|finding| finding.is_error()).count();
            if errors > 0 {
                println!("Fix {errors} of these before the site can run.");
                return Ok(ExitCode::FAILURE);
            }
        } else if settings.media.store.scheme() == "s3" {
            // Opening a folder would create it, owned by the user who runs this command.
            MediaStore::open(&settings.media)?.check().await.context("media.store")?;
        }
        println!("The settings are valid; the site is {}", settings.web.base_url);
        Ok(ExitCode::SUCCESS)
    }
}
