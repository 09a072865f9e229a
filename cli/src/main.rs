//! The `pawdium` command.

mod commands;

use std::process::ExitCode;

use clap::Parser as _;
use pawdium_shared::mask::printable_lines;

/// Single-threaded, because a child process ends with the thread that started it. That thread must be the one that
/// lives longest.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = commands::Cli::try_parse().unwrap_or_else(|error| refuse(&error));
    match cli.command.run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("pawdium: {}", printable_lines(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

/// Prints clap's error and exits with its status. clap echoes arguments unchanged, so control characters are
/// escaped first, and colours are left out.
fn refuse(error: &clap::Error) -> ! {
    let repeats_any = std::env::args_os().any(|given| given.to_string_lossy().contains(char::is_control));
    if !(error.use_stderr() && repeats_any) {
        error.exit();
    }
    eprint!("{}", printable_lines(&error.render().to_string()));
    std::process::exit(error.exit_code());
}
