//! The child's side: one picture, then the end.

use std::{
    io::{self, Read, Write},
    process::ExitCode,
};

use anyhow::Context;

use super::{
    confine::confine,
    protocol::{NO_SANDBOX, REQUEST_VAR, Request, write_reply},
};
use crate::media::{Refusal, Rendered, render::render};

/// What the hidden subcommand of the worker runs: confines this process, reads the picture from standard input and
/// answers on standard output.
///
/// Call it before anything else: before a runtime, a log or a configuration is set up.
pub fn child_main() -> ExitCode {
    let request = match confined() {
        Ok(request) => request,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(NO_SANDBOX);
        }
    };
    match answer(&request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn confined() -> anyhow::Result<Request> {
    let request = std::env::var(REQUEST_VAR).context("this command is run by the worker for each picture")?;
    let request: Request = serde_json::from_str(&request).context("reading the request")?;
    confine(&request.limits)?;
    Ok(request)
}

fn answer(request: &Request) -> io::Result<()> {
    let result = read_and_render(request)?;
    let mut stdout = io::stdout().lock();
    write_reply(&mut stdout, result)?;
    stdout.flush()
}

fn read_and_render(request: &Request) -> io::Result<Result<Rendered, Refusal>> {
    let max = request.limits.max_bytes;
    let expected = usize::try_from(request.bytes.min(max)).unwrap_or_default();
    // Room for one more, at which reading finds the end.
    let mut source = Vec::with_capacity(expected + 1);
    // One byte more than allowed tells the probe that the file is too large.
    match io::stdin().lock().take(max.saturating_add(1)).read_to_end(&mut source) {
        Ok(_) => Ok(render(&source, request.crop, &request.limits)),
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Ok(Err(Refusal::TooMuchMemory)),
        Err(error) => Err(error),
    }
}
