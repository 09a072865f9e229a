//! `pawdium cache`

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use pawdium_shared::redis::Redis;
use pawdium_shared::{cache, cached};

use super::operator;
use super::table::table;

/// Shows and empties the cache. Nothing is lost by emptying it: pages are computed anew.
#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    /// Lists what is cached, by group: what is dropped together.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Drops what is cached.
    Clean {
        /// Only groups whose name begins so, as in `top:` or `photo:7`.
        #[arg(default_value = "", hide_default_value = true)]
        prefix: String,
    },
}

impl Cache {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = operator::settings()?;
        let redis = Redis::connect(&config.redis, "nothing is changed").context("redis.url")?;
        let cache = cache::Cache::new(redis, cached::KINDS);
        let unreachable = "Redis can't be reached; is it running, and redis.url right?";
        match self {
            Self::List { json } => {
                let groups = cache.list().await.context(unreachable)?;
                if json {
                    println!("{}", serde_json::to_string_pretty(&groups)?);
                } else if groups.is_empty() {
                    println!("Nothing is cached.");
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
