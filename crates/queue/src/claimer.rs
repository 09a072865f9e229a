//! The claimer of one queue: where to go on in the queue's order, and when to claim again.

use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

use super::claim::{ClaimedRow, Position, Restrictions, claim_batch, forget_ended};
use super::completer::PATIENCE;
use super::in_flight::ClaimRequest;
use super::limited::{LimitedClaim, claim_within_limits};

/// How often the claimer starts from the front of the queue while it works off a backlog.
///
/// In between it goes on where the last batch ended, and so steps over no index entries of ended jobs. These entries stay
/// until a vacuum removes them, which it can't while an old snapshot is open. Starting from the front finds jobs that came
/// in with a better priority or were handed back.
const FROM_THE_FRONT: Duration = Duration::from_millis(250);

/// A request for this many jobs belongs to a burst: the next one follows within milliseconds, on the same connection. A
/// connection from the pool would cost a ping, and perhaps a new plan.
const BURST: usize = 100;

/// When to claim again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextClaim {
    /// As soon as there are slots, because there may be more jobs.
    AtOnce,
    /// At the next wake-up.
    WhenWoken,
    /// When the queue is resumed. Jobs that are prefetched go back.
    WhenResumed,
    /// After this long at the latest.
    Later(Duration),
}

/// Claims from one queue for this process.
#[derive(Debug)]
pub(super) struct Claimer {
    db: PgPool,
    /// The connection of a burst, kept for its next claim.
    connection: Option<PoolConnection<Postgres>>,
    /// Where to go on, and until when.
    after: Option<(Position, Instant)>,
    /// Whether the queue was paused or limited at the last look.
    is_restricted: bool,
}

impl Claimer {
    pub(super) fn new(db: PgPool) -> Self {
        Self { db, connection: None, after: None, is_restricted: false }
    }

    /// Claims up to the requested number of jobs. Gives up a connection that hangs: if the claim succeeded all the same,
    /// the heartbeat finds it.
    pub(super) async fn claim_in_time(
        &mut self,
        request: &ClaimRequest,
    ) -> sqlx::Result<(Vec<ClaimedRow>, NextClaim)> {
        let claim = self.claim(request);
        tokio::time::timeout(PATIENCE, claim).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn claim(&mut self, request: &ClaimRequest) -> sqlx::Result<(Vec<ClaimedRow>, NextClaim)> {
        if !self.is_restricted {
            let claimed = self.claim_in_order(request).await?;
            if !claimed.0.is_empty() || claimed.1 == NextClaim::AtOnce {
                return Ok(claimed);
            }
        } else if !request.ended.is_empty() {
            forget_ended(&self.db, request).await?;
        }
        // Either nothing is ready, or the queue is restricted.
        let claimed = claim_within_limits(&self.db, request).await?;
        let is_restricted = !matches!(claimed, LimitedClaim::Unrestricted);
        let was_restricted = std::mem::replace(&mut self.is_restricted, is_restricted);
        Ok(match claimed {
            LimitedClaim::Unrestricted if was_restricted => (Vec::new(), NextClaim::AtOnce),
            LimitedClaim::Unrestricted => (Vec::new(), NextClaim::WhenWoken),
            LimitedClaim::Paused => (Vec::new(), NextClaim::WhenResumed),
            LimitedClaim::Claimed(rows) if rows.len() == request.limit => (rows, NextClaim::AtOnce),
            LimitedClaim::Claimed(rows) => (rows, NextClaim::WhenWoken),
            LimitedClaim::Throttled(rows, wait) => (rows, NextClaim::Later(wait)),
        })
    }

    async fn claim_in_order(&mut self, request: &ClaimRequest) -> sqlx::Result<(Vec<ClaimedRow>, NextClaim)> {
        let after = self.after.filter(|(_, until)| Instant::now() < *until);
        let position = after.map_or(Position::FIRST, |(position, _)| position);
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.db.acquire().await?,
        };
        let rows = claim_batch(&mut *connection, request, position, Restrictions::Apply).await?;
        let full = rows.len() == request.limit;
        self.connection = (full && request.limit >= BURST).then_some(connection);
        let until = after.map_or_else(|| Instant::now() + FROM_THE_FRONT, |(_, until)| until);
        self.after = rows.last().filter(|_| full).map(|last| (last.position(), until));
        // A claim from further back that reached the end has not seen the front.
        Ok((rows, if full || after.is_some() { NextClaim::AtOnce } else { NextClaim::WhenWoken }))
    }
}
