use askama::Template;
use chrono::{DateTime, Utc};

use super::super::{Chrome, filters};

/// `GET /admin/schedules`.
#[derive(Debug, Template)]
#[template(path = "admin/schedules.html")]
pub struct SchedulesPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The schedules, sorted by name.
    pub schedules: Vec<ScheduleLine>,
    /// Whether the viewer can run schedules.
    pub may_act: bool,
}

/// One schedule.
#[derive(Clone, Debug)]
pub struct ScheduleLine {
    /// Its name.
    pub name: String,
    /// A cron expression or a period.
    pub expression: String,
    /// What happens to missed ticks.
    pub missed: String,
    /// The kind that a tick enqueues.
    pub kind: String,
    /// The last tick that fired.
    pub last: Option<DateTime<Utc>>,
    /// The next tick.
    pub next: Option<DateTime<Utc>>,
    /// When a scheduler last refreshed it, if that is too long ago.
    pub silent_since: Option<DateTime<Utc>>,
    /// Whether a requested run waits for a scheduler.
    pub requested: bool,
}
