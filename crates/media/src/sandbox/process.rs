//! One decoder process, from the parent's side.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, ErrorKind, IoSlice},
    mem::MaybeUninit,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::process::ExitStatusExt,
    },
    path::Path,
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use rustix::{
    net::{
        AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
        sendmsg, socketpair,
    },
    process::{Pid, Resource, Signal, prlimit},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
    time::{Instant as Deadline, timeout, timeout_at},
};
use tracing::warn;

use super::{
    confine::processor_time,
    parent::RenderError,
    protocol::{
        FRAME, IO_FAILED, LIMITS_VAR, Lie, Message, NO_SANDBOX, Request, read_message, rest_of_message,
    },
};
use crate::{Limits, Refusal, Rendered, Stage};

/// Bytes of a child's standard error to keep.
const MAX_COMPLAINT: u64 = 4 << 10;

/// Tunes glibc's malloc in the child: freed blocks are kept between stages, and large ones use huge pages where
/// available. Otherwise a process would fault in all memory of a picture several times, 4 KiB at a time.
pub const DECODER_MEMORY: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=268435456",
);

/// How long a child may take to exit after its requests have ended.
const FAREWELL: Duration = Duration::from_secs(2);

/// A child that has done nothing wrong so far. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    requests: OwnedFd,
    replies: ChildStdout,
    /// The start of its standard error, available when it has ended.
    complaint: JoinHandle<io::Result<Vec<u8>>>,
    /// Processor time of all pictures so far, at most one processor's.
    worked: Duration,
    /// Number of pictures it has rendered.
    pub(super) rendered: u32,
}

impl Process {
    /// Starts `program` as a child that waits for requests, within `limits`.
    pub(super) fn start(program: &Path, args: &[OsString], limits: &Limits) -> io::Result<Self> {
        let (requests, stdin) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let mut child = Command::new(program)
            .args(args)
            .env_clear()
            .env(LIMITS_VAR, serde_json::to_string(limits)?)
            .envs([DECODER_MEMORY])
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C at the terminal signals the worker, which then waits for the child.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let no_pipe = || io::Error::other("no pipe to the decoder");
        Ok(Self {
            replies: child.stdout.take().ok_or_else(no_pipe)?,
            complaint: tokio::spawn(read_bounded(child.stderr.take().ok_or_else(no_pipe)?, MAX_COMPLAINT)),
            child,
            requests,
            worked: Duration::ZERO,
            rendered: 0,
        })
    }

    /// Renders one picture and reports its stages. Returns the process for reuse only if its answer passed every
    /// check; otherwise it is killed.
    pub(super) async fn render(
        mut self,
        original: &File,
        request: &Request,
        limits: &Limits,
        reached: &mut impl FnMut(Stage, u32),
    ) -> Result<(Rendered, Self), RenderError> {
        let started = Instant::now();
        let deadline = Deadline::now() + limits.timeout;
        let asked = timeout_at(deadline, self.ask(original, request, limits, reached)).await;
        match asked.map_err(|_| RenderError::TimedOut)? {
            Ok(result) => {
                let rendered = result?;
                self.rendered += 1;
                self.worked += started.elapsed();
                Ok((rendered, self))
            }
            Err(Silence::Lie(lie)) => Err(lie.into()),
            Err(Silence::Ours(error)) => Err(error.into()),
            Err(Silence::Ended(error)) => Err(self.fault(error, deadline).await),
        }
    }

    async fn ask(
        &mut self,
        original: &File,
        request: &Request,
        limits: &Limits,
        reached: &mut impl FnMut(Stage, u32),
    ) -> Result<Result<Rendered, Refusal>, Silence> {
        if self.rendered > 0 {
            self.allow_more_time(limits).map_err(Silence::Ours)?;
        }
        match send(&self.requests, request, original) {
            // The child has ended. Its earlier output, if any, is more informative.
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {}
            sent => sent.map_err(Silence::Ours)?,
        }
        let mut stages = Stage::ALL.into_iter();
        loop {
            let message = self.next_message().await?;
            match read_message(message, request, limits).map_err(Silence::Lie)? {
                Message::Ended(result) => return Ok(result),
                Message::Reached(stage, ms) => {
                    if stages.next() != Some(stage) {
                        return Err(Silence::Lie(Lie("the order of its stages")));
                    }
                    reached(stage, ms);
                }
            }
        }
    }

