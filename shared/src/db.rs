//! The Postgres pool, its transactions, the migrations, and what an error is about.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool};

use crate::config::DatabaseConfig;

mod announcer;
#[cfg(test)]
mod tests;
mod transaction;

pub(crate) use announcer::CHANNEL;
pub(crate) use transaction::despite_deadlocks;
pub use transaction::{Conflict, Db, Tx, retry_conflicts};

/// Every migration in `migrations/`, embedded in the binary.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// What no connection does without end. One lock that is held too long, or one host that lost its power in the middle of a
/// transaction, must not take the site down: a statement is given up while whoever asked still waits, a lock before that,
/// and a transaction in which nothing is said any more ends. Postgres gives up a host that doesn't answer (`tcp_*`, in
/// seconds and milliseconds; over a Unix socket they mean nothing).
const BOUNDS: [(&str, &str); 8] = [
    ("timezone", "UTC"),
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

/// Opens a pool; the first connection is made when it is first needed, so a process can start before its database.
///
/// # Errors
/// When the URL in the configuration is malformed.
pub fn connect(config: &DatabaseConfig, process: &str) -> sqlx::Result<Db> {
    let options: PgConnectOptions = config.url.expose_secret().parse()?;
    let options = options.application_name(process).options(BOUNDS);
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

/// Brings the schema up to date; safe to call from several processes at once.
///
/// # Errors
/// When the database can't be reached, or holds a migration that this binary doesn't know.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    MIGRATIONS.run(pool).await
}

/// Whether `error` is a violation of the named constraint or unique index.
#[must_use]
pub fn violates(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) == Some(constraint)
}

/// Whether every migration that this binary knows has been applied.
///
/// # Errors
/// When the database can't be reached.
pub async fn is_migrated(pool: &PgPool) -> sqlx::Result<bool> {
    let applied: Result<Vec<i64>, sqlx::Error> =
        sqlx::query_scalar("select version from _sqlx_migrations where success").fetch_all(pool).await;
    match applied {
        Ok(applied) => Ok(MIGRATIONS.iter().all(|migration| applied.contains(&migration.version))),
        // undefined_table: nothing has ever been applied.
        Err(error)
            if error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref()
                == Some("42P01") =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
