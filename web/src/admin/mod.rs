//! Operations: queues, jobs, schedules and the audit log. Moderators and admins see them, only admins can act, and
//! everybody else gets a 404.

mod act;
pub mod audit;
pub mod audit_export;
pub mod bulk;
pub mod cache;
pub mod job;
pub mod jobs;
pub mod limits;
pub mod overview;
pub(crate) mod paging;
mod present;
pub mod queues;
pub mod schedules;
mod search;

pub use act::act;
