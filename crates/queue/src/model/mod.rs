//! Compares the queue's transitions with a model. After any sequence of events, also from workers that lost their claim
//! long ago, Postgres gives the same answers as the pure rules here, has the same jobs, and the accounts add up.

mod rules;

use std::collections::BTreeMap;
use std::time::Duration;

use pawdium_db::Tx;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use tokio::runtime::Handle;

use self::rules::{Ending, Model, ModelRow, latest};
use super::claim::{Position, Restrictions, claim_batch};
use super::enqueue::Enqueue as _;
use super::in_flight::InFlight;
use super::job::{Job, Queue};
use super::settle::{Fence, Outcome, Unfinished, settle_one};
use super::{control, ledger};
use crate::ids::{JobId, WorkerId};
use crate::state::JobState;

#[derive(Debug, Serialize, Deserialize)]
struct Keyed {
    key: Option<u8>,
}

impl Job for Keyed {
    const KIND: &'static str = "test.keyed.v1";
    const QUEUE: Queue = Queue::new("cache");

    fn unique_key(&self) -> Option<String> {
        self.key.map(|key| key.to_string())
    }
}

/// An event. Jobs and claims are picked from the latest ones, whatever their state.
#[derive(Clone, Debug)]
enum Event {
    Enqueue {
        key: Option<u8>,
        delayed: bool,
    },
    AllComeDue,
    Claim {
        worker: i64,
        limit: usize,
    },
    Settle {
        claim: Index,
        ending: Ending,
    },
    /// The database crashes before a claim is on its disk.
    Forget {
        claim: Index,
    },
    Cancel {
        jobs: Vec<Index>,
    },
    Retry {
        jobs: Vec<Index>,
    },
    Delete {
        jobs: Vec<Index>,
    },
    Fold,
}

