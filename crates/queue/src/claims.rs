//! One process's claims on one queue: where in its order to go on, and when to claim again.

use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

use super::ack::PATIENCE;
use super::claim::{Ask, Heed, Place, Row, claim, forget};
use super::limited::{Found, claim_within_limits};

/// While a backlog is worked off, each claim goes on where the last one ended instead of stepping over the index entries
/// of jobs that have ended, which stay until a vacuum can remove them: never, while somebody holds an old snapshot. So
/// often it starts from the front again, for what came in with a better priority or was handed back.
const FROM_THE_FRONT: Duration = Duration::from_millis(250);

/// A claim for so many is one of a burst: the next follows within milliseconds, on the same connection. One that comes back
/// to the pool is pinged, and the next claim would get another, which has to be planned and cached for anew.
const BURST: usize = 100;

/// When to claim again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// As soon as there are slots: there may be more.
    AtOnce,
    /// When somebody announces work, or the poll finds some.
    WhenRung,
    /// When somebody announces that the queue is resumed; what is claimed and not started goes back.
    WhenResumed,
    /// After so long at the latest.
    Later(Duration),
}

/// A queue's claims by this process.
#[derive(Debug)]
pub(super) struct Claims {
    db: PgPool,
    /// The connection of a burst, kept for its next claim.
    connection: Option<PoolConnection<Postgres>>,
    /// Go on behind this, until then.
    after: Option<(Place, Instant)>,
    /// Whether the queue was held when it was last looked at.
    held: bool,
}

impl Claims {
    pub(super) fn new(db: PgPool) -> Self {
        Self { db, connection: None, after: None, held: false }
    }

    /// Claims what there is. A connection that hangs is given up; should the claim have succeeded anyway, the lease
    /// finds out.
    pub(super) async fn claim_in_time(&mut self, ask: &Ask) -> sqlx::Result<(Vec<Row>, Next)> {
        let claim = self.claim(ask);
        tokio::time::timeout(PATIENCE, claim).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn claim(&mut self, ask: &Ask) -> sqlx::Result<(Vec<Row>, Next)> {
        if !self.held {
            let claimed = self.claim_in_order(ask).await?;
            if !claimed.0.is_empty() || claimed.1 == Next::AtOnce {
                return Ok(claimed);
            }
        } else if !ask.over.is_empty() {
            forget(&self.db, ask).await?;
        }
        // Nothing is there, or nothing may be claimed in passing.
        let found = claim_within_limits(&self.db, ask).await?;
        let was_held = std::mem::replace(&mut self.held, !matches!(found, Found::Open));
        Ok(match found {
            Found::Open if was_held => (Vec::new(), Next::AtOnce),
            Found::Open => (Vec::new(), Next::WhenRung),
            Found::Paused => (Vec::new(), Next::WhenResumed),
            Found::Jobs(rows) if rows.len() == ask.limit => (rows, Next::AtOnce),
            Found::Jobs(rows) => (rows, Next::WhenRung),
            Found::Blocked(rows, wait) => (rows, Next::Later(wait)),
        })
    }

    async fn claim_in_order(&mut self, ask: &Ask) -> sqlx::Result<(Vec<Row>, Next)> {
        let after = self.after.filter(|(_, until)| Instant::now() < *until);
        let place = after.map_or(Place::FIRST, |(place, _)| place);
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.db.acquire().await?,
        };
        let rows = claim(&mut *connection, ask, place, Heed::Hold).await?;
        let full = rows.len() == ask.limit;
        self.connection = (full && ask.limit >= BURST).then_some(connection);
        let until = after.map_or_else(|| Instant::now() + FROM_THE_FRONT, |(_, until)| until);
        self.after = rows.last().filter(|_| full).map(|last| (last.place(), until));
        // A claim from further back that came to the end has not seen the front.
        Ok((rows, if full || after.is_some() { Next::AtOnce } else { Next::WhenRung }))
    }
}
