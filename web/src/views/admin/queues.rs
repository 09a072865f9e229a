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
    /// The layout around the page.
    pub chrome: Chrome,
    /// The rendered [`QueueBoard`].
    pub board: Fragment,
    /// The time range of the figures.
    pub window: Window,
}

/// All queues. `GET /admin/queues/board` returns only this part.
#[derive(Debug, Template)]
#[template(path = "admin/queues/_board.html")]
pub struct QueueBoard {
    /// The queues in their usual order.
    pub queues: Vec<QueueCard>,
    /// The time range of the figures.
    pub window: Window,
    /// Kinds whose job counts don't balance.
    pub missing: Vec<MissingJobs>,
    /// The number of live worker processes.
    pub workers: i64,
    /// Whether the viewer can act on queues.
    pub may_act: bool,
    /// When the figures were read.
    pub at: DateTime<Utc>,
}

/// The time ranges of rates and charts, shortest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum Window {
    /// One hour in intervals of one minute.
    #[strum(serialize = "1h")]
    Hour,
    /// Six hours in intervals of five minutes.
    #[default]
    #[strum(serialize = "6h")]
    SixHours,
    /// One day in intervals of 15 minutes.
    #[strum(serialize = "24h")]
    Day,
}

impl Window {
    /// The value in the query.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The label on the page.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hour => "1 hour",
            Self::SixHours => "6 hours",
            Self::Day => "24 hours",
        }
    }

    /// The length of an interval in minutes, and the number of intervals.
    #[must_use]
    pub const fn stretches(self) -> (u16, u16) {
        match self {
            Self::Hour => (1, 60),
            Self::SixHours => (5, 72),
            Self::Day => (15, 96),
        }
    }

    /// Parses the query. Invalid values give the default.
    #[must_use]
    pub fn from_query(text: &str) -> Self {
        text.parse().unwrap_or_default()
    }
}

/// A kind whose job counts don't balance.
#[derive(Clone, Debug)]
pub struct MissingJobs {
    /// The kind's name.
    pub kind: String,
    /// The number of missing jobs; negative if there are more than were enqueued.
    pub jobs: i64,
}

/// One queue.
#[derive(Clone, Debug)]
pub struct QueueCard {
    /// The queue's name.
    pub name: String,
    /// Since when it is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// The limits in words.
    pub limits: Vec<String>,
    /// The form for the limits.
    pub form: LimitFields,
    /// The figures of all kinds together.
    pub figures: QueueFigures,
    /// The kinds.
    pub kinds: Vec<KindLine>,
}

/// The form for a queue's limits. An empty field is no limit.
#[derive(Clone, Debug, Default)]
pub struct LimitFields {
    /// Running jobs of the queue.
    pub max_running: Field,
    /// Jobs of the queue that start per minute.
    pub starts_per_minute: Field,
    /// Running jobs of each partition.
    pub partition_max_running: Field,
    /// Jobs of each partition that start per minute.
    pub partition_starts_per_minute: Field,
}

impl LimitFields {
    /// The fields with their names and labels.
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

    /// Whether a field was refused, so that the form is shown open.
    fn is_refused(&self) -> bool {
        self.fields().iter().any(|(_, _, field)| field.error.is_some())
    }
}

/// Counts and rates of a queue or kind.
#[derive(Clone, Debug)]
pub struct QueueFigures {
    /// Ready to run.
    pub ready: i64,
    /// Claimed by a worker.
    pub running: i64,
    /// Scheduled for later.
    pub scheduled: i64,
    /// Dead.
    pub dead: i64,
    /// The age of the oldest ready job.
    pub oldest: Option<Duration>,
    /// Jobs enqueued per minute.
    pub enqueued: f64,
    /// Jobs done per minute.
    pub done: f64,
    /// Failed attempts per minute.
    pub failed: f64,
    /// The share of failed attempts, 0 to 1; `None` without attempts.
    pub failure_share: Option<f64>,
    /// The mean time from due to claimed, in milliseconds.
    pub wait_ms: Option<f64>,
    /// The mean time from claimed to ended, in milliseconds.
    pub run_ms: Option<f64>,
    /// The counts over time.
    pub chart: Chart,
}

/// One kind of a queue.
#[derive(Clone, Debug)]
pub struct KindLine {
    /// The kind's name, such as `media.process.v1`.
    pub kind: String,
    /// Its figures.
    pub figures: QueueFigures,
}
