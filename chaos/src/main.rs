//! `pawdium-chaos` breaks things for a while and counts; `pawdium-chaos role <JSON>` is one of its processes.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use pawdium_chaos::roles::Role;
use pawdium_chaos::run::{self, Settings};
use pawdium_shared::config::LogConfig;
use pawdium_shared::telemetry;

/// Runs the job queue against a private Postgres, breaks things, heals them, and counts what was lost.
#[derive(Debug, Parser)]
#[command(name = "pawdium-chaos")]
struct Arguments {
    /// For how long things break, in seconds.
    #[arg(long, default_value_t = 600)]
    duration: u64,
    /// Decides what breaks when, and what is enqueued. Default: another one each time.
    #[arg(long)]
    seed: Option<u64>,
    /// How many jobs wait when it begins. Default: as many as can be worked off meanwhile, up to a million.
    #[arg(long)]
    backlog: Option<i64>,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Plays one role; what the other processes are started with.
    #[command(hide = true)]
    Role {
        /// The role, in JSON.
        role: String,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.part {
        Some(Part::Role { role }) => play(role).map(|()| true),
        None => direct(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("pawdium-chaos: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn play(role: &str) -> anyhow::Result<()> {
    telemetry::init(&LogConfig::default())?;
    serde_json::from_str::<Role>(role)?.play().await
}

/// On one thread, because the kernel ends children with the thread that started them.
#[tokio::main(flavor = "current_thread")]
async fn direct(arguments: &Arguments) -> anyhow::Result<bool> {
    let duration = Duration::from_secs(arguments.duration);
    let settings = Settings {
        seed: arguments.seed.unwrap_or_else(|| u64::from(rand::random::<u32>())),
        backlog: arguments.backlog.unwrap_or_else(|| Settings::backlog_for(duration)),
        ..Settings::new(std::env::current_exe()?, duration)
    };
    run::run(&settings).await
}
