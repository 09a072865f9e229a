//! `pawdium-demo`: a whole site with servers of its own.

mod commands;

use std::process::ExitCode;

use clap::Parser as _;

/// One thread: the servers and services that a command starts end with the thread that started them, so that thread has
/// to be the one that lives longest.
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
