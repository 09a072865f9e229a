//! Records concurrent ratings in one transaction.
//!
//! A single rating takes several statements and one wait for the disk, and all ratings of a photo wait for each other
//! at its counters. Ratings that arrive during a transaction are therefore collected for the next one, which takes as
//! many statements and one wait for all of them. No rating waits for others to arrive: a single one is written
//! immediately.
//!
//! Ratings in one transaction must not harm each other. If a lock takes too long, or on any other error, the
//! transaction is rolled back and each rating is recorded separately. If one was committed after all, recording it
//! again is a repeated submission, which changes nothing.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tracing::debug;

use super::queries::{Given, NotRecorded, record, record_all};
use crate::db::{Conflict, Db, FollowUps, retry_conflicts};

/// The most ratings in one transaction.
const MOST: usize = 128;

/// A short lock timeout, because later ratings wait for this transaction. Without a generic plan, Postgres plans anew
/// for each number of ratings.
const BEGIN: &str =
    "begin; set local lock_timeout = '100ms'; set local plan_cache_mode = 'force_generic_plan'";

/// Records ratings. Clones share the task.
#[derive(Clone, Debug)]
pub struct Recorder {
    db: Db,
    /// The channel to the task, which starts with the first rating and ends with the last clone.
    recording: Arc<OnceLock<UnboundedSender<Asked>>>,
}

/// A rating and the channel for its result.
#[derive(Debug)]
struct Asked {
    given: Given,
    answer: oneshot::Sender<Result<(), NotRecorded>>,
}

impl Recorder {
    /// Creates a recorder for this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, recording: Arc::default() }
    }

    /// Like [`record`], in a transaction that others may share. Call it inside a runtime.
    ///
    /// # Errors
    /// Why it was not recorded.
    pub async fn record(&self, given: Given) -> Result<(), NotRecorded> {
        let (answer, answered) = oneshot::channel();
        let recording = self.recording.get_or_init(|| {
            let (recording, asked) = unbounded_channel();
            tokio::spawn(record_what_comes(self.db.clone(), asked));
            recording
        });
        // If the task ended with its runtime, no result arrives.
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

/// The results, and what to do after the commit.
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
    // A rating is recorded even if its caller no longer waits.
    let _ = one.answer.send(outcome);
}

/// Sends the results after the caches are dropped, so that the raters see the effect on their next page.
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
