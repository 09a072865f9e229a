//! `pawdium-demo seed`

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use pawdium_demo::seed::{self, Amounts};
use pawdium_shared::config::Config;
use pawdium_shared::db;

/// Fills an empty site with members, drawn photos and ratings, through its own API.
///
/// The site must be running, with a worker, and its rate limits (security.*_per_hour) must be 0. The members, an admin
/// among them, have a password that everybody knows: only for a site that nobody else reaches.
#[derive(Debug, Args)]
pub(crate) struct Seed {
    /// How many photos to draw and submit.
    #[arg(long, default_value_t = Amounts::default().photos)]
    photos: u64,
    /// How many anonymous raters rate them.
    #[arg(long, default_value_t = Amounts::default().raters)]
    raters: u64,
}

impl Seed {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = Config::load()?;
        let pool = db::connect(&config.database, "pawdium-demo")?;
        if !seed::is_empty(&pool).await? {
            bail!("this site has photos already; only an empty one can be filled");
        }
        let amounts = Amounts { photos: self.photos, raters: self.raters, ..Amounts::default() };
        seed::seed(&config.web.base_url, &pool, amounts, |line| println!("{line}")).await?;
        Ok(ExitCode::SUCCESS)
    }
}
