//! What each kind's jobs did lately, from the accounts.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// What a kind's jobs did in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Put on the queue.
    pub enqueued: i64,
    /// Ended well.
    pub done: i64,
    /// Attempts that failed and were followed by another.
    pub retried: i64,
    /// Failed for good.
    pub dead: i64,
    /// Called off.
    pub cancelled: i64,
    /// Sum over the attempts that ended, from due to claimed, in milliseconds.
    pub waited_ms: i64,
    /// Sum over the attempts that ended, from claimed to ended, in milliseconds.
    pub ran_ms: i64,
    /// The largest of those waits.
    pub max_waited_ms: i64,
    /// The longest of those runs.
    pub max_ran_ms: i64,
}

impl Moved {
    /// Attempts that ended: done or failed.
    #[must_use]
    pub fn ended(&self) -> i64 {
        self.done + self.failed()
    }

    /// Attempts that failed.
    #[must_use]
    pub fn failed(&self) -> i64 {
        self.retried + self.dead
    }

    /// The share of attempts that failed, 0 to 1; none when none ended.
    #[must_use]
    pub fn failure_share(&self) -> Option<f64> {
        ratio(self.failed(), self.ended())
    }

    /// From due to claimed, in milliseconds; none when no attempt ended.
    #[must_use]
    pub fn mean_wait_ms(&self) -> Option<f64> {
        ratio(self.waited_ms, self.ended())
    }

    /// From claimed to ended, in milliseconds; none when no attempt ended.
    #[must_use]
    pub fn mean_run_ms(&self) -> Option<f64> {
        ratio(self.ran_ms, self.ended())
    }

    /// Both together.
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

/// What a kind's jobs did, by stretch.
#[derive(Clone, Debug, Serialize)]
pub struct KindRates {
    /// The queue's name.
    pub queue: String,
    /// The kind's name.
    pub kind: String,
    /// One for each stretch, the oldest first; all kinds have the same.
    pub stretches: Vec<Moved>,
}

/// What every kind did in the `count` stretches of `minutes` whole minutes up to now, of which the last is not over yet.
/// Kinds that did nothing are missing. What has not been folded into minutes yet counts too.
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

/// What every kind did in the whole minutes that ended after `from` and not after `to`: reports of one period after the
/// other leave no minute out and count none twice, however long the periods are. Kinds that did nothing are missing.
pub async fn sum_minutes(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> sqlx::Result<Vec<KindRates>> {
    let minute = |at: DateTime<Utc>| at.timestamp().div_euclid(60) * 60;
    let (first, end) = (minute(from), minute(to));
    sum(db, first, Some(end), (end - first).max(1), 1).await
}

/// Sums what moved from second `first` of the epoch on, before `end`, in `count` stretches of `width` seconds.
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
        // A database whose clock is ahead of ours counts as now.
        let stretch = stretch.map(|stretch| stretch.min(usize::from(count).saturating_sub(1)));
        let place = kinds.last_mut().zip(stretch).and_then(|(kind, stretch)| kind.stretches.get_mut(stretch));
        if let Some(place) = place {
            *place = place.plus(Moved {
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