    async fn next_message(&mut self) -> Result<Bytes, Silence> {
        let mut message = BytesMut::zeroed(FRAME);
        self.replies.read_exact(&mut message).await.map_err(Silence::Ended)?;
        let rest = rest_of_message(&message).map_err(Silence::Lie)?;
        message.resize(FRAME + rest, 0);
        self.replies.read_exact(&mut message[FRAME..]).await.map_err(Silence::Ended)?;
        Ok(message.freeze())
    }

    /// The limit counts from the process's start, and its usage is at most the time that passed.
    fn allow_more_time(&self, limits: &Limits) -> io::Result<()> {
        let pid = self.pid().ok_or_else(|| io::Error::other("the decoder has ended"))?;
        prlimit(Some(pid), Resource::Cpu, processor_time(limits, self.worked))?;
        Ok(())
    }

    pub(super) fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id()?.cast_signed())
    }

    /// Whether the process waits silently for a request.
    pub(super) fn is_at_rest(&mut self) -> bool {
        let alive = matches!(self.child.try_wait(), Ok(None));
        alive && matches!(rustix::io::ioctl_fionread(self.replies.as_fd()), Ok(0))
    }

    /// Explains a missing reply: how the child ended, or what failed on our side.
    async fn fault(self, error: io::Error, deadline: Deadline) -> RenderError {
        match timeout_at(deadline, self.end()).await {
            Ok(Ok((status, complaint))) => fault(status, &complaint, &error),
            Ok(Err(error)) => error.into(),
            Err(_) => RenderError::TimedOut,
        }
    }

    /// Closes its requests and waits for its last output and its exit.
    async fn end(self) -> io::Result<(ExitStatus, String)> {
        let Self { mut child, requests, replies, complaint, .. } = self;
        drop((requests, replies));
        let complaint = complaint.await.map_err(io::Error::other)??;
        Ok((child.wait().await?, String::from_utf8_lossy(&complaint).trim().to_owned()))
    }

    /// Lets it exit after its last picture, and logs its standard error, which is about this machine.
    pub(super) fn dismiss(self) {
        tokio::spawn(async move {
            if let Ok(Ok((_, complaint))) = timeout(FAREWELL, self.end()).await
                && !complaint.is_empty()
            {
                warn_once(&complaint);
            }
        });
    }
}

/// Why there is no reply.
enum Silence {
    /// The reply is invalid.
    Lie(Lie),
    /// The request couldn't be sent.
    Ours(io::Error),
    /// The child ended, or closed its output.
    Ended(io::Error),
}

/// Sends the request together with the file's descriptor.
fn send(requests: &OwnedFd, request: &Request, original: &File) -> io::Result<()> {
    let request = serde_json::to_vec(request)?;
    let files = [original.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !beside.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    // The child reads each request before the next is sent, so there is always room.
    sendmsg(requests, &[IoSlice::new(&request)], &mut beside, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?;
    Ok(())
}

/// Reads up to `max` bytes, then closes the pipe: a child that writes more gets SIGPIPE or EPIPE.
async fn read_bounded(pipe: impl AsyncRead + Unpin, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(max).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Decides who is at fault for a child's end.
fn fault(status: ExitStatus, complaint: &str, error: &io::Error) -> RenderError {
    const FROM_OUTSIDE: [Signal; 5] = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::KILL];
    let cause = format!("{status}: {complaint}");
    let signal = status.signal();
    if signal == Some(Signal::XCPU.as_raw()) {
        return RenderError::TimedOut;
    }
    // The message of Rust's standard library before it aborts.
    let aborted_over = |words| signal == Some(Signal::ABORT.as_raw()) && complaint.contains(words);
    if aborted_over("memory allocation of") {
        return Refusal::TooMuchMemory.into();
    }
    // The AV1 decoder panics on damaged pictures. Its only interface is C, so the panic can't unwind.
    if aborted_over("panic in a function that cannot unwind") {
        return Refusal::Damaged.into();
    }
    // The service manager stopping the worker, or the kernel out of memory.
    let ended = signal.is_some_and(|number| FROM_OUTSIDE.iter().any(|other| other.as_raw() == number));
    let failed = [NO_SANDBOX, IO_FAILED].iter().any(|code| status.code() == Some(i32::from(*code)));
    if ended || failed {
        return RenderError::Io(io::Error::other(cause));
    }
    RenderError::Died { cause: format!("{cause} ({error})") }
}

fn warn_once(complaint: &str) {
    static WARNED: std::sync::Once = std::sync::Once::new();
    WARNED.call_once(|| warn!(complaint, "the decoder wrote to standard error"));
}
