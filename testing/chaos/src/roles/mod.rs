//! What the processes of the test do. They are this program again, each with its role as one argument.

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
    /// Enqueues jobs, as a web process does.
    Enqueuer(Enqueuer),
    /// Enqueues jobs by the clock.
    Scheduler(Scheduler),
}

impl Role {
    /// What the process is called, in logs and towards the database.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Worker(role) => &role.name,
            Self::Enqueuer(role) => &role.name,
            Self::Scheduler(role) => &role.name,
        }
    }

    /// Plays the role until SIGTERM.
    ///
    /// # Errors
    /// When it can't be played at all; what happens to the database is part of the play.
    pub async fn play(self) -> anyhow::Result<()> {
        match self {
            Self::Worker(role) => role.play().await,
            Self::Enqueuer(role) => role.play().await,
            Self::Scheduler(role) => role.play().await,
        }
    }
}
