//! The subcommands, a file each.

mod audit;
mod cache;
mod config;
mod jobs;
mod media;
mod migrate;
mod operator;
mod password;
mod queues;
mod say;
mod schedules;
mod table;
mod user;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Pawdium from the command line.
///
/// Settings come from /etc/pawdium/pawdium.toml, or the file that PAWDIUM_CONFIG names, and from PAWDIUM_* variables
/// over it; `pawdium config check` says what is wrong with them.
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
    Cache(cache::Cache),
    #[command(subcommand)]
    Media(media::Media),
    #[command(subcommand)]
    Config(config::Config),
}

impl Command {
    /// Runs it, and says with what status the process ends.
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self {
            Self::Migrate(command) => command.run().await,
            Self::User(command) => command.run().await,
            Self::Jobs(command) => command.run().await,
            Self::Queues(command) => command.run().await,
            Self::Schedules(command) => command.run().await,
            Self::Audit(command) => command.run().await,
            Self::Cache(command) => command.run().await,
            Self::Media(command) => command.run().await,
            Self::Config(command) => command.run().await,
        }
    }
}
