//! Runs claimed jobs: decoding, timeouts, panics, and the outcomes of failures.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use apalis_core::task::Task;
use futures::future::BoxFuture;
use tower::Service;
use tracing::{Instrument as _, debug, info_span, warn};

use super::claim::{Claim, Claimed};
use super::job::{Backoff, Job};
use super::settle::{Outcome, Unfinished};

/// Why a handler failed, and whether another attempt can help. The `?` operator makes any error a [`Retry`](Self::Retry).
#[derive(Debug)]
pub enum JobError {
    /// Another attempt may succeed: try again after the kind's backoff, while attempts are left.
    Retry(anyhow::Error),
    /// Something that the job needs is away, such as a mail server or the media store. Like [`Retry`](Self::Retry), but the
    /// attempt does not count while the job is younger than its [patience](super::Job::patience).
    Away(anyhow::Error),
    /// No attempt can succeed: the job is dead at once.
    GiveUp(anyhow::Error),
}

impl JobError {
    /// Makes a [`Retry`](Self::Retry).
    pub fn retry(error: impl Into<anyhow::Error>) -> Self {
        Self::Retry(error.into())
    }

    /// Makes an [`Away`](Self::Away).
    pub fn away(error: impl Into<anyhow::Error>) -> Self {
        Self::Away(error.into())
    }

    fn cause(&self) -> &anyhow::Error {
        let (Self::Retry(error) | Self::Away(error) | Self::GiveUp(error)) = self;
        error
    }

    /// Makes a [`GiveUp`](Self::GiveUp).
    pub fn give_up(error: impl Into<anyhow::Error>) -> Self {
        Self::GiveUp(error.into())
    }
}

impl<E: Into<anyhow::Error>> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::Retry(error.into())
    }
}

/// The result of a handler that has finished its job.
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    /// How long the job stays in the history.
    pub(super) keep: Option<Duration>,
}

/// The result of a run that did not finish its job.
#[derive(Debug)]
pub struct Failure(Unfinished);

impl Failure {
    pub(super) fn outcome(&self) -> Outcome {
        self.0.clone().into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Unfinished::HandedBack => f.write_str("handed back"),
            Unfinished::Postponed { .. } => f.write_str("postponed for another worker"),
            Unfinished::Retry { error, .. }
            | Unfinished::Deferred { error, .. }
            | Unfinished::Dead { error } => f.write_str(error),
        }
    }
}

impl std::error::Error for Failure {}

type Handle<E> = Arc<dyn Fn(String, Arc<E>, Arc<Claim>) -> Handling + Send + Sync>;
type Handling = BoxFuture<'static, Result<(), JobError>>;

struct Kind<E> {
    handle: Handle<E>,
    timeout: Duration,
    backoff: Backoff,
    keep: Option<Duration>,
}

/// Maps kinds to handlers. As an apalis service it runs one claimed job.
pub struct Runner<E> {
    env: Arc<E>,
    kinds: Arc<HashMap<&'static str, Kind<E>>>,
    is_known: fn(&anyhow::Error) -> bool,
}

impl<E> Clone for Runner<E> {
    fn clone(&self) -> Self {
        Self { env: Arc::clone(&self.env), kinds: Arc::clone(&self.kinds), is_known: self.is_known }
    }
}

impl<E> fmt::Debug for Runner<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.kinds.keys()).finish()
    }
}

