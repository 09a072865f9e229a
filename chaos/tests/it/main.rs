//! Each fault alone, in a short form, and a short run of all of them. `DATABASE_URL` says where databases can be made, as
//! `pawdium with-stack` sets it; tests that end Postgres itself have one of their own.

mod bench;
mod conditions;
mod databases;
mod freezes;
mod kills;
mod poison;
mod runs;
mod schedulers;
mod shutdowns;
mod wakeups;
