//! The Postgres pool, its transactions, the migrations, and classification of errors.

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

/// Timeouts of all connections. One lock that is held too long, or one host that loses power during a transaction, must
/// not stop the site. A statement ends while its caller still waits, and a wait for a lock before that. Idle
/// transactions also end. Postgres drops a host that doesn't answer (`tcp_*`, in seconds and milliseconds; no effect
/// over a Unix socket).
///
/// Frequently used data is in memory, so random reads cost little more than sequential ones. Postgres's default of four
/// times as much is meant for spinning disks.
///
/// Compiling a statement takes longer than each of ours runs. So does starting the processes of a parallel plan: up to
/// 40 ms on a busy machine.
pub const SETTINGS: [(&str, &str); 11] = [
    ("timezone", "UTC"),
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("random_page_cost", "1.1"),
    ("lock_timeout", "3s"),
    ("statement_timeout", "20s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
];

/// A connection that was idle for less is not tested before use.
const FRESH: Duration = Duration::from_secs(1);

/// The most connections that such a pool opens: one more announces jobs.
#[must_use]
pub const fn takes(max_connections: u32) -> u32 {
    max_connections + 1
}

/// Creates a pool. It connects on first use, so a process can start before its database.
///
/// # Errors
/// If the URL in the configuration is malformed.
pub fn connect(config: &DatabaseConfig, process: &str) -> sqlx::Result<Db> {
    let options = options(config.url.expose_secret())?.application_name(process).options(SETTINGS);
    let pool = PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(Duration::from_secs(5))
        // A recently used connection still works. Testing it costs a round trip per use.
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
