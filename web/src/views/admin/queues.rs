use std::time::Duration;

use askama::Template;
use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::super::{Chrome, Field, Fragment, filters};
use super::chart::Chart;

/// `GET /admin/queues`.
#[derive(Debug, Template)]
#[template(path = "admin/queues/page.html")]
pub struct QueuesPage {
    /// Around the page.
    pub chrome: Chrome,
    /// The rendered [`QueueBoard`].
    pub board: Fragment,
    /// What the figures are over.
    pub window: Window,
}

/// All queues; `GET /admin/queues/board` answers with this part alone.
#[derive(Debug, Template)]
#[template(path = "admin/queues/_board.html")]
pub struct QueueBoard {
    /// In the order of the queues.
    pub queues: Vec<QueueCard>,
    /// What the figures are over.
    pub window: Window,
    /// Kinds whose accounts don't balance.
    pub missing: Vec<MissingJobs>,
    /// Worker processes whose heart beats.
    pub workers: i64,
    /// The viewer may act.
    pub may_act: bool,
    /// When the figures were taken.
    pub at: DateTime<Utc>,
}

/// The time that rates and charts are over, the shortest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum Window {
    /// One hour in minutes.
    #[strum(serialize = "1h")]
    Hour,
    /// Six hours in stretches of five minutes.
    #[default]
    #[strum(serialize = "6h")]
    SixHours,
    /// A day in quarters of an hour.
    #[strum(serialize = "24h")]
    Day,
}

impl Window {
    /// The value in the address.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// As people say it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hour => "1 hour",
            Self::SixHours => "6 hours",
            Self::Day => "24 hours",
        }
    }

    /// How many minutes a stretch has, and how many stretches there are.
    #[must_use]
    pub const fn stretches(self) -> (u16, u16) {
        match self {
            Self::Hour => (1, 60),
            Self::SixHours => (5, 72),
            Self::Day => (15, 96),
        }
    }

    /// Reads the address; nonsense is the usual one.
    #[must_use]
    pub fn from_query(text: &str) -> Self {
        text.parse().unwrap_or_default()
    }
}

/// Jobs that were enqueued and are nowhere, or the other way round.
#[derive(Clone, Debug)]
pub struct MissingJobs {
    /// The kind's name.
    pub kind: String,
    /// How many; negative: there are more than were ever enqueued.
    pub jobs: i64,
}

/// One queue.
#[derive(Clone, Debug)]
pub struct QueueCard {
    /// Its name.
    pub name: String,
    /// Since when nothing of it starts.
    pub paused_at: Option<DateTime<Utc>>,
    /// The limits that are set, in words.
    pub limits: Vec<String>,
    /// The form for them.
    pub form: LimitFields,
    /// All kinds together.
    pub figures: QueueFigures,
    /// Each kind.
    pub kinds: Vec<KindLine>,
}

/// The form for a queue's limits; empty is none.
#[derive(Clone, Debug, Default)]
pub struct LimitFields {
    /// Jobs of the queue at once.
    pub max_running: Field,
    /// Jobs of the queue that start in a minute.
    pub starts_per_minute: Field,
    /// Jobs of a partition at once.
    pub partition_max_running: Field,
    /// Jobs of a partition that start in a minute.
    pub partition_starts_per_minute: Field,
}

impl LimitFields {
    /// Each with its name and label.
    fn fields(&self) -> [(&'static str, &'static str, &Field); 4] {
        [
            ("max_running", "Running at once", &self.max_running),
            ("starts_per_minute", "Starts per minute", &self.starts_per_minute),
            ("partition_max_running", "Running at once per partition", &self.partition_max_running),
            (
                "partition_starts_per_minute",
                "Starts per minute per partition",
                &self.partition_starts_per_minute,
            ),
        ]
    }

    /// Whether something was refused, so that the form is shown open.
    fn is_refused(&self) -> bool {
        self.fields().iter().any(|(_, _, field)| field.error.is_some())
    }
}

/// How much there is, and how it goes.
#[derive(Clone, Debug)]
pub struct QueueFigures {
    /// Could run now.
    pub ready: i64,
    /// Claimed by a worker.
    pub running: i64,
    /// Waiting for their time.
    pub scheduled: i64,
    /// Given up.
    pub dead: i64,
    /// How long the oldest ready job has been waiting.
    pub oldest: Option<Duration>,
    /// Jobs put on the queue, a minute.
    pub enqueued: f64,
    /// Jobs that ended well, a minute.
    pub done: f64,
    /// Attempts that failed, a minute.
    pub failed: f64,
    /// The share of attempts that failed, 0 to 1; none when none ended.
    pub failure_share: Option<f64>,
    /// The mean time from due to claimed, in milliseconds.
    pub wait_ms: Option<f64>,
    /// The mean time from claimed to ended, in milliseconds.
    pub run_ms: Option<f64>,
    /// All of that over time.
    pub chart: Chart,
}

/// One kind of a queue.
#[derive(Clone, Debug)]
pub struct KindLine {
    /// Its name: `media.process.v1`.
    pub kind: String,
    /// How it does.
    pub figures: QueueFigures,
}
