//! The read side of the queue: what admins, operators, owners of photos and metrics see of it. Nothing here changes a
//! job; that is [`control`](super::control).

mod backlog;
mod depth;
mod detail;
mod errors;
mod explain;
mod kinds;
mod pulse;
mod purge;
mod rates;
mod search;
mod state;
mod timeline;
mod why;
mod workers;

pub use backlog::{Backlog, backlog};
pub use depth::{KindCounts, count_kinds};
pub use detail::{FailedAttempt, JobDetail, find_detail, find_live_about};
pub use errors::{DEAD_LOOKED_AT, ErrorGroup, group_dead};
pub use explain::explain;
pub use kinds::{KindFigures, by_kind};
pub use pulse::pulse;
pub use purge::{purge_history, purge_workers};
pub use rates::{KindRates, Moved, list_rates, sum_minutes};
pub use search::{
    BULK, Filter, JobRow, Party, find, is_searchable, list_failures, lock_matching, search, search_ids,
};
pub use state::{JobState, UnknownState};
pub use timeline::{Moment, What, timeline};
pub use why::{Around, COUNTED_AHEAD, Whole, Why, why};
pub use workers::{WorkerRow, list_workers};
