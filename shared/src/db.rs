//! The Postgres pool, the migrations, and what an error is about.

use std::time::Duration;

use futures::future::BoxFuture;
use secrecy::ExposeSecret as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};

use crate::config::DatabaseConfig;

/// Every migration in `migrations/`, embedded in the binary.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Opens a pool; the first connection is made when it is first needed, so a process can start before its database.
///
/// # Errors
/// When the URL in the configuration is malformed.
pub fn connect(config: &DatabaseConfig, process: &str) -> sqlx::Result<PgPool> {
    let options: PgConnectOptions = config.url.expose_secret().parse()?;
    let options = options.application_name(process).options([("timezone", "UTC")]);
    Ok(PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(options))
}

/// How often something is tried that meets a deadlock.
const ATTEMPTS: usize = 5;

/// Does something in a transaction of its own, a savepoint inside the caller's; where Postgres ends it because of a
/// deadlock, again. For what locks many rows while others, who don't lock in the same order, may do so too.
pub(crate) async fn despite_deadlocks<T>(
    db: &mut PgConnection,
    mut act: impl for<'t> FnMut(&'t mut PgConnection) -> BoxFuture<'t, sqlx::Result<T>>,
) -> sqlx::Result<T> {
    let mut attempt = 1;
    loop {
        let mut tx = db.begin().await?;
        match act(&mut tx).await {
            Ok(done) => {
                tx.commit().await?;
                return Ok(done);
            }
            Err(error) if attempt < ATTEMPTS && is_deadlock(&error) => {
                tx.rollback().await?;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// SQLSTATE `deadlock_detected`.
fn is_deadlock(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "40P01")
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
