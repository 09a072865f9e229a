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

use anyhow::{Context as _, Result};

/// The target folder; a benchmark is in `<target>/release/`.
///
/// # Errors
/// When the program is somewhere else.
pub fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.ancestors().nth(2).map(Path::to_owned).context("this program is not in a target folder")
}
