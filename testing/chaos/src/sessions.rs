//! Sessions of the database: finding them by their use, ending them, and keeping one idle in a transaction.

use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};

/// The use of a worker's session, by its last statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Claims jobs.
    Claim,
    /// Writes outcomes.
    Complete,
    /// Receives notifications.
    Listen,
    /// Sends heartbeats.
    Heartbeat,
}

impl Use {
    /// All uses.
    pub const ALL: [Self; 4] = [Self::Claim, Self::Complete, Self::Listen, Self::Heartbeat];

    /// A LIKE pattern of its statement.
    fn pattern(self) -> &'static str {
        match self {
            Self::Claim => "%set state = 'running'%",
            Self::Complete => "%delete from jobs%using unnest%",
            Self::Listen => "LISTEN%",
            Self::Heartbeat => "%update job_workers set beat_at%",
        }
    }
}

/// Ends one session with this use, preferably an active one, of a process whose name begins with `process`. Returns
/// `false` if there is none.
///
/// # Errors
/// If the database can't be reached.
pub async fn end_one(db: &PgPool, process: &str, of: Use) -> sqlx::Result<bool> {
    let ended: Option<bool> = sqlx::query_scalar(
        "select pg_terminate_backend(pid) from (
             select pid from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()
               and application_name like $1 || '%' and query like $2
             order by state = 'active' desc, random() limit 1) as one",
    )
    .bind(process)
    .bind(of.pattern())
    .fetch_optional(db)
    .await?;
    Ok(ended == Some(true))
}

/// Counts the sessions with this use, of processes whose name begins with `process`.
///
/// # Errors
/// If the database can't be reached.
pub async fn count(db: &PgPool, process: &str, of: Use) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and application_name like $1 || '%' and query like $2",
    )
    .bind(process)
    .bind(of.pattern())
    .fetch_one(db)
    .await
}

/// A session that is idle in a transaction. Its snapshot keeps vacuum from removing rows that are deleted after it.
#[derive(Debug)]
pub struct Idler(PgConnection);

impl Idler {
    /// Opens the session and its transaction.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn begin(db: &PgPool) -> sqlx::Result<Self> {
        let mut session = PgConnection::connect_with(&db.connect_options()).await?;
        session.execute("begin isolation level repeatable read").await?;
        session.execute("select pg_current_xact_id()").await?;
        Ok(Self(session))
    }

    /// Rolls back and closes the session.
    ///
    /// # Errors
    /// If the database has already ended the session.
    pub async fn end(mut self) -> sqlx::Result<()> {
        self.0.execute("rollback").await?;
        self.0.close().await
    }
}
