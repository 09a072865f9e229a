//! `pawdium-demo seed`

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use pawdium_demo::seed::{self, Amounts};
use pawdium_shared::config::Config;
use pawdium_shared::db;

/// Fill an empty site with members, drawn photos and ratings, through its own API
///
/// The site must be running, with a worker, and its rate limits (security.*_per_hour) must be 0. The members,
/// including an admin, have a publicly known password, so the site must not be reachable by others.
#[derive(Debug, Args)]
pub(crate) struct Seed {
    /// Number of photos to draw and submit
    #[arg(long, default_value_t = Amounts::default().photos)]
    photos: u64,
    /// Number of anonymous raters
    #[arg(long, default_value_t = Amounts::default().raters)]
    raters: u64,
}

impl Seed {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = Config::load()?;
        let pool = db::connect(&config.database, "pawdium-demo")?;
        if !seed::is_empty(&pool).await? {
            bail!("this site already has photos; only an empty site can be seeded");
        }
        let amounts = Amounts { photos: self.photos, raters: self.raters, ..Amounts::default() };
        seed::seed(&config.web.base_url, &pool, amounts, |line| println!("{line}")).await?;
        Ok(ExitCode::SUCCESS)
    }
}
