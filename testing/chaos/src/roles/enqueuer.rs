//! The enqueuer: it enqueues jobs like a web process, in several transactions at once, and writes a ledger.

use std::path::PathBuf;
use std::time::Duration;

use pawdium_queue::{Enqueue, groups};
use pawdium_shared::config::DatabaseConfig;
use pawdium_shared::db::{Db, Tx};
use pawdium_shared::{db, shutdown};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::effects::{enqueue, request};
use crate::kinds::{
    Again, Chain, Debounced, Doomed, Effect, Flaky, Garbled, Hangs, Kept, Latest, Member, Note, Panics, Slow,
    Total,
};
use crate::ledger::{Entry, Ledger, Line};

/// The number of concurrent transactions.
const LANES: u32 = 3;

/// The number of jobs in a bulk enqueue.
const BULK: usize = 20;

/// The number of members of a group.
const GROUP: usize = 5;

/// One transaction in this many is rolled back.
const ROLLED_BACK: u32 = 20;

/// The settings of an enqueuer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enqueuer {
    /// The name of the process.
    pub name: String,
    /// The database's URL.
    pub database: String,
    /// The folder of its ledger.
    pub folder: PathBuf,
    /// The number of this start, unique among all enqueuers.
    pub start: u16,
    /// The seed of the jobs.
    pub seed: u64,
    /// The approximate number of transactions a second.
    pub per_second: u32,
}

impl Enqueuer {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let config = DatabaseConfig { url: self.database.as_str().into(), max_connections: LANES };
        let db = db::connect(&config, &self.name)?;
        let stop = shutdown::on_signal()?;
        let lanes = (0..LANES).map(|lane| {
            let number = u32::from(self.start) * LANES + lane;
            let lane = Lane {
                db: db.clone(),
                number,
                count: 0,
                random: ChaCha8Rng::seed_from_u64(self.seed ^ u64::from(number)),
            };
            let pause = Duration::from_secs(1) * LANES / self.per_second.max(1);
            Ok(lane.enqueue_until(stop.clone(), pause, Ledger::append(&self.folder, &self.name)?))
        });
        let lanes = lanes.collect::<anyhow::Result<Vec<_>>>()?;
        futures::future::try_join_all(lanes).await?;
        Ok(())
    }
}

/// Runs one transaction after the other.
struct Lane {
    db: Db,
    number: u32,
    count: u32,
    random: ChaCha8Rng,
}

impl Lane {
    async fn enqueue_until(
        mut self,
        stop: CancellationToken,
        pause: Duration,
        ledger: Ledger,
    ) -> anyhow::Result<()> {
        while !stop.is_cancelled() {
            match self.transact().await {
                Ok(entries) => {
                    ledger.write(&entries.into_iter().map(Line::Enqueued).collect::<Vec<_>>())?;
                    tokio::time::sleep(pause.mul_f64(self.random.random_range(0.5..1.5))).await;
                }
                Err(error) => {
                    if !is_explained(&error) {
                        ledger.write(&[Line::Refused(error.to_string())])?;
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
        Ok(())
    }

    async fn transact(&mut self) -> sqlx::Result<Vec<Entry>> {
        let db = self.db.clone();
        let mut tx = db.begin().await?;
        let entries = self.fill(&mut tx).await?;
        if self.random.random_ratio(1, ROLLED_BACK) {
            tx.rollback().await?;
            return Ok(Vec::new());
        }
        tx.commit().await?;
        Ok(entries)
    }

    /// Enqueues something at random. The numbers are percentages of the transactions.
    async fn fill(&mut self, db: &mut Tx) -> sqlx::Result<Vec<Entry>> {
        let (tag, key) = (self.tag(), self.key());
        let now = Duration::ZERO;
        let entry = match self.random.random_range(0..100) {
            0..30 => enqueue(db, Effect { tag }, now).await?,
            30..50 => enqueue(db, Note { tag, first_ms: 0, then_ms: 0 }, now).await?,
            50..58 => enqueue(db, Again { tag, key, ms: self.random.random_range(0..200) }, now).await?,
            58..66 => enqueue(db, Latest { tag, key }, now).await?,
            66..70 => enqueue(db, Kept { tag, key }, now).await?,
            70..74 => enqueue(db, Debounced { tag, key }, Duration::from_millis(300)).await?,
            74..82 => enqueue(db, Flaky { tag, fails: self.random.random_range(1..4) }, now).await?,
            82..86 => enqueue(db, Effect { tag }, self.random_delay()).await?,
            86..89 => {
                let last = self.random.random_range(1..6);
                let first = enqueue(db, Chain { tag, step: 0, last }, now).await?;
                Entry { followers: last, ..first }
            }
            89 => return self.fan_out(db, tag).await,
            90 => {
                let ms = self.random.random_range(1000..3000);
                enqueue(db, Slow { tag, first_ms: ms, then_ms: ms, holds: false }, now).await?
            }
            91 => enqueue(db, Doomed { tag }, now).await?,
            92 => enqueue(db, Garbled { tag, said: true }, now).await?,
            93 => enqueue(db, Panics { tag }, now).await?,
            94 if self.random.random_bool(0.3) => enqueue(db, Hangs { tag }, now).await?,
            _ => return self.enqueue_many(db).await,
        };
        Ok(vec![entry])
    }

    async fn enqueue_many(&mut self, db: &mut Tx) -> sqlx::Result<Vec<Entry>> {
        let jobs: Vec<Effect> = (0..BULK).map(|_| Effect { tag: self.tag() }).collect();
        let ids = Effect::enqueue_all(db, &jobs).await?;
        let mut entries = Vec::with_capacity(BULK);
        for (job, id) in jobs.iter().zip(ids) {
            entries.push(request(db, job, Some(id)).await?);
        }
        Ok(entries)
    }

    async fn fan_out(&mut self, db: &mut Tx, group: i64) -> sqlx::Result<Vec<Entry>> {
        let members: Vec<Member> = (0..GROUP).map(|_| Member { tag: self.tag(), group }).collect();
        let last = Total { tag: group };
        let ids = groups::fan_out(db, &members, &last).await?;
        let mut entries = vec![request(db, &last, None).await?];
        for (member, id) in members.iter().zip(ids) {
            entries.push(request(db, member, Some(id)).await?);
        }
        Ok(entries)
    }

    /// A unique tag, greater than the lane's earlier ones.
    fn tag(&mut self) -> i64 {
        self.count += 1;
        i64::from(self.number) << 32 | i64::from(self.count)
    }

    /// One of the lane's few keys.
    fn key(&mut self) -> String {
        format!("{}-{}", self.number, self.random.random_range(0..4))
    }

    fn random_delay(&mut self) -> Duration {
        Duration::from_millis(self.random.random_range(100..4000))
    }
}

/// Whether a fault explains the error: the connection broke, or the server is shutting down or starting up (SQLSTATE
/// classes 08, 57P and 53).
fn is_explained(error: &sqlx::Error) -> bool {
    match error.as_database_error() {
        None => true,
        Some(error) => {
            error.code().is_some_and(|code| ["08", "57P", "53"].iter().any(|class| code.starts_with(class)))
        }
    }
}
