//! The Postgres pool, its transactions, the migrations, and what an error is about.

mod address;
mod refusal;
mod room;
mod schema;
#[cfg(test)]
mod tests;

use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::Connection as _;
use sqlx::postgres::PgPoolOptions;

use crate::config::DatabaseConfig;

pub use address::options;
pub use pawdium_db::{Batcher, Conflict, Db, FollowUps, Tx, retry_conflicts};
pub use refusal::what_to_do;
pub use room::{Room, room, warn_of_narrow_room};
pub use schema::{MIGRATIONS, Schema, is_migrated, migrate, migrate_with, schema, wait_until_usable};

/// What no connection does without end. One lock that is held too long, or one host that lost its power in the middle of a
/// transaction, must not take the site down: a statement is given up while whoever asked still waits, a lock before that,
/// and a transaction in which nothing is said any more ends. Postgres gives up a host that doesn't answer (`tcp_*`, in
/// seconds and milliseconds; over a Unix socket they mean nothing).
///
/// What is asked all the time is in memory, so that a look into an index costs little more than reading on; Postgres's own
/// guess of four times as much is for disks that turn.
const SETTINGS: [(&str, &str); 9] = [
    ("timezone", "UTC"),
    ("random_page_cost", "1.1"),
    ("lock_timeout", "3s"),
    ("statement_timeout", "20s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
];

/// A connection that idled for less is not asked whether it works.
const FRESH: Duration = Duration::from_secs(1);

/// How many connections a pool of so many takes at the most: one more announces jobs.
#[must_use]
pub const fn takes(max_connections: u32) -> u32 {
    max_connections + 1
}

/// Opens a pool; the first connection is made when it is first needed, so a process can start before its database.
///
/// # Errors
/// When the URL in the configuration is malformed.
pub fn connect(config: &DatabaseConfig, process: &str) -> sqlx::Result<Db> {
    let options = options(config.url.expose_secret())?.application_name(process).options(SETTINGS);
    let pool = PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(Duration::from_secs(5))
        // A connection that was used a moment ago still works; asking each time costs a round trip for each use.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for < FRESH { Ok(true) } else { Ok(connection.ping().await.is_ok()) }
            })
        })
        .connect_lazy_with(options);
    Ok(pool.into())
}

/// Whether `error` is a violation of the named constraint or unique index.
#[must_use]
pub fn violates(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) == Some(constraint)
}
