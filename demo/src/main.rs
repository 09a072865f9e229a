//! `pawdium-demo`: a whole site with its own servers.

mod commands;

use std::process::ExitCode;

use clap::Parser as _;

/// Single-threaded, because a child process ends with the thread that started it. That thread must be the one that
/// lives longest.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match commands::Cli::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("pawdium-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
