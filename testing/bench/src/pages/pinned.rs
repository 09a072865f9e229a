//! Which processor works for whom: the first for the servers, the second for the requests.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The processor of the measured server.
pub(crate) const SERVER: &str = "0";

/// The processor of this program.
const LOAD: &str = "1";

/// Pins all threads of a running server.
pub(crate) fn to_server(pid: u32) -> Result<()> {
    pin(pid, SERVER)
}

/// Pins this program.
pub(crate) fn self_to_load() -> Result<()> {
    ensure!(std::thread::available_parallelism()?.get() > 1, "this needs two processors");
    pin(std::process::id(), LOAD)
}

fn pin(pid: u32, processor: &str) -> Result<()> {
    let pinned = Command::new("taskset").args(["-acp", processor, &pid.to_string()]).output();
    let pinned = pinned.context("running taskset, of util-linux")?;
    ensure!(pinned.status.success(), "taskset: {}", String::from_utf8_lossy(&pinned.stderr));
    Ok(())
}
