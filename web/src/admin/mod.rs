//! The admin pages. Moderators and admins see them, only admins can act, and everybody else gets a 404.

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

pub use act::act;
