//! Detects unfinished work of a contender.

use anyhow::Result;
use pawdium_bench::stores::Stores;
use redis::aio::MultiplexedConnection;
use sqlx::PgConnection;

use crate::contenders::{Contender, Store};

/// Queries the store itself, independently of the contender.
#[derive(Debug)]
pub(crate) enum Observer {
    /// Over its own connection.
    Postgres { db: PgConnection, unfinished: &'static str },
    /// Over the driver's connection.
    Redis { redis: MultiplexedConnection, unfinished: &'static [&'static str] },
}

impl Observer {
    /// Opens the contender's store.
    pub(crate) async fn of(stores: &Stores, contender: &Contender) -> Result<Self> {
        Ok(match contender.store {
            Store::Postgres { unfinished } => Self::Postgres { db: stores.connect().await?, unfinished },
            Store::Redis { unfinished } => Self::Redis { redis: stores.redis(), unfinished },
        })
    }

    /// Whether any job is waiting, running or unacked.
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
