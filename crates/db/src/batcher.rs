//! Concurrent calls share a batch.
//!
//! A statement costs several times as much as one more row in it. So while a batch is in flight, calls are collected for
//! the next one. A call never waits for other calls: if no batch is in flight, it is made at once. If a batch hangs, on a
//! lock or a lost connection, the next one starts beside it after a short wait.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, oneshot};
use tracing::debug;

use super::{Db, retry_conflicts};

/// The most calls in one batch.
const MOST: usize = 256;

/// How long a batch waits for the previous one.
const PATIENCE: Duration = Duration::from_millis(20);

/// Makes calls in batches. When it is dropped, the batches in flight still finish.
#[derive(Debug)]
pub struct Batcher<A, T> {
    maker: Maker<A, T>,
    calls: UnboundedSender<Call<A, T>>,
    /// Held by one batch or one single call at a time.
    turn: Arc<Semaphore>,
}

/// Makes all calls of a batch, and returns their answers in order.
type Act<A, T> = Arc<dyn Fn(Db, Vec<A>) -> BoxFuture<'static, sqlx::Result<Vec<T>>> + Send + Sync>;

/// Makes calls, together or one by one.
struct Maker<A, T> {
    db: Db,
    act: Act<A, T>,
}

/// One call, and the channel for its answer.
#[derive(Debug)]
struct Call<A, T> {
    about: A,
    answer: oneshot::Sender<sqlx::Result<T>>,
}

impl<A, T> Batcher<A, T>
where
    A: Clone + Send + Sync + 'static,
    T: Send + 'static,
{
    /// Starts a batcher that makes calls with `act`. If Postgres refuses a batch, each of its calls is made again by
    /// itself. So `act` must be one transaction, or safe to repeat. Must be called inside a runtime.
    #[must_use]
    pub fn start<F>(db: Db, act: impl Fn(Db, Vec<A>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = sqlx::Result<Vec<T>>> + Send + 'static,
    {
        let act: Act<A, T> = Arc::new(move |db, calls| Box::pin(act(db, calls)));
        let maker = Maker { db, act };
        let (calls, coming) = unbounded_channel();
        let turn = Arc::new(Semaphore::new(1));
        tokio::spawn(make_what_comes(maker.clone(), coming, Arc::clone(&turn)));
        Self { maker, calls, turn }
    }

    /// Makes a call, perhaps together with others. It sees all that was committed before this call.
    ///
    /// # Errors
    /// Those of the call by itself, or an I/O error if the database can't be reached.
    pub async fn call(&self, about: A) -> sqlx::Result<T> {
        if let Ok(_turn) = self.turn.try_acquire() {
            return self.maker.make_one(about).await;
        }
        let (answer, answered) = oneshot::channel();
        // There is no answer if the task has ended with its runtime.
        let _ = self.calls.send(Call { about, answer });
        answered.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

async fn make_what_comes<A, T>(
    maker: Maker<A, T>,
    mut coming: UnboundedReceiver<Call<A, T>>,
    turn: Arc<Semaphore>,
) where
    A: Clone + Send + Sync + 'static,
    T: Send + 'static,
{
    let mut batch = Vec::new();
    while coming.recv_many(&mut batch, MOST).await > 0 {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&turn).acquire_owned()).await;
        while batch.len() < MOST
            && let Ok(call) = coming.try_recv()
        {
            batch.push(call);
        }
        let made = maker.clone().make_together(std::mem::take(&mut batch));
        tokio::spawn(async move {
            made.await;
            drop(turn);
        });
    }
}

impl<A, T> Maker<A, T>
where
    A: Clone + Send + Sync + 'static,
    T: Send + 'static,
{
    async fn make_together(self, mut calls: Vec<Call<A, T>>) {
        if calls.len() > 1 {
            let about = calls.iter().map(|call| call.about.clone()).collect();
            match (self.act)(self.db.clone(), about).await {
                Ok(answers) => {
                    for (call, answer) in calls.drain(..).zip(answers) {
                        // The caller may be gone.
                        let _ = call.answer.send(Ok(answer));
                    }
                }
                Err(error @ sqlx::Error::Database(_)) => {
                    debug!(%error, calls = calls.len(), "the database refused a batch; making each call by itself");
                }
                // The transaction may have been committed although its answer is lost, so it is not repeated.
                Err(error) => {
                    for call in calls.drain(..) {
                        let _ = call.answer.send(Err(copy_of(&error)));
                    }
                }
            }
        }
        for call in calls {
            let maker = self.clone();
            tokio::spawn(async move {
                let _ = call.answer.send(maker.make_one(call.about).await);
            });
        }
    }

    async fn make_one(&self, about: A) -> sqlx::Result<T> {
        let make = async || (self.act)(self.db.clone(), vec![about.clone()]).await;
        retry_conflicts(make).await?.pop().ok_or(sqlx::Error::RowNotFound)
    }
}

impl<A, T> Clone for Maker<A, T> {
    fn clone(&self) -> Self {
        Self { db: self.db.clone(), act: Arc::clone(&self.act) }
    }
}

impl<A, T> std::fmt::Debug for Maker<A, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Maker").finish_non_exhaustive()
    }
}

