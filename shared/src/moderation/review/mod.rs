//! Reports, and their review. A report opens a case or adds its weight to the open one; from a certain weight on the
//! thing is quarantined until somebody has judged it.

pub mod alerts;
mod approvals;
mod category;
pub mod claims;
pub mod judge;
pub mod leaving;
mod plan;
pub mod quarantine;
pub mod queue;
mod refusal;
pub mod reports;
pub mod things;
pub mod weight;

pub use category::{Category, ReportText};
pub use plan::{Act, Step};
pub use refusal::Refusal;
