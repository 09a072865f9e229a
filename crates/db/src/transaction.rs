//! Transactions that survive dropped futures.
//!
//! A future may be dropped at any await: the client of its request is gone, or its job is cancelled or timed out. With sqlx
//! 0.9.0, a future that is dropped while it awaits the answer to BEGIN returns its connection to the pool inside an open
//! transaction (transact-rs/sqlx#4393). So BEGIN, COMMIT and ROLLBACK run on tasks of their own, which finish even if the
//! caller is dropped. Anywhere else, a dropped [`Tx`] rolls back.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use futures::stream::BoxStream;
use parking_lot::Mutex;
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{
    Connection as _, Describe, Either, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr, Transaction,
};
use tokio::task::JoinHandle;

use super::announcer::Announcer;

/// The database: a pool, and the only way to begin a transaction. A clone refers to the same pool.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    announcer: Announcer,
    kept: Kept,
}

/// What modules keep beside a database, one value of each type.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>>);

impl Kept {
    fn get_or_insert<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut kept = self.0.lock();
        let found = kept.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(make()));
        Arc::clone(found).downcast().unwrap_or_else(|_| unreachable!("the key is the type"))
    }

    fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let kept = self.0.lock();
        kept.get(&TypeId::of::<T>()).and_then(|found| Arc::clone(found).downcast().ok())
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl Db {
    /// Begins a transaction.
    ///
    /// # Errors
    /// If no connection is available.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        Tx::begin_with(&self.pool, None, self).await
    }

    /// Begins a transaction with the SQL of `begin`: a BEGIN and perhaps `set local`, in one round trip.
    ///
    /// # Errors
    /// If no connection is available.
    pub async fn begin_with(&self, begin: &'static str) -> sqlx::Result<Tx> {
        Tx::begin_with(&self.pool, Some(begin), self).await
    }

    /// Keeps a value beside the database for [`Tx::kept`], unless there is one of its type.
    pub fn keep<T: Any + Send + Sync>(&self, value: T) {
        self.kept.get_or_insert(|| value);
    }

    /// Returns the value of type `T` that is kept with this database, and makes it when it is first needed. `make` gets a
    /// `Db` that keeps no values, so that a kept value doesn't keep itself alive.
    pub fn kept<T: Any + Send + Sync>(&self, make: impl FnOnce(Self) -> T) -> Arc<T> {
        self.kept.get_or_insert(|| make(Self { kept: Kept::default(), ..self.clone() }))
    }

    /// Announces that a queue has committed work: at once, or `linger` after its last announcement.
    pub fn announce(&self, queue: impl Into<Cow<'static, str>>, linger: Duration) {
        self.announcer.announce(queue.into(), linger);
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl From<PgPool> for Db {
    fn from(pool: PgPool) -> Self {
        Self { announcer: Announcer::new(&pool.connect_options()), kept: Kept::default(), pool }
    }
}

impl Deref for Db {
    type Target = PgPool;

    fn deref(&self) -> &PgPool {
        &self.pool
    }
}

/// Something to do once a transaction has committed.
type FollowUp = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send + Sync>;

/// A transaction. Dropped, it rolls back.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    /// The queues to announce after the commit, and how long after their last announcement.
    to_announce: BTreeMap<Cow<'static, str>, Duration>,
    /// What to announce when so long has passed since the commit.
    to_announce_later: Vec<(Cow<'static, str>, Duration)>,
    follow_ups: Vec<FollowUp>,
    announcer: Announcer,
    kept: Kept,
}

/// The follow-ups of a transaction that has committed. They run whether or not somebody waits for them.
#[derive(Debug)]
pub struct FollowUps(Option<JoinHandle<Vec<()>>>);

impl FollowUps {
    /// Waits until they are done.
    pub async fn done(self) {
        if let Some(running) = self.0 {
            // One that panicked has said so in the log.
            let _ = running.await;
        }
    }
}

impl Tx {
    /// Begins a transaction on a pool, which keeps nothing.
    ///
    /// # Errors
    /// If no connection is available.
    pub async fn begin(pool: &PgPool) -> sqlx::Result<Self> {
        Self::begin_with(pool, None, &Db::from(pool.clone())).await
    }

    async fn begin_with(pool: &PgPool, begin: Option<&'static str>, db: &Db) -> sqlx::Result<Self> {
        // Acquiring a connection may be dropped. Only the BEGIN has to finish.
        let connection = pool.acquire().await?;
        let inner = run_to_end(Transaction::begin(connection, begin.map(SqlStr::from_static))).await?;
        let (announcer, kept) = (db.announcer.clone(), db.kept.clone());
        Ok(Self {
            inner,
            to_announce: BTreeMap::new(),
            to_announce_later: Vec::new(),
            follow_ups: Vec::new(),
            announcer,
            kept,
        })
    }

    /// Commits, announces queues, and waits for the follow-ups. Once polled, it finishes even if the future is dropped.
    ///
    /// # Errors
    /// If a deferred constraint is violated, or the connection is lost. In the second case the transaction may have been
    /// committed all the same.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.commit_first().await?.done().await;
        Ok(())
    }

    /// As [`commit`](Self::commit), but leaves waiting for the follow-ups to the caller.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub async fn commit_first(self) -> sqlx::Result<FollowUps> {
        let Self { inner, to_announce, to_announce_later, follow_ups, announcer, kept: _ } = self;
        run_to_end(async move {
            inner.commit().await?;
            for (queue, linger) in to_announce {
                announcer.announce(queue, linger);
            }
            for (queue, delay) in to_announce_later {
                announcer.announce_after(queue, delay);
            }
            let running = (!follow_ups.is_empty())
                .then(|| tokio::spawn(join_all(follow_ups.into_iter().map(|follow_up| follow_up()))));
            Ok(FollowUps(running))
        })
        .await
    }

    /// Does something once this has committed, and only then. A process that dies in between does not do it.
    pub fn after_commit<F>(&mut self, follow_up: impl FnOnce() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.follow_ups.push(Box::new(|| Box::pin(follow_up())));
    }

    /// What is kept beside the database that this was begun on.
    #[must_use]
    pub fn kept<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.kept.get()
    }

    /// Rolls back.
    ///
    /// # Errors
    /// If the connection is lost, which rolls back too.
    pub async fn rollback(self) -> sqlx::Result<()> {
        run_to_end(self.inner.rollback()).await
    }

    /// Announces a queue after the commit: at once, or `linger` after its last announcement.
    pub fn wake(&mut self, queue: impl Into<Cow<'static, str>>, linger: Duration) {
        let before = self.to_announce.entry(queue.into()).or_insert(linger);
        *before = linger.min(*before);
    }

    /// Announces `what` when `delay` has passed since the commit.
    pub fn wake_after(&mut self, what: impl Into<Cow<'static, str>>, delay: Duration) {
        let what = (what.into(), delay);
        if !self.to_announce_later.contains(&what) {
            self.to_announce_later.push(what);
        }
    }

    /// Begins a savepoint. If its future is dropped midway, the whole transaction rolls back.
    ///
    /// # Errors
    /// The database's.
    #[expect(clippy::disallowed_methods, reason = "inside a transaction, which ends cleanly")]
    pub async fn savepoint(&mut self) -> sqlx::Result<Transaction<'_, Postgres>> {
        self.inner.begin().await
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("to_announce", &self.to_announce).finish_non_exhaustive()
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}

