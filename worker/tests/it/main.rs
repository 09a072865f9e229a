//! The worker on a real Postgres, Redis and SMTP server. Each test has its own database. `DATABASE_URL` and
//! `PAWDIUM_REDIS__URL` select the servers; `pawdium-demo with-stack` sets them.

mod caches;
mod cancelled;
mod conflicts;
mod conversations;
mod decoders;
mod drafts;
mod figures;
mod imports;
mod imports_ended;
mod mails;
mod photos;
mod ranking;
mod shutdowns;
mod site;
mod storage;
mod talks;
mod topics;
mod upkeep;
mod workers;
