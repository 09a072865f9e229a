//! The private Postgres and Redis for measurements, with a fresh database.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use pawdium_kit::stack::{Kind, Stack};
use pawdium_shared::db::Db;
use redis::aio::MultiplexedConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use url::Url;

use crate::target;

/// Both servers.
#[derive(Debug)]
pub struct Stores {
    folder: PathBuf,
    stack: Stack,
    /// A connection outside the measured database.
    admin: PgConnection,
    redis: MultiplexedConnection,
}

impl Stores {
    /// Starts both in the benchmark's part of the target folder, on the measured disk, and checks that they persist
    /// what they acknowledge, as [`Machine`](crate::machine::Machine) reports.
    ///
    /// # Errors
    /// When a server doesn't start, or could lose what it has acknowledged.
    pub async fn start(benchmark: &str) -> Result<Self> {
        let folder = target()?.join(benchmark).join("stores");
        let stack = Stack::start(&folder, Kind::Durable).await?;
        let options: PgConnectOptions = stack.database_url().parse()?;
        let admin = options.disable_statement_logging().connect().await?;
        let redis =
            redis::Client::open(stack.redis_url().as_str())?.get_multiplexed_async_connection().await?;
        let mut stores = Self { folder, stack, admin, redis };
        for (setting, wanted) in [("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")] {
            let found = stores.postgres_setting(setting).await?;
            if found != wanted {
                bail!("Postgres runs with {setting} = {found}, so the figures would be meaningless");
            }
        }
        for (setting, wanted) in [("appendonly", "yes"), ("appendfsync", "everysec")] {
            let found = stores.redis_setting(setting).await?;
            if found != wanted {
                bail!("Redis runs with {setting} {found}, so the figures would be meaningless");
            }
        }
        Ok(stores)
    }

    /// The folder with their data and logs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) async fn postgres_setting(&mut self, name: &str) -> Result<String> {
        let setting = sqlx::query_scalar("select current_setting($1)").bind(name);
        Ok(setting.fetch_one(&mut self.admin).await?)
    }

    async fn redis_setting(&mut self, name: &str) -> Result<String> {
        let pair: Vec<String> =
            redis::cmd("CONFIG").arg("GET").arg(name).query_async(&mut self.redis).await?;
        pair.into_iter().nth(1).with_context(|| format!("Redis has no setting {name}"))
    }

    pub(crate) async fn redis_version(&mut self) -> Result<String> {
        let info: String = redis::cmd("INFO").arg("server").query_async(&mut self.redis).await?;
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
        Ok(version.unwrap_or("of an unknown version").trim().to_owned())
    }

    /// The URL of the measured database, `bench`, in a form that libpq, sqlx and node's pg accept.
    #[must_use]
    pub fn postgres_url(&self) -> String {
        let mut url: Url = self.stack.database_url().parse().expect("sqlx has read it as a URL before");
        url.set_path("bench");
        url.into()
    }

    /// The URL of the Redis server for the redis crate.
    #[must_use]
    pub fn redis_url(&self) -> String {
        self.stack.redis_url()
    }

    /// The path of Redis's socket.
    #[must_use]
    pub fn redis_socket(&self) -> String {
        self.stack.redis_url().trim_start_matches("unix://").to_owned()
    }

    /// What Postgres has logged.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn postgres_log(&self) -> std::io::Result<String> {
        self.stack.postgres_log()
    }

    /// The driver's connection to Redis.
    #[must_use]
    pub fn redis(&self) -> MultiplexedConnection {
        self.redis.clone()
    }

    /// A connection to the measured database.
    ///
    /// # Errors
    /// When Postgres is gone.
    pub async fn connect(&self) -> Result<PgConnection> {
        let options: PgConnectOptions = self.postgres_url().parse()?;
        Ok(options.disable_statement_logging().connect().await?)
    }

    /// A connection to the measured database with the settings of the site's own.
    ///
    /// # Errors
    /// When Postgres is gone.
    pub async fn connect_as_site(&self) -> Result<PgConnection> {
        let options: PgConnectOptions = self.postgres_url().parse()?;
        Ok(options.options(pawdium_shared::db::SETTINGS).disable_statement_logging().connect().await?)
    }

    /// A pool for the measured database.
    ///
    /// # Errors
    /// When its URL is invalid.
    pub fn pool(&self) -> Result<Db> {
        let options: PgConnectOptions = self.postgres_url().parse()?;
        let pool = PgPoolOptions::new().max_connections(1);
        Ok(pool.connect_lazy_with(options.disable_statement_logging()).into())
    }

    /// Creates an empty database and an empty Redis. Nothing of earlier ones is visible or still being written to
    /// disk.
    ///
    /// # Errors
    /// When a server fails.
    pub async fn empty(&mut self) -> Result<()> {
        self.admin.execute("drop database if exists bench with (force)").await?;
        self.admin.execute("create database bench").await?;
        redis::cmd("FLUSHALL").exec_async(&mut self.redis).await?;
        redis::cmd("BGREWRITEAOF").exec_async(&mut self.redis).await?;
        self.settle().await
    }

    /// Runs before each measurement, for us and all peers: flushes both servers to disk, so that no contender pays
    /// for earlier writes, and analyzes the tables.
    ///
    /// # Errors
    /// When a server fails.
    pub async fn settle(&mut self) -> Result<()> {
        // Until autovacuum runs, which takes up to a minute, a newly filled table has the statistics of an empty
        // one. Plans based on those don't occur in production, and results would depend on autovacuum's timing.
        self.connect().await?.execute("analyze").await?;
        self.admin.execute("checkpoint").await?;
        loop {
            let info: String = redis::cmd("INFO").arg("persistence").query_async(&mut self.redis).await?;
            let is_idle = |key: &str| info.lines().any(|line| line.trim() == format!("{key}:0"));
            if is_idle("aof_rewrite_in_progress") && is_idle("aof_rewrite_scheduled") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Logs each statement of new connections.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn log_statements(&mut self) -> Result<()> {
        self.admin.execute("alter database bench set log_statement = 'all'").await?;
        Ok(())
    }

    /// The ids of the processes that serve connections to the database.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn backends(&mut self) -> Result<Vec<u32>> {
        let pids: Vec<i32> = sqlx::query_scalar("select pid from pg_stat_activity where datname = 'bench'")
            .fetch_all(&mut self.admin)
            .await?;
        Ok(pids.into_iter().map(i32::unsigned_abs).collect())
    }

    /// Stops both.
    ///
    /// # Errors
    /// When Postgres is already gone.
    pub async fn stop(self) -> Result<()> {
        self.admin.close().await?;
        self.stack.stop().await;
        Ok(())
    }
}
