//! Processor time of processes.

use std::fs;

use anyhow::{Context as _, Result};

/// The unit of processor time in `/proc/<pid>/stat` (`USER_HZ`, proc(5)).
const TICKS_A_SECOND: f64 = 100.0;

/// Seconds used by the processes so far, user and system.
///
/// # Errors
/// When a process has ended.
pub fn seconds(pids: &[u32]) -> Result<f64> {
    let mut ticks = 0;
    for pid in pids {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("a process has ended")?;
        // The name in parentheses can contain anything; utime and stime are the 12th and 13th fields after it.
        let (_, fields) = stat.rsplit_once(')').context("the name is in brackets")?;
        for field in fields.split_whitespace().skip(11).take(2) {
            ticks += field.parse::<u32>().context("ticks are a number")?;
        }
    }
    Ok(f64::from(ticks) / TICKS_A_SECOND)
}
