//! `pawdium cache`

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use pawdium_shared::redis::Redis;
use pawdium_shared::cache;
use pawdium_widgets::cached;

use super::operator;
use super::table::table;

/// Show and empty the cache; pages are recomputed, nothing is lost
#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    /// List cached groups; a group is dropped as a whole
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Drop what is cached
    Clean {
        /// Only groups whose name starts with this, as in `top:` or `photo:7`
        #[arg(default_value = "", hide_default_value = true)]
        prefix: String,
    },
}

impl Cache {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = operator::settings()?;
        let redis = Redis::connect(&config.redis, "nothing is changed").context("redis.url")?;
        let cache = cache::Cache::new(redis, cached::kinds());
        let unreachable = "can't reach Redis; is it running, and is redis.url correct?";
        match self {
            Self::List { json } => {
                let groups = cache.list().await.context(unreachable)?;
                if json {
                    println!("{}", serde_json::to_string_pretty(&groups)?);
                } else if groups.is_empty() {
                    println!("The cache is empty.");
                } else {
                    let rows: Vec<_> = groups
                        .into_iter()
                        .map(|group| [group.name, group.fragments.to_string(), format!("{} s", group.ttl)])
                        .collect();
                    print!("{}", table(["GROUP", "FRAGMENTS", "ENDS IN"], &rows));
                }
            }
            Self::Clean { prefix } => {
                let dropped = cache.clean(&prefix).await.context(unreachable)?;
                println!("Dropped {dropped} group{}.", if dropped == 1 { "" } else { "s" });
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
