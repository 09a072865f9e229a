//! The subcommands, one per file.

mod demo;
mod seed;
mod with_stack;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Run a whole Pawdium site with its own Postgres, Redis and mailbox, to try it or to test it
///
/// Without a command it runs the demo.
#[derive(Debug, Parser)]
#[command(name = "pawdium-demo", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    demo: demo::Demo,
}

#[derive(Debug, Subcommand)]
enum Command {
    Seed(seed::Seed),
    WithStack(with_stack::WithStack),
}

impl Cli {
    /// Runs the command and returns the exit status.
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self.command {
            None => self.demo.run().await,
            Some(Command::Seed(command)) => command.run().await,
            Some(Command::WithStack(command)) => command.run().await,
        }
    }
}
