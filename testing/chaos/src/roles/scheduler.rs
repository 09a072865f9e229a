//! A scheduler: the product's own, with the test's schedules and a clock that may be wrong.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_scheduler::schedule::Schedule;
use pawdium_scheduler::tick::{Missed, When};
use pawdium_shared::config::DatabaseConfig;
use pawdium_shared::{db, shutdown};
use serde::{Deserialize, Serialize};

use crate::kinds::Tick;

/// The schedule of which every tick counts.
pub const REPLAYED: &str = "replayed";

/// The schedule of which the last missed tick is enough.
pub const COALESCED: &str = "coalesced";

/// What a scheduler is given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scheduler {
    /// What it is called.
    pub name: String,
    /// The database's URL.
    pub database: String,
    /// The cron expression of both schedules, with seconds.
    pub cron: String,
    /// The time by its clock when it starts; none for the right time.
    pub begin: Option<DateTime<Utc>>,
    /// How many seconds of its clock a second takes.
    pub pace: i32,
}

impl Scheduler {
    pub(super) async fn play(self) -> anyhow::Result<()> {
        let config = DatabaseConfig { url: self.database.as_str().into(), max_connections: 2 };
        let db = db::connect(&config, &self.name)?;
        let (begin, started) = (self.begin.unwrap_or_else(Utc::now), Instant::now());
        let clock = || {
            let passed = TimeDelta::from_std(started.elapsed()).unwrap_or(TimeDelta::MAX);
            begin + passed * self.pace
        };
        let stop = shutdown::on_signal()?;
        pawdium_scheduler::run(&db, &schedules(&self.cron), clock, &stop).await;
        Ok(())
    }
}

/// The two schedules of the test, by a cron expression with seconds.
pub fn schedules(cron: &str) -> [Schedule; 2] {
    let schedule = |name: &'static str, missed| {
        Schedule::new(name, When::cron(cron), missed, move |tick| Tick {
            tag: tick.timestamp(),
            schedule: name.to_owned(),
        })
    };
    [schedule(REPLAYED, Missed::Replay { max: 100_000 }), schedule(COALESCED, Missed::Coalesce)]
}
