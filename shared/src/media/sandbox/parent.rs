//! The parent's side: starts a child, bounds it, reads its answer.

use std::{
    ffi::OsString,
    fs::File,
    io,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Once,
};

use rustix::process::Signal;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};
use tracing::warn;

use super::protocol::{MAX_REPLY, NO_SANDBOX, REQUEST_VAR, Request, read_reply};
use crate::media::{Crop, Limits, Refusal, Rendered};

/// Bytes of a child's standard error that are kept.
const MAX_COMPLAINT: u64 = 4 << 10;

/// Renders pictures, each in a confined process of its own.
#[derive(Clone, Debug)]
pub struct Decoder {
    program: PathBuf,
    args: Vec<OsString>,
    limits: Limits,
}

/// Why there is no rendered picture. Where [`RenderError::is_final`], the text is for the photo's owner.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The picture isn't one that is taken.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The picture brought its decoder down, or made it answer nonsense.
    #[error("This picture couldn't be processed. Open the original, save it as a JPEG and upload that.")]
    Died {
        /// How it ended and what it said last: for the log.
        cause: String,
    },
    /// The picture took too long.
    #[error("This picture took too long to process. Save it smaller, as a JPEG, and upload that.")]
    TimedOut,
    /// Ours: the file couldn't be read, no process started, or somebody ended it. Trying again may help.
    #[error("running the decoder: {0}")]
    Io(#[from] io::Error),
}

impl RenderError {
    /// Whether trying again would end the same way.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Io(_))
    }
}

/// All that a child left behind.
struct Outcome {
    reply: Vec<u8>,
    complaint: String,
    status: ExitStatus,
}

impl Decoder {
    /// A decoder that runs `program` with `args`, which must end in [`child_main`](super::child_main).
    pub fn new(
        program: PathBuf,
        args: impl IntoIterator<Item = impl Into<OsString>>,
        limits: Limits,
    ) -> Self {
        Self { program, args: args.into_iter().map(Into::into).collect(), limits }
    }

    /// A decoder that runs this very program again, even after its file was replaced by another version.
    pub fn this_program(args: impl IntoIterator<Item = impl Into<OsString>>, limits: Limits) -> Self {
        Self::new(PathBuf::from("/proc/self/exe"), args, limits)
    }

    /// Makes the three sizes of the picture in that file, which must stand at its beginning, of the chosen crop or of the centred one.
    ///
    /// Takes up to [`Limits::timeout`] and one processor; how many run at once is the caller's choice.
    pub async fn render(&self, source: File, crop: Option<Crop>) -> Result<Rendered, RenderError> {
        let request = Request { crop, bytes: source.metadata()?.len(), limits: self.limits.clone() };
        let child = self.start(source, &request)?;
        // Dropping the child, here and when the caller gives up, kills it.
        let outcome =
            timeout(self.limits.timeout, finish(child)).await.map_err(|_| RenderError::TimedOut)??;
        if !outcome.status.success() {
            return Err(fault(&outcome));
        }
        if !outcome.complaint.is_empty() {
            note_once(&outcome.complaint);
        }
        if outcome.reply.len() as u64 > MAX_REPLY {
            return Err(RenderError::Died { cause: "its reply doesn't end".to_owned() });
        }
        match read_reply(outcome.reply.into(), &request) {
            Ok(result) => Ok(result?),
            Err(lie) => Err(RenderError::Died { cause: lie.to_string() }),
        }
    }

    fn start(&self, source: File, request: &Request) -> io::Result<Child> {
        Command::new(&self.program)
            .args(&self.args)
            .env_clear()
            .env(REQUEST_VAR, serde_json::to_string(request)?)
            .stdin(source)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C at the terminal is for the worker, which waits for the child.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }
}

/// Reads a child's output to the end, but keeps no more than its bounds, and waits for the child.
async fn finish(mut child: Child) -> io::Result<Outcome> {
    let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no pipe to the decoder"))?;
    let stderr = child.stderr.take().ok_or_else(|| io::Error::other("no pipe to the decoder"))?;
    let (reply, complaint) =
        tokio::try_join!(read_bounded(stdout, MAX_REPLY + 1), read_bounded(stderr, MAX_COMPLAINT))?;
    let status = child.wait().await?;
    Ok(Outcome { reply, complaint: String::from_utf8_lossy(&complaint).trim().to_owned(), status })
}

/// Reads up to `max` bytes, then closes the pipe: a child that writes more is ended by SIGPIPE or its error.
async fn read_bounded(pipe: impl AsyncRead + Unpin, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(max).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Whose fault a child's failure is.
fn fault(outcome: &Outcome) -> RenderError {
    const SOMEBODY_ELSE: [Signal; 5] = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::KILL];
    let Outcome { status, complaint, .. } = outcome;
    let cause = format!("{status}: {complaint}");
    let signal = status.signal();
    if signal == Some(Signal::XCPU.as_raw()) {
        return RenderError::TimedOut;
    }
    // What Rust's standard library says before it aborts.
    if signal == Some(Signal::ABORT.as_raw()) && complaint.contains("memory allocation of") {
        return Refusal::TooMuchMemory.into();
    }
    // The service manager that stops the worker, or the kernel that runs out of memory for everybody.
    let ended = signal.is_some_and(|number| SOMEBODY_ELSE.iter().any(|other| other.as_raw() == number));
    if ended || status.code() == Some(NO_SANDBOX.into()) {
        return RenderError::Io(io::Error::other(cause));
    }
    RenderError::Died { cause }
}

/// Logs what a successful child said, which is about this machine and not about the picture.
fn note_once(complaint: &str) {
    static NOTED: Once = Once::new();
    NOTED.call_once(|| warn!(complaint, "the decoder has something to say"));
}
