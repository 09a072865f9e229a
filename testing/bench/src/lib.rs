//! What the benchmarks share: the servers that they measure on, the machine, and how figures are summed up.

pub mod figures;
pub mod machine;
pub mod processor;
pub mod stores;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The folder of everything that is built: a benchmark lies in `<target>/release/`.
///
/// # Errors
/// When it lies somewhere else.
pub fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.ancestors().nth(2).map(Path::to_owned).context("this program lies in no target folder")
}
