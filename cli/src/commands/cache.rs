//! `pawdium cache`

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use pawdium_shared::cache::{self, CachedGroup};
use pawdium_shared::redis::Redis;
use pawdium_widgets::cached;
use pawdium_widgets::coverage::{Coverage, Filter, KindCoverage, Widgets};
use serde::Serialize;

use super::operator;
use super::say::say;
use super::table::{age, table};

const UNREACHABLE: &str = "can't reach Redis; is it running, and is redis.url correct?";

/// Show and empty the cache; pages are recomputed, nothing is lost
#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    /// List cached groups; a group is dropped as a whole
    List {
        #[command(flatten)]
        only: Only,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Drop what is cached
    Clean {
        /// Only groups whose name starts with this, as in `top:` or `photo:7`
        #[arg(default_value = "", hide_default_value = true, conflicts_with_all = ["hub", "kind"])]
        prefix: String,
        #[command(flatten)]
        only: Only,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Count the widgets on hubs' pages whose current data is cached
    Coverage {
        #[command(flatten)]
        only: Only,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Which widgets.
#[derive(Debug, Args)]
pub(crate) struct Only {
    /// Only widgets of this hub; members/NAME is a profile
    #[arg(long, value_name = "SLUG")]
    hub: Option<String>,
    /// Only widgets of this kind
    #[arg(long)]
    kind: Option<String>,
}

/// What was dropped.
#[derive(Debug, Serialize)]
struct Dropped {
    dropped: usize,
}

impl Cache {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = operator::settings()?;
        let redis = Redis::connect(&config.redis, "nothing is changed").context("redis.url")?;
        let cache = cache::Cache::new(redis, cached::kinds());
        let widgets = async |only: Only| -> Result<Widgets> {
            let db = operator::pool(&config, "pawdium cache")?;
            let filter = Filter { hub: only.hub, kind: only.kind };
            Ok(Widgets::find(&mut *operator::acquire(&db).await?, &filter).await?)
        };
        match self {
            Self::List { only, json } => {
                let groups = if only.is_everything() {
                    cache.list().await
                } else {
                    widgets(only).await?.list(&cache).await
                };
                list(groups.context(UNREACHABLE)?, json)?;
            }
            Self::Clean { prefix, only, json } => {
                let dropped = if only.is_everything() {
                    cache.clean(&prefix).await
                } else {
                    widgets(only).await?.clean(&cache).await
                };
                let dropped = dropped.context(UNREACHABLE)?;
                let words = format!("Dropped {dropped} group{}.", if dropped == 1 { "" } else { "s" });
                say(json, &Dropped { dropped }, &words)?;
            }
            Self::Coverage { only, json } => {
                let coverage = widgets(only).await?.coverage(&cache).await.context(UNREACHABLE)?;
                say(json, &coverage, coverage_in_words(&coverage).trim_end())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Only {
    fn is_everything(&self) -> bool {
        self.hub.is_none() && self.kind.is_none()
    }
}

fn list(groups: Vec<CachedGroup>, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(&groups)?);
    } else if groups.is_empty() {
        println!("Nothing is cached.");
    } else {
        let row = |group: CachedGroup| [group.name, group.fragments.to_string(), format!("{} s", group.ttl)];
        let rows: Vec<_> = groups.into_iter().map(row).collect();
        print!("{}", table(["GROUP", "FRAGMENTS", "ENDS IN"], &rows));
    }
    Ok(())
}

/// The sum in words, and a table of the kinds.
fn coverage_in_words(coverage: &Coverage) -> String {
    let words = coverage.in_words() + "\n";
    if coverage.kinds.is_empty() {
        return words;
    }
    let rows: Vec<_> = coverage.kinds.iter().map(row).collect();
    words + &table(["KIND", "CACHED", "MISSING", "COVERAGE", "MEDIAN AGE", "OLDEST"], &rows)
}

fn row(kind: &KindCoverage) -> [String; 6] {
    let in_words = |length: Option<Duration>| {
        length.map_or_else(|| "-".to_owned(), |length| age(TimeDelta::from_std(length).unwrap_or_default()))
    };
    [
        kind.kind.to_owned(),
        kind.cached.to_string(),
        kind.missing.to_string(),
        kind.percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.2}%")),
        in_words(kind.median_age),
        in_words(kind.oldest_age),
    ]
}
