//! The apalis `Backend`: it yields claimed jobs, and a layer writes the outcome of each.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::error::BoxDynError;
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use tower::{Layer, Service};

use super::claim::{Claim, Claimed};
use super::runner::{Failure, Finished};
use super::settle::{Outcome, Unfinished};

/// The prefetched jobs of one queue: claimed and not started. The slots bound their number.
#[derive(Debug, Default)]
pub(super) struct Prefetched {
    jobs: Mutex<VecDeque<Claimed>>,
    reader: AtomicWaker,
}

impl Prefetched {
    pub(super) fn push(&self, jobs: impl Iterator<Item = Claimed>) {
        self.jobs.lock().extend(jobs);
        self.reader.wake();
    }

    /// Hands back all prefetched jobs.
    pub(super) fn hand_back(&self) {
        for job in self.jobs.lock().drain(..) {
            job.claim.settle(Unfinished::HandedBack.into());
        }
    }

    fn pop(&self) -> Option<Claimed> {
        self.jobs.lock().pop_front()
    }
}

/// One queue as an apalis backend.
#[derive(Debug)]
pub struct QueueBackend {
    prefetched: Arc<Prefetched>,
}

impl QueueBackend {
    pub(super) fn new(prefetched: Arc<Prefetched>) -> Self {
        Self { prefetched }
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
        self.prefetched.reader.register(cx.waker());
        match self.prefetched.pop() {
            Some(job) => Poll::Ready(Some(Ok(Task::new(job)))),
            None => Poll::Pending,
        }
    }

    /// Hands back the prefetched jobs.
    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Self::Error>> {
        self.prefetched.hand_back();
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

/// Writes the outcome of a claim from the handler's result.
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

/// The outcome to write for a result; `None` if the handler has written it in its own transaction.
fn outcome(claim: &Claim, result: &Result<Finished, BoxDynError>) -> Option<Outcome> {
    match result {
        Ok(_) if claim.completed() => None,
        Ok(Finished { keep }) => Some(Outcome::Done { keep: *keep }),
        Err(error) => Some(match error.downcast_ref::<Failure>() {
            Some(failure) => failure.outcome(),
            // Any other error comes from a layer between this one and the runner.
            None => Unfinished::Retry { delay: Duration::from_mins(1), error: error.to_string() }.into(),
        }),
    }
}
