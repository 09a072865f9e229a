//! The read side of the queue, for admins, operators, owners of jobs and metrics. [`control`](super::control) changes jobs.

mod backlog;
mod depth;
mod detail;
mod errors;
mod explain;
mod filter;
mod kinds;
mod matching;
mod pulse;
mod purge;
mod rates;
mod search;
mod timeline;
mod why;
mod workers;

pub use crate::state::{JobState, UnknownState};
pub use backlog::{Backlog, backlog};
pub use depth::{KindCounts, count_kinds};
pub use detail::{FailedAttempt, JobDetail, find_detail, find_live_about};
pub use errors::{DEAD_LOOKED_AT, ErrorGroup, group_dead};
pub use explain::explain;
pub use filter::{BULK, Filter, Party, is_searchable};
pub use kinds::{KindFigures, by_kind};
pub use pulse::pulse;
pub use purge::{purge_history, purge_workers};
pub use rates::{KindRates, Moved, list_rates, sum_minutes};
pub use search::{JobRow, find, list_failures, lock_matching, search, search_ids};
pub use timeline::{TimelineEntry, TimelineEvent, timeline};
pub use why::{COUNTED_AHEAD, LimitScope, Situation, Why, why};
pub use workers::{WorkerRow, list_workers};
