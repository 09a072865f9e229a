//! Recording ratings that come at the same time in one transaction.
//!
//! A rating by itself is a handful of statements and waits for the disk once, and all ratings of a photo wait for each other
//! at its counters. So while one transaction is under way, what comes is collected for the next, which takes as many
//! statements and one wait. Nobody waits for others to come: a rating that comes alone is written alone, at once.
//!
//! Ratings in one transaction must not be each other's trouble. If a lock is held too long, or anything else is wrong, the
//! transaction is given up and each of them is recorded by itself. One that was recorded all the same is then the same form,
//! sent twice, which changes nothing.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tracing::debug;

use super::queries::{Given, NotRecorded, record, record_all};
use crate::db::{Conflict, Db, FollowUps, retry_conflicts};

/// The most in one transaction.
const MOST: usize = 128;

/// What comes meanwhile isn't kept waiting for a lock for long. Left to itself Postgres plans for each number of ratings anew.
const BEGIN: &str =
    "begin; set local lock_timeout = '100ms'; set local plan_cache_mode = 'force_generic_plan'";

/// Records ratings; a clone is a reference.
#[derive(Clone, Debug)]
pub struct Recorder {
    db: Db,
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
    /// On this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, recording: Arc::default() }
    }

    /// As [`record`], in a transaction that others may share. Must be called inside of a runtime.
    ///
    /// # Errors
    /// Why it is not recorded.
    pub async fn record(&self, given: Given) -> Result<(), NotRecorded> {
        let (answer, answered) = oneshot::channel();
        let recording = self.recording.get_or_init(|| {
            let (recording, asked) = unbounded_channel();
            tokio::spawn(record_what_comes(self.db.clone(), asked));
            recording
        });
        // Where the task has ended, with its runtime, there is no answer.
        let _ = recording.send(Asked { given, answer });
        answered.await.unwrap_or(Err(NotRecorded::Database(sqlx::Error::WorkerCrashed)))
    }
}

async fn record_what_comes(db: Db, mut asked: UnboundedReceiver<Asked>) {
    let mut waiting = Vec::with_capacity(MOST);
    while asked.recv_many(&mut waiting, MOST).await > 0 {
        let mut seen = HashSet::with_capacity(waiting.len());
        let (batch, again): (Vec<_>, Vec<_>) =
            waiting.drain(..).partition(|one| seen.insert((one.given.photo, one.given.rater)));
        let given: Vec<_> = batch.iter().map(|one| one.given).collect();
        let alone = match record_together(&db, &given).await {
            Ok((outcomes, follow_ups)) => {
                tokio::spawn(answer(batch, outcomes, follow_ups));
                again
            }
            Err(error) => {
                debug!(%error, ratings = given.len(), "couldn't record ratings together; recording each by itself");
                batch.into_iter().chain(again).collect()
            }
        };
        for one in alone {
            tokio::spawn(record_alone(db.clone(), one));
        }
    }
}

/// What became of each, and what follows the commit.
type Recorded = (Vec<Result<(), NotRecorded>>, FollowUps);

async fn record_together(db: &Db, given: &[Given]) -> sqlx::Result<Recorded> {
    let mut tx = db.begin_with(BEGIN).await?;
    let outcomes = record_all(&mut tx, given).await?;
    Ok((outcomes, tx.commit_first().await?))
}

async fn record_alone(db: Db, one: Asked) {
    let outcome = retry_conflicts(async || {
        let mut tx = db.begin().await?;
        record(&mut tx, one.given).await?;
        Ok(tx.commit().await?)
    });
    let outcome = outcome.await;
    // Who doesn't wait any more has the rating all the same.
    let _ = one.answer.send(outcome);
}

/// Answers when those who rated see the effect on their next page.
async fn answer(batch: Vec<Asked>, outcomes: Vec<Result<(), NotRecorded>>, follow_ups: FollowUps) {
    follow_ups.done().await;
    for (one, outcome) in batch.into_iter().zip(outcomes) {
        let _ = one.answer.send(outcome);
    }
}

impl Conflict for NotRecorded {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}
