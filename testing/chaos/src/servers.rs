//! The servers that a run or a storm has to itself.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use pawdium_kit::stack::{Kind, Stack, throwaway_folder};
use tempfile::TempDir;

use crate::watchdog::Watchdog;

/// Lets `act` work with a private Postgres and Redis in a folder, for `limit` at most, and stops both. Answers with what
/// came out and with the folder, which is kept if that failed.
pub(crate) async fn with_servers<T>(
    limit: Duration,
    act: impl AsyncFnOnce(&Path, &mut Stack) -> Result<T>,
) -> Result<(T, TempDir)> {
    let _watchdog = Watchdog::watch(limit + Duration::from_secs(30));
    let folder = throwaway_folder()?;
    let mut stack = Stack::start(folder.path(), Kind::Durable).await?;
    let acted = tokio::time::timeout(limit, act(folder.path(), &mut stack)).await;
    stack.stop().await;
    match acted.context("it did not end in time").flatten() {
        Ok(outcome) => Ok((outcome, folder)),
        Err(error) => {
            keep(folder);
            Err(error)
        }
    }
}

/// Keeps a folder, so that one can look into what went wrong.
pub(crate) fn keep(folder: TempDir) {
    println!("chaos: logs are in {}", folder.keep().display());
}
