//! Recording ratings that come at the same time in one transaction.
//!
//! A rating by itself is a handful of statements and waits for the disk once, and all ratings of a photo wait for each other
//! at its counters. So while one transaction is under way, what comes is collected for the next, which takes as many
//! statements and one wait. Nobody waits for others to come: a rating that comes alone is written alone, at once.
//!
//! Ratings in one transaction must not be each other's trouble. If a lock is held too long, or anything else is wrong, the
//! transaction is given up and each of them is recorded by itself. One that was recorded all the same is then the same form,
//! sent twice, which changes nothing.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tracing::debug;

use super::queries::{Given, NotRecorded, record, record_all};
use crate::cache::{Cache, Event};
use crate::db::{Conflict, Db, retry_conflicts};

/// The most in one transaction.
const MOST: usize = 128;

/// What comes meanwhile isn't kept waiting for a lock for long. Left to itself Postgres plans for each number of ratings anew.
const BEGIN: &str =
    "begin; set local lock_timeout = '100ms'; set local plan_cache_mode = 'force_generic_plan'";

/// Records ratings, and drops what of the photos is cached; a clone is a reference.
#[derive(Clone, Debug)]
pub struct Recorder {
    db: Db,
    cache: Cache,
    /// Started with the first rating. The task ends with the last clone.
    recording: Arc<OnceLock<UnboundedSender<Asked>>>,
}

/// Somebody who waits for an answer.
#[derive(Debug)]
struct Asked {
    given: Given,
    answer: oneshot::Sender<Result<(), NotRecorded>>,
}

impl Recorder {
    /// On this database, with this cache.
    #[must_use]
    pub fn new(db: Db, cache: Cache) -> Self {
        Self { db, cache, recording: Arc::default() }
    }

    /// As [`record`], in a transaction that others may share. Must be called inside of a runtime.
    ///
    /// # Errors
    /// Why it is not recorded.
    pub async fn record(&self, given: Given) -> Result<(), NotRecorded> {
        let (answer, answered) = oneshot::channel();
        let recording = self.recording.get_or_init(|| {
            let (recording, asked) = unbounded_channel();
            tokio::spawn(record_what_comes(self.db.clone(), self.cache.clone(), asked));
            recording
        });
        // Where the task has ended, with its runtime, there is no answer.
        let _ = recording.send(Asked { given, answer });
        answered.await.unwrap_or(Err(NotRecorded::Database(sqlx::Error::WorkerCrashed)))
    }
}

async fn record_what_comes(db: Db, cache: Cache, mut asked: UnboundedReceiver<Asked>) {
    let mut waiting = Vec::with_capacity(MOST);
    while asked.recv_many(&mut waiting, MOST).await > 0 {
        let mut seen = HashSet::with_capacity(waiting.len());
        let (batch, again): (Vec<_>, Vec<_>) =
            waiting.drain(..).partition(|one| seen.insert((one.given.photo, one.given.rater)));
        let given: Vec<_> = batch.iter().map(|one| one.given).collect();
        let alone = match record_together(&db, &given).await {
            Ok(outcomes) => {
                tokio::spawn(answer(cache.clone(), batch, outcomes));
                again
            }
            Err(error) => {
                debug!(%error, ratings = given.len(), "couldn't record ratings together; recording each by itself");
                batch.into_iter().chain(again).collect()
            }
        };
        for one in alone {
            tokio::spawn(record_alone(db.clone(), cache.clone(), one));
        }
    }
}

async fn record_together(db: &Db, given: &[Given]) -> sqlx::Result<Vec<Result<(), NotRecorded>>> {
    let mut tx = db.begin_with(BEGIN).await?;
    let outcomes = record_all(&mut tx, given).await?;
    tx.commit().await?;
    Ok(outcomes)
}

async fn record_alone(db: Db, cache: Cache, one: Asked) {
    let outcome = retry_conflicts(async || {
        let mut tx = db.begin().await?;
        record(&mut tx, one.given).await?;
        tx.commit().await?;
        Ok(())
    });
    let outcome = outcome.await;
    answer(cache, vec![one], vec![outcome]).await;
}

/// Answers when those who rated see the effect on their next page.
async fn answer(cache: Cache, batch: Vec<Asked>, outcomes: Vec<Result<(), NotRecorded>>) {
    let rated: BTreeSet<_> = batch
        .iter()
        .zip(&outcomes)
        .filter_map(|(one, outcome)| outcome.is_ok().then_some(one.given.photo))
        .collect();
    let events: Vec<_> = rated.into_iter().map(|photo| Event::PhotoRated { photo }).collect();
    cache.forget_all(&events).await;
    for (one, outcome) in batch.into_iter().zip(outcomes) {
        // Whoever doesn't wait any more has the rating all the same.
        let _ = one.answer.send(outcome);
    }
}

impl Conflict for NotRecorded {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}
