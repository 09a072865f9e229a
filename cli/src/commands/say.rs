//! Output of commands that changed something.

use anyhow::Result;
use serde::Serialize;

/// Prints `done` as JSON or `told` as text.
pub(crate) fn say(json: bool, done: &impl Serialize, words: &str) -> Result<()> {
    let said = if json { serde_json::to_string_pretty(done)? } else { words.to_owned() };
    println!("{said}");
    Ok(())
}
