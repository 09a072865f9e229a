//! Shared parts of the benchmarks: the servers, the site, the machine, and statistics.

pub mod figures;
pub mod http;
pub mod machine;
pub mod processor;
pub mod rater;
pub mod seed;
pub mod site;
pub mod stores;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use tokio::task::LocalSet;

/// The target folder; a benchmark is in `<target>/release/`.
///
/// # Errors
/// When the program is somewhere else.
pub fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.ancestors().nth(2).map(Path::to_owned).context("this program is not in a target folder")
}

/// Runs a benchmark on one thread, because servers and services end with the thread that starts them.
///
/// # Errors
/// Those of the benchmark.
pub fn run(benchmark: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, Box::pin(benchmark))
}

/// What a benchmark's program ends with. Says why it failed.
#[must_use]
pub fn end(outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
