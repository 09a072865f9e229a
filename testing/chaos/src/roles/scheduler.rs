//! The scheduler: the site's own, with the test's schedules and a clock that may be wrong.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_scheduler::schedule::Schedule;
use pawdium_scheduler::tick::{Missed, When};
use pawdium_shared::config::DatabaseConfig;
use pawdium_shared::{db, shutdown};
use serde::{Deserialize, Serialize};

use crate::kinds::Tick;

/// The schedule that replays all missed ticks.
pub const REPLAYED: &str = "replayed";

/// The schedule that fires only the last missed tick.
pub const COALESCED: &str = "coalesced";

/// The settings of a scheduler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scheduler {
    /// The name of the process.
    pub name: String,
    /// The database's URL.
    pub database: String,
    /// The cron expression of both schedules, with seconds.
    pub cron: String,
    /// The time of its clock when it starts; `None` for the right time.
    pub begin: Option<DateTime<Utc>>,
    /// How many seconds its clock advances in a second.
    pub pace: i32,
}

impl Scheduler {
    pub(super) async fn run(self) -> anyhow::Result<()> {
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

/// The two schedules of the test, with this cron expression with seconds.
pub fn schedules(cron: &str) -> [Schedule; 2] {
    let schedule = |name: &'static str, missed| {
        Schedule::new(name, When::cron(cron), missed, move |tick| Tick {
            tag: tick.timestamp(),
            schedule: name.to_owned(),
        })
    };
    [schedule(REPLAYED, Missed::Replay { max: 100_000 }), schedule(COALESCED, Missed::Coalesce)]
}
