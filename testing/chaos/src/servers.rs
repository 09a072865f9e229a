//! The private servers of a run or a storm.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use pawdium_kit::stack::{Kind, Stack, throwaway_folder};
use tempfile::TempDir;

use crate::watchdog::Watchdog;

/// Runs `act` with a private Postgres and Redis in a temporary folder, for at most `limit`, and stops both. Returns the
/// result and the folder, which is kept if `act` fails.
pub(crate) async fn with_servers<T>(
    limit: Duration,
    act: impl AsyncFnOnce(&Path, &mut Stack) -> Result<T>,
) -> Result<(T, TempDir)> {
    let _watchdog = Watchdog::watch(limit + Duration::from_secs(30));
    let folder = throwaway_folder()?;
    let mut stack = Stack::start(folder.path(), Kind::Durable).await?;
    let acted = tokio::time::timeout(limit, act(folder.path(), &mut stack)).await;
    stack.stop().await;
    match acted.context("the run did not end in time").flatten() {
        Ok(outcome) => Ok((outcome, folder)),
        Err(error) => {
            keep(folder);
            Err(error)
        }
    }
}

/// Keeps a folder, so that its logs can be read.
pub(crate) fn keep(folder: TempDir) {
    println!("chaos: logs are in {}", folder.keep().display());
}
