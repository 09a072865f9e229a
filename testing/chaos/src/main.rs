//! `pawdium-chaos` breaks things for a while and counts, first of the queue and then of the whole site; `pawdium-chaos role
//! <JSON>` is one of its processes.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use pawdium_chaos::roles::Role;
use pawdium_chaos::run::{self, Settings};
use pawdium_chaos::storm;
use pawdium_shared::config::LogConfig;
use pawdium_shared::telemetry;

/// Runs the job queue, and then the whole site, against a Postgres and a Redis of their own, breaks things, heals them,
/// and counts what was lost.
#[derive(Debug, Parser)]
#[command(name = "pawdium-chaos")]
struct Arguments {
    /// For how long things break, in seconds: half of it for each part.
    #[arg(long, default_value_t = 600)]
    duration: u64,
    /// Decides what breaks when, and what is enqueued. Default: another one each time.
    #[arg(long)]
    seed: Option<u64>,
    /// How many jobs wait when it begins. Default: as many as can be worked off meanwhile, up to a million.
    #[arg(long)]
    backlog: Option<i64>,
    /// Runs one part only, for all of the time.
    #[arg(long)]
    only: Option<Only>,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    Queue,
    Site,
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
    let duration = if arguments.only.is_none() { duration / 2 } else { duration };
    let seed = arguments.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let program = std::env::current_exe()?;
    let programs = program.parent().map(Path::to_owned).unwrap_or_default();
    let mut is_clean = true;
    if arguments.only != Some(Only::Site) {
        let backlog = arguments.backlog.unwrap_or_else(|| Settings::backlog_for(duration));
        is_clean &= run::run(&Settings { seed, backlog, ..Settings::new(program, duration) }).await?;
    }
    if arguments.only != Some(Only::Queue) {
        is_clean &= storm::run(&storm::Settings { programs, duration, seed }).await?;
    }
    Ok(is_clean)
}
