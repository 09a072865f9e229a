//! What the jobs of each kind did lately, from the accounts.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// What jobs of a kind did in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Enqueued jobs.
    pub enqueued: i64,
    /// Finished jobs.
    pub done: i64,
    /// Failed attempts of jobs that had more attempts.
    pub retried: i64,
    /// Jobs that failed for good.
    pub dead: i64,
    /// Cancelled jobs.
    pub cancelled: i64,
    /// The sum of the waits, from due to claimed, of the attempts that ended, in milliseconds.
    pub waited_ms: i64,
    /// The sum of the run times, from claimed to ended, of the attempts that ended, in milliseconds.
    pub ran_ms: i64,
    /// The longest wait, in milliseconds.
    pub max_waited_ms: i64,
    /// The longest run time, in milliseconds.
    pub max_ran_ms: i64,
}

impl Moved {
    /// Attempts that ended, finished or failed.
    #[must_use]
    pub fn ended(&self) -> i64 {
        self.done + self.failed()
    }

    /// Attempts that failed.
    #[must_use]
    pub fn failed(&self) -> i64 {
        self.retried + self.dead
    }

    /// The fraction of attempts that failed, 0 to 1; `None` if no attempt ended.
    #[must_use]
    pub fn failure_share(&self) -> Option<f64> {
        ratio(self.failed(), self.ended())
    }

    /// The mean wait from due to claimed, in milliseconds; `None` if no attempt ended.
    #[must_use]
    pub fn mean_wait_ms(&self) -> Option<f64> {
        ratio(self.waited_ms, self.ended())
    }

    /// The mean run time from claimed to ended, in milliseconds; `None` if no attempt ended.
    #[must_use]
    pub fn mean_run_ms(&self) -> Option<f64> {
        ratio(self.ran_ms, self.ended())
    }

    /// The sum of two stretches.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            enqueued: self.enqueued + other.enqueued,
            done: self.done + other.done,
            retried: self.retried + other.retried,
            dead: self.dead + other.dead,
            cancelled: self.cancelled + other.cancelled,
            waited_ms: self.waited_ms + other.waited_ms,
            ran_ms: self.ran_ms + other.ran_ms,
            max_waited_ms: self.max_waited_ms.max(other.max_waited_ms),
            max_ran_ms: self.max_ran_ms.max(other.max_ran_ms),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for people; 2^52 ms are 142 millennia")]
fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// What jobs of a kind did in each stretch of time.
#[derive(Clone, Debug, Serialize)]
pub struct KindRates {
    /// The queue's name.
    pub queue: String,
    /// The kind's name.
    pub kind: String,
    /// The stretches, the oldest first. All kinds have the same ones.
    pub stretches: Vec<Moved>,
}

/// Sums what each kind did in the last `count` stretches of `minutes` whole minutes. The last one contains `now` and is not
/// over yet. Includes movements that are not folded yet. Leaves out kinds that did nothing.
pub async fn list_rates(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    minutes: u16,
    count: u16,
) -> sqlx::Result<Vec<KindRates>> {
    let width = i64::from(minutes.max(1)) * 60;
    let first = (now.timestamp().div_euclid(width) + 1 - i64::from(count)) * width;
    sum(db, first, None, width, count).await
}

/// Sums what each kind did in the whole minutes that ended after `from` and not after `to`. So consecutive periods of any
/// length count each minute exactly once. Leaves out kinds that did nothing.
pub async fn sum_minutes(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> sqlx::Result<Vec<KindRates>> {
    let minute = |at: DateTime<Utc>| at.timestamp().div_euclid(60) * 60;
    let (first, end) = (minute(from), minute(to));
    sum(db, first, Some(end), (end - first).max(1), 1).await
}

/// Sums the movements from second `first` of the epoch to before `end`, in `count` stretches of `width` seconds.
async fn sum(
    db: &mut PgConnection,
    first: i64,
    end: Option<i64>,
    width: i64,
    count: u16,
) -> sqlx::Result<Vec<KindRates>> {
    let rows = sqlx::query!(
        r#"with moved as (
               select queue, kind, minute as at, enqueued, done, retried, dead, cancelled,
                      waited_ms, ran_ms, max_waited_ms, max_ran_ms
               from job_minutes
               where minute >= to_timestamp($1::bigint)
                 and ($3::bigint is null or minute < to_timestamp($3::bigint))
               union all
               select queue, kind, at, enqueued, done, retried, dead, cancelled,
                      waited_ms, ran_ms, max_waited_ms, max_ran_ms
               from job_movements
               where at >= to_timestamp($1::bigint) and ($3::bigint is null or at < to_timestamp($3::bigint))
           )
           select min(queue) as "queue!", kind as "kind!",
                  floor((date_part('epoch', at) - $1::bigint) / $2::bigint)::bigint as "stretch!",
                  sum(enqueued)::bigint as "enqueued!", sum(done)::bigint as "done!",
                  sum(retried)::bigint as "retried!", sum(dead)::bigint as "dead!",
                  sum(cancelled)::bigint as "cancelled!", sum(waited_ms)::bigint as "waited_ms!",
                  sum(ran_ms)::bigint as "ran_ms!", max(max_waited_ms)::bigint as "max_waited_ms!",
                  max(max_ran_ms)::bigint as "max_ran_ms!"
           from moved group by kind, 3 order by kind, 3"#,
        first,
        width,
        end,
    )
    .fetch_all(db)
    .await?;
    let mut kinds: Vec<KindRates> = Vec::new();
    for row in rows {
        if kinds.last().is_none_or(|last| last.kind != row.kind) {
            let stretches = vec![Moved::default(); usize::from(count)];
            kinds.push(KindRates { queue: row.queue, kind: row.kind, stretches });
        }
        let stretch = usize::try_from(row.stretch).ok();
        // If the database's clock is ahead of ours, its movements belong to the last stretch.
        let stretch = stretch.map(|stretch| stretch.min(usize::from(count).saturating_sub(1)));
        let sum = kinds.last_mut().zip(stretch).and_then(|(kind, stretch)| kind.stretches.get_mut(stretch));
        if let Some(sum) = sum {
            *sum = sum.plus(Moved {
                enqueued: row.enqueued,
                done: row.done,
                retried: row.retried,
                dead: row.dead,
                cancelled: row.cancelled,
                waited_ms: row.waited_ms,
                ran_ms: row.ran_ms,
                max_waited_ms: row.max_waited_ms,
                max_ran_ms: row.max_ran_ms,
            });
        }
    }
    Ok(kinds)
}
