//! The database's sessions: which of a process does what, ending one, and holding one open.

use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};

/// What a worker's session is used for, told by the statement that it ran last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Claims jobs.
    Claim,
    /// Writes how jobs ended.
    Ack,
    /// Hears of new jobs.
    Listen,
    /// Keeps the lease.
    Heartbeat,
}

impl Use {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Claim, Self::Ack, Self::Listen, Self::Heartbeat];

    /// What its statement looks like.
    fn pattern(self) -> &'static str {
        match self {
            Self::Claim => "%set state = 'running'%",
            Self::Ack => "%delete from jobs%using unnest%",
            Self::Listen => "LISTEN%",
            Self::Heartbeat => "%update job_workers set beat_at%",
        }
    }
}

/// Ends one session of that use, rather one that is at it at this moment; whose is up to `process`, the beginning of a
/// process's name. False: there is none right now.
///
/// # Errors
/// When the database can't be reached.
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

/// How many sessions of that use there are.
///
/// # Errors
/// When the database can't be reached.
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

/// A session that is idle in a transaction: it has written something and looks at the database as it was then, so no row
/// that dies meanwhile can be cleared away.
#[derive(Debug)]
pub struct Idler(PgConnection);

impl Idler {
    /// Begins to idle.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn begin(db: &PgPool) -> sqlx::Result<Self> {
        let mut session = PgConnection::connect_with(&db.connect_options()).await?;
        session.execute("begin isolation level repeatable read").await?;
        session.execute("select pg_current_xact_id()").await?;
        Ok(Self(session))
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it was ended already, by the database.
    pub async fn end(mut self) -> sqlx::Result<()> {
        self.0.execute("rollback").await?;
        self.0.close().await
    }
}
