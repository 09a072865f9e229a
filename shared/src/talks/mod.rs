//! Talks: calls that hubs open, the talks that members pitch, votes, and results that can be checked.
//!
//! A vote's transaction shares the lock on its call and judges the clock under it, by the database's clock. Moving a
//! call on and freezing its result take that lock alone. So a vote that was answered is counted, and none is added
//! afterwards.

pub mod calls;
pub mod dashboard;
pub mod devices;
mod exposure;
pub mod facts;
mod fields;
pub mod hiding;
pub mod leaving;
pub mod lists;
mod locks;
pub mod order;
mod phase;
pub mod pitch;
pub mod quarantine;
pub mod queries;
pub mod readers;
mod receipt;
pub mod receipts;
mod refusal;
pub mod results;
pub mod tally;
pub mod times;
mod totals;
mod types;
pub mod verify;
pub mod vote;
pub mod withhold;

pub use calls::{CallChange, NewCall};
pub use fields::{CallText, CallTitle, Description, Reason, TalkTitle, VotesEach};
pub use phase::{Phase, Times};
pub use pitch::{NewTalk, TalkChange};
pub use receipt::{Nonce, Receipt};
pub use refusal::Refusal;
pub use types::{Call, Seed, Talk, TalkRow, TalkState, Totals, Viewer, Voters};
pub use vote::{Device, Network, Voted, Voter};
