//! Whether any of a contender's work is unfinished.

use anyhow::Result;
use pawdium_bench::stores::Stores;
use redis::aio::MultiplexedConnection;
use sqlx::PgConnection;

use crate::contenders::{Contender, Store};

/// Sees the store itself, whatever the contender says.
#[derive(Debug)]
pub(crate) enum Observer {
    /// Over a connection of its own.
    Postgres { db: PgConnection, unfinished: &'static str },
    /// Over the driver's connection.
    Redis { redis: MultiplexedConnection, unfinished: &'static [&'static str] },
}

impl Observer {
    /// Looks where the contender keeps its jobs.
    pub(crate) async fn of(stores: &Stores, contender: &Contender) -> Result<Self> {
        Ok(match contender.store {
            Store::Postgres { unfinished } => Self::Postgres { db: stores.connect().await?, unfinished },
            Store::Redis { unfinished } => Self::Redis { redis: stores.redis(), unfinished },
        })
    }

    /// Whether any job is waiting, running or not acked.
    pub(crate) async fn unfinished(&mut self) -> Result<bool> {
        Ok(match self {
            Self::Postgres { db, unfinished } => sqlx::query_scalar(*unfinished).fetch_one(db).await?,
            Self::Redis { redis, unfinished } => {
                let keys: u64 = redis::cmd("EXISTS").arg(*unfinished).query_async(redis).await?;
                keys > 0
            }
        })
    }
}
