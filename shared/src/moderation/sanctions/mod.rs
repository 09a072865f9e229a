//! Sanctions: a moderator warns, silences, suspends or bans a member, with a reason that the member reads, an end or
//! none, and what becomes of the member's content. They end by the database's clock. What they take away besides,
//! ratings and content, jobs take and give back.
//!
//! `users` carries what the sanctions in force add up to, so that loading a user says whether the user may act. Every
//! change of a sanction locks its member's row `for update` and writes both.

pub mod appeals;
mod impose;
mod links;
pub mod list;
mod refusal;
pub mod settle;
mod types;

pub use impose::{impose, lift, lift_all};
pub use links::AppealLinks;
pub use refusal::Refusal;
pub use types::{Content, NewSanction, Sanction, SanctionKind, Terms};
