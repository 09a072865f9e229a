//! Recording events in the transaction of the change.

use pawdium_queue::Enqueue as _;

use super::Event;
use crate::cache::Forgetter;
use crate::db::Tx;
use crate::jobs::cache::InvalidateCache;

impl Event {
    /// Records the event: its job commits with the transaction. After the commit the caches drop what it made stale, so
    /// that the user who caused it sees the change on the next page.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record(self, tx: &mut Tx) -> sqlx::Result<()> {
        Self::record_all(tx, vec![self]).await
    }

    /// Like [`record`](Self::record), for many events in one round trip.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_all(tx: &mut Tx, events: Vec<Self>) -> sqlx::Result<()> {
        InvalidateCache::enqueue_all(tx, &jobs(&events)).await?;
        forget_after_commit(tx, events);
        Ok(())
    }

    /// Like [`record_all`](Self::record_all), in fewer round trips. If another transaction locks the same jobs in a
    /// different order, this transaction fails and must be repeated.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_all_or_conflict(tx: &mut Tx, events: Vec<Self>) -> sqlx::Result<()> {
        InvalidateCache::enqueue_all_or_conflict(tx, &jobs(&events)).await?;
        forget_after_commit(tx, events);
        Ok(())
    }
}

fn jobs(events: &[Event]) -> Vec<InvalidateCache> {
    events.iter().cloned().map(|event| InvalidateCache { event }).collect()
}

/// Without a cache on the pool, only the events' jobs drop stale fragments.
fn forget_after_commit(tx: &mut Tx, events: Vec<Event>) {
    if let Some(forgetter) = tx.kept::<Forgetter>()
        && !events.is_empty()
    {
        tx.after_commit(move || async move { forgetter.forget(events).await });
    }
}
