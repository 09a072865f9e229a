//! How much processor time processes have taken.

use std::fs;

use anyhow::{Context as _, Result};

/// In what unit `/proc/<pid>/stat` counts processor time (`USER_HZ`, proc(5)).
const TICKS_A_SECOND: f64 = 100.0;

/// The seconds that the processes have used until now, user and system.
///
/// # Errors
/// When one of them has ended.
pub fn seconds(pids: &[u32]) -> Result<f64> {
    let mut ticks = 0;
    for pid in pids {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("a process has ended")?;
        // The name, in brackets, may hold anything; utime and stime are the 12th and 13th field after it.
        let (_, fields) = stat.rsplit_once(')').context("the name is in brackets")?;
        for field in fields.split_whitespace().skip(11).take(2) {
            ticks += field.parse::<u32>().context("ticks are a number")?;
        }
    }
    Ok(f64::from(ticks) / TICKS_A_SECOND)
}
