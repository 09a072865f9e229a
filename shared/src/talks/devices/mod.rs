//! Voters who may be one person: the report on shared devices, and setting votes aside. The report says what it saw and
//! what that may mean. Nobody is kept from voting by it.

mod report;
mod setting_aside;
mod suspicion;

pub use report::report;
pub use setting_aside::{restore, set_aside};
pub use suspicion::{Evidence, Group, Level, Shared, Suspect};
