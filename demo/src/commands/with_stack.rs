//! `pawdium-demo with-stack`

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};

use anyhow::{Context as _, Result};
use clap::Args;
use pawdium_kit::stack::{Kind, Stack, die_with_parent, send_signal, throwaway_folder};
use rustix::process::Signal;
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};

/// Run a command with a temporary Postgres and Redis
///
/// The command finds them through DATABASE_URL, PAWDIUM_DATABASE__URL and PAWDIUM_REDIS__URL. The database is
/// empty. Exits with the command's status.
#[derive(Debug, Args)]
pub(crate) struct WithStack {
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl WithStack {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let (program, arguments) = self.command.split_first().context("a command is required")?;
        let mut told = Told::new()?;
        let folder = throwaway_folder()?;
        let stack = tokio::select! {
            stack = Stack::start(folder.path(), Kind::Throwaway) => stack?,
            signal = told.next() => return Ok(ExitCode::from(ended_by(signal))),
        };
        let mut command = die_with_parent("TERM", program);
        command
            .args(arguments)
            .env("DATABASE_URL", stack.database_url())
            .env("PAWDIUM_DATABASE__URL", stack.database_url())
            .env("PAWDIUM_REDIS__URL", stack.redis_url());
        let status = match tokio::process::Command::from(command).spawn() {
            Ok(child) => watch(child, &mut told).await,
            Err(error) => Err(error).context("starting the command (is setpriv, of util-linux, installed?)"),
        };
        stack.stop().await;
        folder.close().context("removing the throwaway stack")?;
        Ok(exit_code(status?))
    }
}

/// The signals that ask this process to end.
struct Told {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Told {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::TERM,
            _ = self.interrupt.recv() => Signal::INT,
        }
    }
}

/// Waits for the command and forwards signals to it, so that it can clean up before we stop.
async fn watch(mut child: Child, told: &mut Told) -> Result<ExitStatus> {
    loop {
        tokio::select! {
            status = child.wait() => return status.context("waiting for the command"),
            signal = told.next() => send_signal(child.id(), signal),
        }
    }
}

/// The command's exit status, or 128 plus the signal, like a shell.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.or_else(|| Some(128 + u8::try_from(status.signal()?).ok()?)).unwrap_or(1))
}

fn ended_by(signal: Signal) -> u8 {
    128 + u8::try_from(signal.as_raw()).unwrap_or(0)
}
