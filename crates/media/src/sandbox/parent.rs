//! The parent's side: which process renders a picture, and what its end means.

use std::{ffi::OsString, fs::File, io, os::fd::AsRawFd as _, path::PathBuf};

use tracing::warn;

use super::{
    pool::{Owner, Pool},
    process::Process,
    protocol::{Lie, Request},
};
use crate::{Crop, Limits, Refusal, Rendered, Stage};

/// Renders pictures in confined processes, none of which sees the pictures of two owners.
#[derive(Clone, Debug)]
pub struct Decoder {
    program: PathBuf,
    args: Vec<OsString>,
    limits: Limits,
    pub(super) idle: Pool,
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

    /// What a log should say.
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
    /// A decoder that runs `program` with `args`, which must end in [`child_main`](super::child_main).
    pub fn new(
        program: PathBuf,
        args: impl IntoIterator<Item = impl Into<OsString>>,
        limits: Limits,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program, args, limits, idle: Pool::default() }
    }

    /// A decoder that runs this very program again, even after its file was replaced by another version.
    pub fn this_program(args: impl IntoIterator<Item = impl Into<OsString>>, limits: Limits) -> Self {
        Self::new(PathBuf::from("/proc/self/exe"), args, limits)
    }

    /// Makes the three sizes of the owner's picture in that file, of the chosen crop or of the centred one.
    ///
    /// Takes up to [`Limits::timeout`] and one processor; how many run at once is the caller's choice. A picture that
    /// fails in a process that has rendered others before has the same time again in a new one, whose word counts. Nobody's
    /// has a process of its own.
    pub async fn render(
        &self,
        owner: Option<Owner>,
        source: File,
        crop: Option<Crop>,
    ) -> Result<Rendered, RenderError> {
        self.render_and_tell(owner, source, crop, |_, _| ()).await
    }

    /// Renders as [`Decoder::render`] does. Tells of each stage when the process says that it is reached, with the
    /// milliseconds that it took; all over again where the picture is tried once more.
    pub async fn render_and_tell(
        &self,
        owner: Option<Owner>,
        source: File,
        crop: Option<Crop>,
        mut reached: impl FnMut(Stage, u32) + Send,
    ) -> Result<Rendered, RenderError> {
        let request = Request { crop, bytes: source.metadata()?.len() };
        if let Some(process) = owner.and_then(|owner| self.idle.take(owner)) {
            match self.render_in(process, owner, &source, &request, &mut reached).await {
                Ok(rendered) => return Ok(rendered),
                Err(error) => warn!(
                    error = %error.cause(),
                    "a picture failed in a decoder that has rendered others; trying it in a new one"
                ),
            }
        }
        let process = Process::start(&self.program, &self.args, &self.limits)?;
        self.render_in(process, owner, &source, &request, &mut reached).await
    }

    /// Dropping this, when the caller gives up, kills the process.
    async fn render_in(
        &self,
        process: Process,
        owner: Option<Owner>,
        source: &File,
        request: &Request,
        reached: &mut (impl FnMut(Stage, u32) + Send),
    ) -> Result<Rendered, RenderError> {
        // To read, and with a place of its own: whoever reads on in another process is none of this one's business.
        let source = File::open(format!("/proc/self/fd/{}", source.as_raw_fd()))?;
        let (rendered, process) = process.render(&source, request, &self.limits, reached).await?;
        match owner {
            Some(owner) => self.idle.put(owner, process),
            None => process.dismiss(),
        }
        Ok(rendered)
    }
}
