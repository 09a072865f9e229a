//! The migrations, and whether a database's schema matches them.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection as _, PgConnection, PgPool};
use tracing::{info, warn};

/// Every migration in `migrations/`, embedded in the binary.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Delay between two checks for a schema that is not there yet.
const LOOK: Duration = Duration::from_secs(1);

/// How a database's schema relates to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// A migration that this program needs is missing.
    Behind,
    /// Exactly the migrations that this program knows.
    Current,
    /// All migrations of this program, and some of a newer version. Each migration is safe while the previous version
    /// runs, so this program still works.
    Newer(usize),
}

impl Schema {
    /// Whether this program works with the schema.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        !matches!(self, Self::Behind)
    }
}

/// Brings the schema up to date. Safe to call from several processes at once. A newer schema stays as it is.
///
/// # Errors
/// If the database is unreachable, or has an unknown migration among those of this program.
pub async fn migrate(pool: &PgPool) -> Result<Schema, MigrateError> {
    let known: Vec<_> = MIGRATIONS.iter().cloned().collect();
    let newest = known.iter().map(|migration| migration.version).max().unwrap_or_default();
    let applied = applied(&mut *pool.acquire().await?).await?;
    let foreign = applied.iter().find(|version| **version < newest && !MIGRATIONS.version_exists(**version));
    if let Some(foreign) = foreign {
        return Err(MigrateError::VersionMissing(*foreign));
    }
    migrate_with(pool, Migrator::with_migrations(known).set_ignore_missing(true)).await?;
    Ok(schema(&mut *pool.acquire().await?).await?)
}

/// Migrations have no statement timeouts: they may take long, or wait for a concurrent one.
const WITHOUT_BOUNDS: [(&str, &str); 3] =
    [("lock_timeout", "0"), ("statement_timeout", "0"), ("idle_in_transaction_session_timeout", "0")];

/// Runs the given migrations on the pool's database.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_with(pool: &PgPool, migrator: &Migrator) -> Result<(), MigrateError> {
    let options = (*pool.connect_options()).clone().options(WITHOUT_BOUNDS);
    let mut db = PgConnection::connect_with(&options).await?;
    migrator.run(&mut db).await?;
    Ok(db.close().await?)
}

/// Compares the database's schema with this program.
///
/// # Errors
/// If the database is unreachable.
pub async fn schema(db: &mut PgConnection) -> sqlx::Result<Schema> {
    let applied = applied(db).await?;
    if !MIGRATIONS.iter().all(|migration| applied.contains(&migration.version)) {
        return Ok(Schema::Behind);
    }
    Ok(match applied.iter().filter(|version| !MIGRATIONS.version_exists(**version)).count() {
        0 => Schema::Current,
        later => Schema::Newer(later),
    })
}

/// Whether all migrations of this program have been applied.
///
/// # Errors
/// If the database is unreachable.
pub async fn is_migrated(pool: &PgPool) -> sqlx::Result<bool> {
    Ok(schema(&mut *pool.acquire().await?).await?.is_usable())
}

/// Waits until the database answers and its schema is usable. Passes the reason for the wait to `say`.
pub async fn wait_until_usable(pool: &PgPool, say: impl Fn(&str)) {
    let mut told = String::new();
    loop {
        let asked = async { schema(&mut *pool.acquire().await?).await };
        let waiting_for = match asked.await {
            Ok(Schema::Behind) => {
                "the database's schema is older than this program; bring it up to date with `sudo pawdium migrate`"
                    .to_owned()
            }
            Ok(usable) => {
                if let Schema::Newer(later) = usable {
                    info!(later, "the database's schema is newer than this program, which runs on it all the same");
                }
                if !told.is_empty() {
                    info!("the database and its schema are there");
                }
                return;
            }
            Err(sqlx::Error::PoolTimedOut) => "the database doesn't answer".to_owned(),
            Err(error) => format!("the database can't be used: {error}"),
        };
        if waiting_for != told {
            warn!("{waiting_for}; will keep trying");
            say(&waiting_for);
            told = waiting_for;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The versions of the applied migrations; none for an empty database.
async fn applied(db: &mut PgConnection) -> sqlx::Result<Vec<i64>> {
    let applied =
        sqlx::query_scalar("select version from _sqlx_migrations where success").fetch_all(db).await;
    match applied {
        // undefined_table
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Ok(Vec::new()),
        applied => applied,
    }
}
