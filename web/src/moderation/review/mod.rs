//! The review of cases: one queue, a page for each case, and acts on several.

pub mod bulk;
pub mod case;
mod present;
pub mod queue;
