//! How many connections the server has left.

use sqlx::{PgConnection, PgPool};
use tracing::warn;

/// The server's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many it allows to roles like ours.
    pub allowed: i64,
    /// How many are open, in all databases.
    pub open: i64,
}

impl Room {
    /// Whether `more` connections fit.
    #[must_use]
    pub const fn is_enough_for(self, more: i64) -> bool {
        self.open + more <= self.allowed
    }
}

/// Queries the server. `reserved_connections` exists since Postgres 16.
pub async fn room(db: &mut PgConnection) -> sqlx::Result<Room> {
    let (allowed, open) = sqlx::query_as(
        "select current_setting('max_connections')::bigint
              - current_setting('superuser_reserved_connections')::bigint
              - coalesce(current_setting('reserved_connections', true), '0')::bigint,
                (select coalesce(sum(numbackends), 0)::bigint from pg_stat_database)",
    )
    .fetch_one(db)
    .await?;
    Ok(Room { allowed, open })
}

/// Logs a warning if the server may have fewer connections left than this process may open.
pub async fn warn_of_narrow_room(db: &PgPool, may_take: u32) {
    let asked = async { room(&mut *db.acquire().await?).await }.await;
    if let Ok(room) = asked
        && !room.is_enough_for(may_take.into())
    {
        warn!(
            allowed = room.allowed,
            open = room.open,
            may_take,
            "Postgres may run out of connections; raise its max_connections, or lower database.max_connections"
        );
    }
}