/// Lets a query take `&mut *tx` whether `tx` is owned or borrowed.
impl<'c> Executor<'c> for &'c mut Tx {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        (&mut *self.inner).fetch_many(query)
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        (&mut *self.inner).fetch_optional(query)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        (&mut *self.inner).prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        (&mut *self.inner).describe(sql)
    }
}

/// Runs a future on a task of its own, so that it finishes even if the caller is dropped.
async fn run_to_end<T: Send + 'static>(
    future: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> sqlx::Result<T> {
    tokio::spawn(future).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// How often a transaction with conflicts is tried.
const ATTEMPTS: usize = 5;

/// An error that may come from a conflict with another transaction.
pub trait Conflict {
    /// Whether the same transaction may succeed when it runs again: Postgres ended it because of a deadlock (SQLSTATE
    /// 40P01) or a serialization failure (40001).
    fn is_conflict(&self) -> bool;
}

impl Conflict for sqlx::Error {
    fn is_conflict(&self) -> bool {
        let code = self.as_database_error().and_then(sqlx::error::DatabaseError::code);
        matches!(code.as_deref(), Some("40P01" | "40001"))
    }
}

impl Conflict for anyhow::Error {
    fn is_conflict(&self) -> bool {
        self.chain().any(|cause| cause.downcast_ref::<sqlx::Error>().is_some_and(Conflict::is_conflict))
    }
}

/// Runs `act`, which begins and commits a transaction, again after each conflict, at most 5 times.
///
/// # Errors
/// Those of `act`.
pub async fn retry_conflicts<T, E: Conflict, F>(mut act: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut attempt = 1;
    loop {
        match act().await {
            Err(error) if attempt < ATTEMPTS && error.is_conflict() => attempt += 1,
            result => return result,
        }
    }
}

/// Like [`retry_conflicts`], but in a savepoint of a transaction, and repeats only the savepoint.
///
/// # Errors
/// Those of `act`.
pub async fn despite_deadlocks<T>(
    tx: &mut Tx,
    mut act: impl for<'t> FnMut(&'t mut PgConnection) -> BoxFuture<'t, sqlx::Result<T>>,
) -> sqlx::Result<T> {
    let mut attempt = 1;
    loop {
        let mut savepoint = tx.savepoint().await?;
        match act(&mut savepoint).await {
            Ok(done) => {
                savepoint.commit().await?;
                return Ok(done);
            }
            Err(error) if attempt < ATTEMPTS && error.is_conflict() => {
                savepoint.rollback().await?;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}
