//! The apalis `Backend`: yields claimed jobs, and a layer that settles each by what its handler returned.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::error::BoxDynError;
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use futures::task::AtomicWaker;
use tower::{Layer, Service};

use super::claim::{Claim, Claimed};
use super::runner::{Failure, Finished};
use super::settle::Outcome;

/// Jobs of one queue that this process has claimed and not started. Its length is bounded by the slots that the
/// claiming loop hands out.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    jobs: Mutex<VecDeque<Claimed>>,
    reader: AtomicWaker,
}

impl Inbox {
    pub(super) fn put(&self, jobs: impl Iterator<Item = Claimed>) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).extend(jobs);
        self.reader.wake();
    }

    /// Hands back everything that was not started.
    pub(super) fn hand_back(&self) {
        for job in self.jobs.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            job.claim.settle(Outcome::HandedBack);
        }
    }

    fn take(&self) -> Option<Claimed> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// One queue, as apalis sees it.
#[derive(Debug)]
pub struct QueueBackend {
    inbox: Arc<Inbox>,
}

impl QueueBackend {
    pub(super) fn new(inbox: Arc<Inbox>) -> Self {
        Self { inbox }
    }
}

impl Backend for QueueBackend {
    type Task = Task<Claimed>;
    type Error = std::convert::Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Self::Error>>> {
        self.inbox.reader.register(cx.waker());
        match self.inbox.take() {
            Some(job) => Poll::Ready(Some(Ok(Task::new(job)))),
            None => Poll::Pending,
        }
    }

    /// Hands back what was claimed and not started.
    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Self::Error>> {
        self.inbox.hand_back();
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for QueueBackend {
    type Args = Claimed;
    type Id = i64;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = SettleLayer;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> SettleLayer {
        SettleLayer
    }
}

/// Wraps the handler's service in [`Settle`].
#[derive(Clone, Copy, Debug)]
pub struct SettleLayer;

impl<S> Layer<S> for SettleLayer {
    type Service = Settle<S>;

    fn layer(&self, inner: S) -> Settle<S> {
        Settle { inner }
    }
}

/// Turns a handler's result into the end of the claim.
#[derive(Clone, Debug)]
pub struct Settle<S> {
    inner: S,
}

impl<S> Service<Task<Claimed>> for Settle<S>
where
    S: Service<Task<Claimed>, Response = Finished>,
    S::Future: Send + 'static,
    S::Error: Into<BoxDynError>,
{
    type Response = ();
    type Error = BoxDynError;
    type Future = Pin<Box<dyn Future<Output = Result<(), BoxDynError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, task: Task<Claimed>) -> Self::Future {
        let claim = Arc::clone(&task.args.claim);
        let run = self.inner.call(task);
        Box::pin(async move {
            let result = run.await.map_err(Into::into);
            if let Some(outcome) = outcome(&claim, &result) {
                claim.settle(outcome);
            }
            result.map(drop)
        })
    }
}

/// What to write for a result; `None` when there is nothing to write, because the handler acked in its transaction.
fn outcome(claim: &Claim, result: &Result<Finished, BoxDynError>) -> Option<Outcome> {
    match result {
        Ok(_) if claim.completed() => None,
        Ok(Finished { keep }) => Some(Outcome::Done { keep: *keep }),
        Err(error) => Some(match error.downcast_ref::<Failure>() {
            Some(failure) => failure.outcome(),
            // Only a layer between this one and the runner can fail otherwise.
            None => Outcome::Retry { delay: Duration::from_mins(1), error: error.to_string() },
        }),
    }
}
