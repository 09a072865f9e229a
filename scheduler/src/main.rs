//! `pawdium-scheduler` enqueues jobs when they are due. Any number of schedulers can run.

use std::process::ExitCode;

use pawdium_shared::config::Config;
use pawdium_shared::{shutdown, telemetry};

fn main() -> ExitCode {
    if std::env::args_os().len() > 1 {
        eprintln!("pawdium-scheduler takes no arguments; its settings are those of `pawdium config check`");
        return ExitCode::from(2);
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pawdium-scheduler: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run() -> anyhow::Result<()> {
    let config = Config::load()?;
    telemetry::init(&config.log)?;
    pawdium_scheduler::serve(&config, shutdown::on_signal()?).await
}