/// A copy of an error, for each call of a batch.
fn copy_of(error: &sqlx::Error) -> sqlx::Error {
    match error {
        sqlx::Error::PoolTimedOut => sqlx::Error::PoolTimedOut,
        sqlx::Error::PoolClosed => sqlx::Error::PoolClosed,
        sqlx::Error::Io(error) => sqlx::Error::Io(io::Error::new(error.kind(), error.to_string())),
        other => sqlx::Error::Io(io::Error::other(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use futures::future::{join, join_all};
    use parking_lot::Mutex;
    use sqlx::PgPool;

    use super::*;

    /// Doubles numbers, and records each batch. 13 is refused, and 7 takes a second.
    fn doubling(db: PgPool, batches: &Arc<Mutex<Vec<Vec<i32>>>>) -> Batcher<i32, i32> {
        let batches = Arc::clone(batches);
        Batcher::start(db.into(), move |db, numbers| {
            batches.lock().push(numbers.clone());
            let doubled = sqlx::query_scalar(
                "select (2 * n + 0 / (n - 13) + case when n = 7 and pg_sleep(1) is null then 1 else 0 end)::integer
                 from unnest($1::integer[]) with ordinality as given (n, place) order by place",
            );
            async move { doubled.bind(numbers).fetch_all(&*db).await }
        })
    }

    #[sqlx::test(migrations = false)]
    async fn calls_during_a_batch_share_the_next_one(db: PgPool) {
        let batches = Arc::default();
        let doubling = doubling(db, &batches);
        let calls = (100..200).map(|number| doubling.call(number));
        let doubled: Vec<_> =
            join_all(calls).await.into_iter().map(|answer| answer.expect("it is doubled")).collect();
        assert_eq!(doubled, (100..200).map(|number| 2 * number).collect::<Vec<_>>());
        let sizes: Vec<_> = batches.lock().iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 99]);
    }

    #[sqlx::test(migrations = false)]
    async fn a_refused_call_fails_alone(db: PgPool) {
        let doubling = doubling(db, &Arc::default());
        let answers = join_all([1, 2, 13, 4, 5].map(|number| doubling.call(number))).await;
        let answers: Vec<_> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(answers, [Some(2), Some(4), None, Some(8), Some(10)]);
    }

    #[sqlx::test(migrations = false)]
    async fn a_batch_that_hangs_delays_no_other_call(db: PgPool) {
        let doubling = doubling(db, &Arc::default());
        let others = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            for number in 1..=3 {
                let answer = doubling.call(number).await;
                assert_eq!(answer.expect("it is doubled"), 2 * number);
            }
        };
        let begin = tokio::time::Instant::now();
        let stuck = join_all([doubling.call(100), doubling.call(7)]);
        let (stuck, others) = join(stuck, tokio::time::timeout(Duration::from_millis(700), others)).await;
        assert!(others.is_ok(), "they waited for the batch that hangs");
        assert!(begin.elapsed() > Duration::from_millis(900), "no batch hung");
        assert!(stuck.into_iter().all(|answer| answer.is_ok()));
    }
}
