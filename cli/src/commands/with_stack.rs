//! `pawdium with-stack`

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};

use anyhow::{Context as _, Result};
use clap::Args;
use pawdium_cli::stack::{Kind, Stack, die_with_parent, send_signal, throwaway_folder};
use rustix::process::Signal;
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};

/// Runs a command with a Postgres and a Redis of its own, which are gone afterwards.
///
/// The command finds them through DATABASE_URL, PAWDIUM_DATABASE__URL and PAWDIUM_REDIS__URL. The database is empty.
/// Ends with the command's status.
#[derive(Debug, Args)]
pub(crate) struct WithStack {
    /// The command and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl WithStack {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let (program, arguments) = self.command.split_first().context("a command is required")?;
        let folder = throwaway_folder()?;
        let stack = Stack::start(folder.path(), Kind::Throwaway).await?;
        let mut command = die_with_parent("TERM", program);
        command
            .args(arguments)
            .env("DATABASE_URL", stack.database_url())
            .env("PAWDIUM_DATABASE__URL", stack.database_url())
            .env("PAWDIUM_REDIS__URL", stack.redis_url());
        let status = match tokio::process::Command::from(command).spawn() {
            Ok(child) => watch(child).await,
            Err(error) => Err(error).context("starting the command (is setpriv, of util-linux, installed?)"),
        };
        stack.stop().await;
        folder.close().context("removing the throwaway stack")?;
        Ok(exit_code(status?))
    }
}

/// Waits for the command, and passes on to it what we are told: it may have to clean up, and we stop after it.
async fn watch(mut child: Child) -> Result<ExitStatus> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        tokio::select! {
            status = child.wait() => return status.context("waiting for the command"),
            _ = terminate.recv() => send_signal(child.id(), Signal::TERM),
            _ = interrupt.recv() => send_signal(child.id(), Signal::INT),
        }
    }
}

/// The command's own status, or 128 plus the signal that ended it, as shells have it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
