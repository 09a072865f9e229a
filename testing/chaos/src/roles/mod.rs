//! The roles of the test's processes. Each process is this program with its role as an argument.

mod enqueuer;
mod scheduler;
mod worker;

use serde::{Deserialize, Serialize};

pub use enqueuer::Enqueuer;
pub use scheduler::{COALESCED, REPLAYED, Scheduler, schedules};
pub use worker::{Serves, Worker};

/// A process's role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Role {
    /// Runs jobs.
    Worker(Worker),
    /// Enqueues jobs like a web process.
    Enqueuer(Enqueuer),
    /// Enqueues jobs by schedules.
    Scheduler(Scheduler),
}

impl Role {
    /// The name of the process, in logs and in the database.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Worker(role) => &role.name,
            Self::Enqueuer(role) => &role.name,
            Self::Scheduler(role) => &role.name,
        }
    }

    /// Runs the role until SIGTERM.
    ///
    /// # Errors
    /// If the role can't start. It survives faults of the database.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Worker(role) => role.run().await,
            Self::Enqueuer(role) => role.run().await,
            Self::Scheduler(role) => role.run().await,
        }
    }
}
