//! The admin pages: moderators and admins see them, admins act on them, and to everybody else they are not there.

mod act;
pub mod audit;
pub mod blocked;
pub mod bulk;
pub mod job;
pub mod jobs;
pub mod limits;
pub mod overview;
mod paging;
mod present;
pub mod queues;
pub mod schedules;
mod search;
pub mod watch;

pub use act::act;
