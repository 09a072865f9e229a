//! The parent's side: selects the process that renders a picture, and interprets how it ends.

use std::{ffi::OsString, fs::File, io, os::fd::AsRawFd as _, path::PathBuf};

use tracing::warn;

use super::{
    pool::{Owner, Pool},
    process::Process,
    protocol::{Lie, Request},
};
use crate::{Crop, Limits, Refusal, Rendered, Stage};

/// Renders pictures in confined processes. No process sees pictures of two owners.
#[derive(Clone, Debug)]
pub struct Decoder {
    program: PathBuf,
    args: Vec<OsString>,
    limits: Limits,
    pub(super) idle: Pool,
}

/// Why rendering failed. If [`RenderError::is_final`], the text is for the photo's owner.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The picture is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The picture crashed its decoder or made it answer nonsense.
    #[error("This picture couldn't be processed. Open the original, save it as a JPEG and upload that.")]
    Died {
        /// Exit status and last output, for the log.
        cause: String,
    },
    /// The picture took too long.
    #[error("This picture took too long to process. Save it smaller, as a JPEG, and upload that.")]
    TimedOut,
    /// Our side is at fault: the file couldn't be read, no process started, or something else killed it. A retry
    /// may help.
    #[error("running the decoder: {0}")]
    Io(#[from] io::Error),
}

impl RenderError {
    /// Whether a retry would end the same way.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Io(_))
    }

    /// The text for the log.
    fn cause(&self) -> String {
        match self {
            Self::Died { cause } => cause.clone(),
            other => other.to_string(),
        }
    }
}

impl From<Lie> for RenderError {
    fn from(lie: Lie) -> Self {
        Self::Died { cause: lie.to_string() }
    }
}

impl Decoder {
    /// Runs `program` with `args`, which must end up in [`child_main`](super::child_main).
    pub fn new(
        program: PathBuf,
        args: impl IntoIterator<Item = impl Into<OsString>>,
        limits: Limits,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program, args, limits, idle: Pool::default() }
    }

    /// Runs the current program again, even after its file was replaced by another version.
    pub fn this_program(args: impl IntoIterator<Item = impl Into<OsString>>, limits: Limits) -> Self {
        Self::new(PathBuf::from("/proc/self/exe"), args, limits)
    }

    /// Renders the picture in `original` in three sizes, with the chosen crop or the centred one.
    ///
    /// Takes up to [`Limits::timeout`] and one processor; the caller limits how many run at once. A picture that
    /// fails in a process that has rendered others is retried in a new one with the full time limit, and the second
    /// result counts. Without an owner, each picture gets its own process.
    pub async fn render(
        &self,
        owner: Option<Owner>,
        original: File,
        crop: Option<Crop>,
    ) -> Result<Rendered, RenderError> {
        self.render_and_tell(owner, original, crop, |_, _| ()).await
    }

    /// Like [`Decoder::render`], and calls `reached` when the process completes a stage, with the milliseconds that
    /// it took. A retry reports all stages again.
    pub async fn render_and_tell(
        &self,
        owner: Option<Owner>,
        original: File,
        crop: Option<Crop>,
        mut reached: impl FnMut(Stage, u32) + Send,
    ) -> Result<Rendered, RenderError> {
        let request = Request { crop, bytes: original.metadata()?.len() };
        if let Some(process) = owner.and_then(|owner| self.idle.take(owner)) {
            match self.render_in(process, owner, &original, &request, &mut reached).await {
                Ok(rendered) => return Ok(rendered),
                Err(error) => warn!(
                    error = %error.cause(),
                    "a picture failed in a decoder that has rendered others; trying it in a new one"
                ),
            }
        }
        let process = Process::start(&self.program, &self.args, &self.limits)?;
        self.render_in(process, owner, &original, &request, &mut reached).await
    }

    /// Dropping this future kills the process.
    async fn render_in(
        &self,
        process: Process,
        owner: Option<Owner>,
        original: &File,
        request: &Request,
        reached: &mut (impl FnMut(Stage, u32) + Send),
    ) -> Result<Rendered, RenderError> {
        // Reopened read-only, so that parent and child don't share a file offset.
        let original = File::open(format!("/proc/self/fd/{}", original.as_raw_fd()))?;
        let (rendered, process) = process.render(&original, request, &self.limits, reached).await?;
        match owner {
            Some(owner) => self.idle.put(owner, process),
            None => process.dismiss(),
        }
        Ok(rendered)
    }
}
