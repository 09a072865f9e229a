//! The child's side: renders one picture after the other until the parent closes the socket.

use std::{
    fs::File,
    io::{self, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    process::ExitCode,
};

use anyhow::Context;
use rustix::{
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg, sockopt::socket_peercred},
    process::{Signal, getppid, set_parent_process_death_signal},
};

use super::{
    confine::confine,
    protocol::{IO_FAILED, LIMITS_VAR, MAX_REQUEST, NO_SANDBOX, Request, write_reply, write_stage},
};
use crate::{Limits, Refusal, Rendered, Stage, render::render};

/// Entry point of the worker's hidden subcommand. Confines this process, reads requests from the socket on standard
/// input and answers on standard output.
///
/// Call it first: before a runtime, logging or configuration is set up.
pub fn child_main() -> ExitCode {
    let limits = match confined() {
        Ok(limits) => limits,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(NO_SANDBOX);
        }
    };
    match answer_all(&limits) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(IO_FAILED)
        }
    }
}

pub(super) fn confined() -> anyhow::Result<Limits> {
    let limits = std::env::var(LIMITS_VAR).context("only the worker runs this command")?;
    let limits: Limits = serde_json::from_str(&limits).context("reading the limits")?;
    end_with_parent()?;
    confine(&limits)?;
    Ok(limits)
}

/// Asks the kernel to kill this process when its parent ends. Without this, a child that a hostile picture controls
/// could live on.
///
/// For the kernel the parent is the thread that started this process, not the whole worker. It is a runtime thread,
/// and those live as long as the worker because nothing calls `block_in_place`, which could end them (`clippy.toml`
/// enforces this). A picture whose process is killed that way is retried.
fn end_with_parent() -> anyhow::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL)).context("following the worker")?;
    // The parent may already be gone. The socket knows the process that created it.
    let parent = socket_peercred(rustix::stdio::stdin()).context("reading the worker's process id")?.pid;
    anyhow::ensure!(getppid() == Some(parent), "the worker has ended");
    Ok(())
}

fn answer_all(limits: &Limits) -> io::Result<()> {
    while answer_next(limits)? {}
    Ok(())
}

/// Renders the next picture. Returns `false` when there are no more.
pub(super) fn answer_next(limits: &Limits) -> io::Result<bool> {
    let Some((request, original)) = receive()? else { return Ok(false) };
    let mut stdout = io::stdout().lock();
    let mut told = Ok(());
    let result = read_and_render(&request, original, limits, |stage, ms| {
        if told.is_ok() {
            told = write_stage(&mut stdout, stage, ms).and_then(|()| stdout.flush());
        }
    })?;
    told?;
    write_reply(&mut stdout, result)?;
    stdout.flush()?;
    Ok(true)
}

/// Waits for the next request and its file. Returns `None` when the parent has closed the socket.
pub(super) fn receive() -> io::Result<Option<(Request, File)>> {
    let mut packet = [0; MAX_REQUEST];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let parts = &mut [IoSliceMut::new(&mut packet)];
    let received = recvmsg(rustix::stdio::stdin(), parts, &mut beside, RecvFlags::CMSG_CLOEXEC)?;
    if received.bytes == 0 {
        return Ok(None);
    }
    let request = serde_json::from_slice(&packet[..received.bytes])?;
    let file = beside.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut files) => files.next(),
        _ => None,
    });
    let file = file.ok_or_else(|| io::Error::other("a request came without a file"))?;
    Ok(Some((request, file.into())))
}

fn read_and_render(
    request: &Request,
    file: File,
    limits: &Limits,
    reached: impl FnMut(Stage, u32),
) -> io::Result<Result<Rendered, Refusal>> {
    let max = limits.max_bytes;
    let expected = usize::try_from(request.bytes.min(max)).unwrap_or_default();
    // Room for one more byte, so that the last read sees the end.
    let mut original = Vec::with_capacity(expected + 1);
    // One byte above the limit tells the probe that the file is too large.
    match file.take(max.saturating_add(1)).read_to_end(&mut original) {
        Ok(_) => Ok(render(original, request.crop, limits, reached)),
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Ok(Err(Refusal::TooMuchMemory)),
        Err(error) => Err(error),
    }
}
