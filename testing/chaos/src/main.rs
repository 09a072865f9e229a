//! `pawdium-chaos` runs the chaos tests, first of the queue and then of the whole site. `pawdium-chaos role <JSON>` is
//! one of its processes.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use pawdium_chaos::roles::Role;
use pawdium_chaos::run::{self, RunSettings};
use pawdium_chaos::storm;
use pawdium_shared::config::LogConfig;
use pawdium_shared::telemetry;

/// Runs the job queue, and then the whole site, with a private Postgres and Redis, injects faults, heals them, and counts
/// what was lost.
#[derive(Debug, Parser)]
#[command(name = "pawdium-chaos")]
struct Arguments {
    /// How long to inject faults, in seconds. Each part gets half of it.
    #[arg(long, default_value_t = 600)]
    duration: u64,
    /// The seed of the faults and the load. Default: random.
    #[arg(long)]
    seed: Option<u64>,
    /// The number of jobs that wait at the beginning. Default: as many as can be worked off in the time, up to a million.
    #[arg(long)]
    backlog: Option<i64>,
    /// Runs only one part, for the whole time.
    #[arg(long)]
    only: Option<Only>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    Queue,
    Site,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Runs one role, for the processes of a test.
    #[command(hide = true)]
    Role {
        /// The role, in JSON.
        role: String,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.action {
        Some(Action::Role { role }) => run_role(role).map(|()| true),
        None => run_tests(&arguments),
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
async fn run_role(role: &str) -> anyhow::Result<()> {
    telemetry::init(&LogConfig::default())?;
    serde_json::from_str::<Role>(role)?.run().await
}

/// Runs on one thread, because the kernel kills child processes when the thread that started them ends.
#[tokio::main(flavor = "current_thread")]
async fn run_tests(arguments: &Arguments) -> anyhow::Result<bool> {
    let duration = Duration::from_secs(arguments.duration);
    let duration = if arguments.only.is_none() { duration / 2 } else { duration };
    let seed = arguments.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let program = std::env::current_exe()?;
    let programs = program.parent().map(Path::to_owned).unwrap_or_default();
    let mut is_clean = true;
    if arguments.only != Some(Only::Site) {
        let backlog = arguments.backlog.unwrap_or_else(|| RunSettings::backlog_for(duration));
        is_clean &= run::run(&RunSettings { seed, backlog, ..RunSettings::new(program, duration) }).await?;
    }
    if arguments.only != Some(Only::Queue) {
        is_clean &= storm::run(&storm::StormSettings { programs, duration, seed }).await?;
    }
    Ok(is_clean)
}
