//! The subcommands, one per file.

mod audit;
mod cache;
mod config;
mod jobs;
mod media;
mod migrate;
mod operator;
mod password;
mod queues;
mod sanctions;
mod say;
mod schedules;
mod sessions;
mod table;
mod talks;
mod user;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Operates a Pawdium site.
///
/// Settings come from /etc/pawdium/pawdium.toml, or the file in PAWDIUM_CONFIG, and are overridden by PAWDIUM_*
/// variables. `pawdium config check` reports what is wrong with them.
#[derive(Debug, Parser)]
#[command(name = "pawdium", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Migrate(migrate::Migrate),
    #[command(subcommand)]
    User(user::User),
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    #[command(subcommand)]
    Queues(queues::Queues),
    #[command(subcommand)]
    Schedules(schedules::Schedules),
    Audit(audit::Audit),
    #[command(subcommand)]
    Talks(talks::Talks),
    #[command(subcommand)]
    Cache(cache::Cache),
    #[command(subcommand)]
    Media(media::Media),
    #[command(subcommand)]
    Config(config::Config),
}

impl Command {
    /// Runs the command and returns the exit status.
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self {
            Self::Migrate(command) => command.run().await,
            Self::User(command) => command.run().await,
            Self::Jobs(command) => command.run().await,
            Self::Queues(command) => command.run().await,
            Self::Schedules(command) => command.run().await,
            Self::Audit(command) => command.run().await,
            Self::Talks(command) => command.run().await,
            Self::Cache(command) => command.run().await,
            Self::Media(command) => command.run().await,
            Self::Config(command) => command.run().await,
        }
    }
}