impl Ending {
    fn outcome(self) -> Outcome {
        let delay = |delayed| if delayed { Duration::from_hours(1) } else { Duration::ZERO };
        match self {
            Self::Done { kept } => Outcome::Done { keep: kept.then_some(Duration::from_hours(1)) },
            Self::Dead => Unfinished::Dead { error: "dead".to_owned() }.into(),
            Self::Retry { delayed } => {
                Unfinished::Retry { delay: delay(delayed), error: "failed".to_owned() }.into()
            }
            Self::Deferred => Unfinished::Deferred { delay: delay(true), error: "away".to_owned() }.into(),
            Self::HandedBack => Unfinished::HandedBack.into(),
            Self::Postponed => Unfinished::Postponed { delay: delay(true) }.into(),
        }
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let jobs = || prop::collection::vec(any::<Index>(), 1..5);
    let ending = prop_oneof![
        3 => any::<bool>().prop_map(|kept| Ending::Done { kept }),
        2 => Just(Ending::Dead),
        2 => any::<bool>().prop_map(|delayed| Ending::Retry { delayed }),
        1 => Just(Ending::Deferred),
        1 => Just(Ending::HandedBack),
        1 => Just(Ending::Postponed),
    ];
    let event = prop_oneof![
        9 => (prop::option::of(0_u8..4), prop::bool::weighted(0.2))
            .prop_map(|(key, delayed)| Event::Enqueue { key, delayed }),
        1 => Just(Event::AllComeDue),
        5 => (1_i64..4, 1_usize..4).prop_map(|(worker, limit)| Event::Claim { worker, limit }),
        8 => (any::<Index>(), ending).prop_map(|(claim, ending)| Event::Settle { claim, ending }),
        3 => any::<Index>().prop_map(|claim| Event::Forget { claim }),
        2 => jobs().prop_map(|jobs| Event::Cancel { jobs }),
        2 => jobs().prop_map(|jobs| Event::Retry { jobs }),
        1 => jobs().prop_map(|jobs| Event::Delete { jobs }),
        1 => Just(Event::Fold),
    ];
    prop::collection::vec(event, 10..100)
}

/// Reads all jobs from Postgres.
async fn read(db: &mut PgConnection) -> BTreeMap<i64, ModelRow> {
    let rows: Vec<(i64, JobState, i16, i32, Option<i64>)> = sqlx::query_as(
        "select id, state::text, attempt, claim, worker_id from jobs
         union all select id, outcome::text, attempt, claim, null from job_history",
    )
    .fetch_all(db)
    .await
    .expect("jobs can be read");
    let rows = rows.into_iter();
    rows.map(|(id, state, attempt, claim, worker)| (id, ModelRow { state, attempt, claim, worker })).collect()
}

fn ids(jobs: &[i64]) -> Vec<JobId> {
    jobs.iter().copied().map(JobId).collect()
}

fn numbers(jobs: &[JobId]) -> Vec<i64> {
    jobs.iter().map(|job| job.0).collect()
}

/// Applies an event to both, and compares the answers.
async fn apply(db: &mut Tx, in_flight: &InFlight, model: &mut Model, event: &Event) -> sqlx::Result<()> {
    match event {
        Event::Enqueue { key, delayed } => {
            let delay = if *delayed { Duration::from_hours(1) } else { Duration::ZERO };
            let job = Keyed { key: *key }.enqueue_in(db, delay).await?;
            assert_eq!(job.is_some(), key.is_none_or(|key| !model.has_live(key)));
            if let Some(job) = job {
                model.enqueue(job.0, *key, *delayed);
            }
        }
        Event::AllComeDue => {
            let due = "update jobs set state = 'ready', run_at = now() where state = 'scheduled'";
            sqlx::query(due).execute(db).await?;
            for row in model.rows.values_mut().filter(|row| row.state == JobState::Scheduled) {
                row.state = JobState::Ready;
            }
        }
        Event::Claim { worker, limit } => {
            let request = in_flight.request(Queue::new("cache"), WorkerId(*worker), *limit);
            let rows = claim_batch(db, &request, Position::FIRST, Restrictions::Apply).await?;
            let claimed: Vec<_> = rows.iter().map(|row| (row.id.0, row.claim)).collect();
            assert_eq!(claimed, model.claim(*worker, *limit));
        }
        Event::Settle { claim, ending } if !model.claims.is_empty() => {
            let (job, claim, worker) = *claim.get(latest(&model.claims));
            let fence = Fence { job: JobId(job), claim, worker: Some(WorkerId(worker)) };
            let counts = settle_one(db, fence, &ending.outcome()).await?;
            assert_eq!(counts, model.settle((job, claim, worker), *ending));
        }
        Event::Forget { claim } if !model.claims.is_empty() => {
            let claim = *claim.get(latest(&model.claims));
            if model.forget(claim) {
                let forget = "update jobs set state = 'ready', worker_id = null, claimed_at = null,
                                              claim = claim - 1, attempt = attempt - 1 where id = $1";
                sqlx::query(forget).bind(claim.0).execute(db).await?;
            }
        }
        Event::Settle { .. } | Event::Forget { .. } => {}
        Event::Cancel { jobs } => {
            let jobs = model.pick(jobs);
            let cancelled = control::cancel(db, &ids(&jobs), "cancelled").await?;
            assert_eq!(numbers(&cancelled), model.cancel(&jobs));
        }
        Event::Retry { jobs } => {
            let jobs = model.pick(jobs);
            assert_eq!(numbers(&control::retry(db, &ids(&jobs)).await?), model.retry(&jobs));
        }
        Event::Delete { jobs } => {
            let jobs = model.pick(jobs);
            assert_eq!(numbers(&control::delete(db, &ids(&jobs)).await?), model.delete(&jobs));
        }
        Event::Fold => drop(ledger::fold(db).await?),
    }
    Ok(())
}

/// Applies all events in one transaction, which is rolled back in the end.
async fn compare(db: &PgPool, events: &[Event]) -> sqlx::Result<()> {
    let mut tx = Tx::begin(db).await?;
    let (mut model, in_flight) = (Model::default(), InFlight::default());
    for event in events {
        apply(&mut tx, &in_flight, &mut model, event).await?;
        assert_eq!(read(&mut tx).await, model.rows, "after {event:?}");
        let accounts = ledger::balance(&mut tx).await?;
        let live = model.rows.values().filter(|row| row.state.is_live()).count();
        let expected =
            (model.enqueued, model.done, model.dead, model.cancelled, i64::try_from(live).unwrap_or(-1));
        let found = accounts.first().map_or((0, 0, 0, 0, 0), |account| {
            (account.enqueued, account.done, account.dead, account.cancelled, account.live)
        });
        assert_eq!(found, expected, "after {event:?}");
        assert!(accounts.iter().all(|account| account.missing() == 0), "after {event:?}: {accounts:?}");
        let unlisted = "select count(*)
                        from (select id, outcome, kind, last_error as error
                              from job_history where last_error is not null) as erred
                        full join job_errors using (id, outcome, kind, error)
                        where erred is null or job_errors is null";
        let unlisted: i64 = sqlx::query_scalar(unlisted).fetch_one(&mut *tx).await?;
        assert_eq!(unlisted, 0, "after {event:?}");
        let unnoted = "select count(*) from jobs where state = 'running' and not exists (
                           select from job_batches as batch
                           where batch.queue = jobs.queue and batch.worker_id = jobs.worker_id
                             and jobs.id = any(batch.jobs))";
        let unnoted: i64 = sqlx::query_scalar(unnoted).fetch_one(&mut *tx).await?;
        assert_eq!(unnoted, 0, "after {event:?}");
    }
    tx.rollback().await
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn jobs_take_the_transitions_of_the_model_and_no_others(db: PgPool) {
    let handle = Handle::current();
    let comparing = tokio::task::spawn_blocking(move || {
        let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
        TestRunner::new(config).run(&events(), |events| {
            handle.block_on(compare(&db, &events)).map_err(|error| TestCaseError::fail(error.to_string()))
        })
    });
    comparing.await.expect("no panic outside of a case").unwrap_or_else(|failed| panic!("{failed}"));
}
