//! `pawdium-worker` runs jobs. It starts `pawdium-worker decode`, a confined process, for each decoder.

use std::process::ExitCode;

use pawdium_shared::config::Config;
use pawdium_shared::{shutdown, telemetry};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [] => {}
        [command] if command == pawdium_worker::DECODE => return pawdium_media::child_main(),
        _ => {
            eprintln!("pawdium-worker takes no arguments; its settings are those of `pawdium config check`");
            return ExitCode::from(2);
        }
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pawdium-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run() -> anyhow::Result<()> {
    let config = Config::load()?;
    telemetry::init(&config.log)?;
    pawdium_worker::serve(&config, shutdown::on_signal()?).await
}
