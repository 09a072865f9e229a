//! What a command that did something says of it.

use anyhow::Result;
use serde::Serialize;

/// Prints `done` as JSON, or in words.
pub(crate) fn say(json: bool, done: &impl Serialize, words: &str) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(done)?)
    } else {
        println!("{words}")
    }
    Ok(())
}