impl<E: Send + Sync + 'static> Runner<E> {
    /// A runner without kinds. Its handlers will get `env`.
    pub fn new(env: Arc<E>) -> Self {
        Self { env, kinds: Arc::new(HashMap::new()), is_known: |_| false }
    }

    /// Logs a failure only at debug level if `is_known` returns true for its error and the job will be tried again: the
    /// cause is already in the log.
    #[must_use]
    pub fn quiet_about(self, is_known: fn(&anyhow::Error) -> bool) -> Self {
        Self { is_known, ..self }
    }

    /// Registers the handler of a kind.
    ///
    /// # Panics
    /// If the runner has been cloned.
    #[must_use]
    pub fn on<J: Job>(
        mut self,
        handler: impl for<'a> Fn(J, &'a E, &'a Claim) -> BoxFuture<'a, Result<(), JobError>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let handler = Arc::new(handler);
        let handle: Handle<E> = Arc::new(move |payload, env, claim| {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let job: J = serde_json::from_str(&payload).map_err(|error| {
                    JobError::GiveUp(anyhow::Error::new(error).context("undecodable payload"))
                })?;
                let patience = job.patience();
                match handler(job, &env, &claim).await {
                    Err(JobError::Away(error)) if claim.age() >= patience => Err(JobError::Retry(error)),
                    ended => ended,
                }
            })
        });
        let kind = Kind { handle, timeout: J::TIMEOUT, backoff: J::BACKOFF, keep: J::HISTORY };
        Arc::get_mut(&mut self.kinds)
            .expect("kinds are registered before the runner is cloned")
            .insert(J::KIND, kind);
        self
    }

    /// Runs one job in a task of its own, so that a panic ends only this job.
    async fn run(self, job: Claimed) -> Result<Finished, Failure> {
        let Claimed { kind, payload, claim, max_attempts, slot: _slot } = job;
        let Some(entry) = self.kinds.get(kind.as_str()) else {
            // A newer version may have enqueued it. Leave it to a worker of that version.
            warn!(id = %claim.job(), kind, "no handler for this kind; leaving the job to another worker");
            return Err(Failure(Unfinished::Postponed { delay: Duration::from_secs(30) }));
        };
        // It was cancelled or taken over while it was prefetched, so it must not start.
        let lost = &claim.registration.lost;
        if claim.tracked.revoked.is_cancelled() || lost.is_cancelled() {
            return Err(Failure(Unfinished::HandedBack));
        }
        let span = info_span!("job", id = %claim.job(), kind, attempt = claim.attempt());
        let started = Instant::now();
        let handling = (entry.handle)(payload, Arc::clone(&self.env), Arc::clone(&claim));
        let mut task = AbortOnDrop(tokio::spawn(handling.instrument(span.clone())));
        // If the result and the timeout arrive in the same poll, the result wins.
        let result = tokio::select! {
            biased;
            result = &mut task.0 => match result {
                Ok(result) => result,
                Err(error) => Err(JobError::retry(anyhow::anyhow!("panicked: {}", panic_message(error)))),
            },
            () = tokio::time::sleep(entry.timeout) => {
                Err(JobError::retry(anyhow::anyhow!("took longer than {:?}", entry.timeout)))
            }
            // An admin cancelled it, or another worker has it. The claim number has moved on, so this outcome changes
            // nothing.
            () = claim.tracked.revoked.cancelled() => return Err(Failure(Unfinished::HandedBack)),
            () = lost.cancelled() => return Err(Failure(Unfinished::HandedBack)),
        };
        let _in_span = span.entered();
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let is_known = matches!(&result, Err(error) if (self.is_known)(error.cause()));
        let unfinished = match result {
            Ok(()) => {
                debug!(ms, "finished job");
                return Ok(Finished { keep: entry.keep });
            }
            Err(JobError::Away(error)) => {
                Unfinished::Deferred { delay: entry.backoff.aged(claim.age()), error: format!("{error:#}") }
            }
            Err(JobError::Retry(error)) if claim.attempt() < max_attempts => {
                let delay = entry.backoff.jittered(claim.attempt().unsigned_abs());
                Unfinished::Retry { delay, error: format!("{error:#}") }
            }
            Err(JobError::Retry(error) | JobError::GiveUp(error)) => {
                Unfinished::Dead { error: format!("{error:#}") }
            }
        };
        let failure = Failure(unfinished);
        let dead = matches!(failure.0, Unfinished::Dead { .. });
        if is_known && !dead {
            debug!(ms, error = %failure, "job failed and will be tried again");
        } else {
            warn!(ms, error = %failure, dead, "job failed");
        }
        Err(failure)
    }
}

impl<E: Send + Sync + 'static> Service<Task<Claimed>> for Runner<E> {
    type Response = Finished;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<Finished, Failure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, task: Task<Claimed>) -> Self::Future {
        Box::pin(self.clone().run(task.args))
    }
}

/// Stops the handler when the run is over, for example after a timeout.
struct AbortOnDrop(tokio::task::JoinHandle<Result<(), JobError>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn panic_message(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned()),
        Err(error) => error.to_string(),
    }
}
