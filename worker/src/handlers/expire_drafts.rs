//! Deletes expired drafts, and tells owners of those that are about to expire.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use pawdium_queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::jobs::upkeep::ExpireDrafts;
use pawdium_shared::photos::expiry;
use tracing::info;

use crate::env::Env;

/// The number of drafts in the first transaction.
const FEW: i64 = 25;

/// The most drafts in a transaction.
const MANY: i64 = 150;

/// How long a transaction should take. A disk that is busy makes some four times as long, and nobody is to wait for
/// their locks for a tenth of a second.
const SHORT: Duration = Duration::from_millis(25);

/// The number of owners in a transaction.
const OWNERS: i64 = 200;

/// Purges drafts and sends mails, each batch in a transaction of its own.
pub async fn expire_drafts(_: ExpireDrafts, env: &Env, _: &Claim) -> Result<(), JobError> {
    expire(env, Utc::now()).await?;
    Ok(())
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// How many drafts were deleted.
    pub drafts: usize,
    /// How many members were told.
    pub told: usize,
    /// The longest transaction.
    pub longest: Duration,
}

/// Does what [`expire_drafts`] does, at `now`.
///
/// # Errors
/// When the database fails.
pub async fn expire(env: &Env, now: DateTime<Utc>) -> sqlx::Result<Expired> {
    let days = env.upkeep.draft_days;
    let mut expired = Expired::default();
    let mut batch = FEW;
    loop {
        let began = Instant::now();
        let mut tx = env.db.begin().await?;
        let purged = expiry::purge(&mut tx, expiry::expired_before(now, days), batch).await?;
        tx.commit().await?;
        let took = began.elapsed();
        expired.drafts += purged;
        if purged == 0 {
            break;
        }
        expired.longest = expired.longest.max(took);
        batch = next_batch(batch, took);
    }
    loop {
        let mut tx = env.db.begin().await?;
        let owners = expiry::warn(&mut tx, expiry::warned_before(now, days), OWNERS).await?;
        for warned in &owners {
            SendMail::drafts_expire(warned.owner, &warned.email).enqueue(&mut tx).await?;
        }
        tx.commit().await?;
        expired.told += owners.len();
        if owners.is_empty() {
            break;
        }
    }
    let Expired { drafts, told, longest } = expired;
    info!(drafts, told, longest_ms = longest.as_millis(), "expired drafts");
    Ok(expired)
}

/// Grows slowly and shrinks at once.
fn next_batch(batch: i64, took: Duration) -> i64 {
    if took > SHORT { (batch / 2).max(1) } else { (batch + batch / 4 + 1).min(MANY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_follow_how_long_they_take() {
        assert_eq!(next_batch(100, Duration::from_millis(26)), 50);
        assert_eq!(next_batch(1, Duration::from_secs(1)), 1);
        assert_eq!(next_batch(60, Duration::from_millis(5)), 76);
        assert_eq!(next_batch(MANY, Duration::from_millis(5)), MANY);
    }
}
