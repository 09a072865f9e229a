//! One decoder process, as its parent sees it.

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

/// Bytes of a child's standard error that are kept.
const MAX_COMPLAINT: u64 = 4 << 10;

/// A variable of a decoder's environment, for the GNU C library: blocks of memory are kept from one step to the next, and
/// come in huge pages where the kernel gives them. A new process would touch all memory that a picture takes for the first
/// time, four KiB after the other, several times over.
pub const DECODER_MEMORY: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=268435456",
);

/// How long a child whose requests have ended may take to end, too.
const FAREWELL: Duration = Duration::from_secs(2);

/// A child that has done nothing wrong yet. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    requests: OwnedFd,
    replies: ChildStdout,
    /// What it writes to standard error, up to a bound, when it has ended.
    complaint: JoinHandle<io::Result<Vec<u8>>>,
    /// Of all pictures so far; the child had one processor at most.
    worked: Duration,
    /// How many pictures it has rendered.
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
            // A Ctrl-C at the terminal is for the worker, which waits for the child.
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

    /// Has one picture rendered, and tells of its stages. Only an answer that passed every check brings the process back,
    /// for another picture; else it is killed.
    pub(super) async fn render(
        mut self,
        source: &File,
        request: &Request,
        limits: &Limits,
        reached: &mut impl FnMut(Stage, u32),
    ) -> Result<(Rendered, Self), RenderError> {
        let started = Instant::now();
        let deadline = Deadline::now() + limits.timeout;
        let asked = timeout_at(deadline, self.ask(source, request, limits, reached)).await;
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
        source: &File,
        request: &Request,
        limits: &Limits,
        reached: &mut impl FnMut(Stage, u32),
    ) -> Result<Result<Rendered, Refusal>, Silence> {
        if self.rendered > 0 {
            self.allow_more_time(limits).map_err(Silence::Ours)?;
        }
        match send(&self.requests, request, source) {
            // It has ended. What it said before, if anything, tells more.
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

    /// The limit counts from the process's start, and what it has used up is no more than the time that passed.
    fn allow_more_time(&self, limits: &Limits) -> io::Result<()> {
        let pid = self.pid().ok_or_else(|| io::Error::other("the decoder has ended"))?;
        prlimit(Some(pid), Resource::Cpu, processor_time(limits, self.worked))?;
        Ok(())
    }

    pub(super) fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id()?.cast_signed())
    }

    /// Whether it waits for a picture, silently, as it should.
    pub(super) fn is_at_rest(&mut self) -> bool {
        let alive = matches!(self.child.try_wait(), Ok(None));
        alive && matches!(rustix::io::ioctl_fionread(self.replies.as_fd()), Ok(0))
    }

    /// Why there is no whole reply: how the child ended, or what went wrong on our side.
    async fn fault(self, error: io::Error, deadline: Deadline) -> RenderError {
        match timeout_at(deadline, self.end()).await {
            Ok(Ok((status, complaint))) => fault(status, &complaint, &error),
            Ok(Err(error)) => error.into(),
            Err(_) => RenderError::TimedOut,
        }
    }

    /// Ends its requests, and waits for what it says last and for its end.
    async fn end(self) -> io::Result<(ExitStatus, String)> {
        let Self { mut child, requests, replies, complaint, .. } = self;
        drop((requests, replies));
        let complaint = complaint.await.map_err(io::Error::other)??;
        Ok((child.wait().await?, String::from_utf8_lossy(&complaint).trim().to_owned()))
    }

    /// Lets it end in peace after its last picture, and logs what it said, which is about this machine.
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
    /// The child said something that is none.
    Lie(Lie),
    /// It never got the request.
    Ours(io::Error),
    /// It ended, or closed its output.
    Ended(io::Error),
}

/// Sends the request, with the file itself beside it.
fn send(requests: &OwnedFd, request: &Request, source: &File) -> io::Result<()> {
    let request = serde_json::to_vec(request)?;
    let files = [source.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !beside.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    // The child reads one request before it is sent the next, so there is always room.
    sendmsg(requests, &[IoSlice::new(&request)], &mut beside, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?;
    Ok(())
}

/// Reads up to `max` bytes, then closes the pipe: a child that writes more is ended by SIGPIPE or its error.
async fn read_bounded(pipe: impl AsyncRead + Unpin, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(max).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Whose fault a child's end is.
fn fault(status: ExitStatus, complaint: &str, error: &io::Error) -> RenderError {
    const SOMEBODY_ELSE: [Signal; 5] = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::KILL];
    let cause = format!("{status}: {complaint}");
    let signal = status.signal();
    if signal == Some(Signal::XCPU.as_raw()) {
        return RenderError::TimedOut;
    }
    // What Rust's standard library says before it aborts.
    let aborted_over = |words| signal == Some(Signal::ABORT.as_raw()) && complaint.contains(words);
    if aborted_over("memory allocation of") {
        return Refusal::TooMuchMemory.into();
    }
    // The AV1 decoder panics at a picture that is damaged, and has an interface for C alone, which nothing unwinds across.
    if aborted_over("panic in a function that cannot unwind") {
        return Refusal::Damaged.into();
    }
    // The service manager that stops the worker, or the kernel that runs out of memory for everybody.
    let ended = signal.is_some_and(|number| SOMEBODY_ELSE.iter().any(|other| other.as_raw() == number));
    let failed = [NO_SANDBOX, IO_FAILED].iter().any(|code| status.code() == Some(i32::from(*code)));
    if ended || failed {
        return RenderError::Io(io::Error::other(cause));
    }
    RenderError::Died { cause: format!("{cause} ({error})") }
}

fn warn_once(complaint: &str) {
    static WARNED: std::sync::Once = std::sync::Once::new();
    WARNED.call_once(|| warn!(complaint, "the decoder has something to say"));
}
