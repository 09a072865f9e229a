//! The worker on a real Postgres, a real Redis and a real SMTP conversation. Each test has a database of
//! its own; `DATABASE_URL` and `PAWDIUM_REDIS__URL` say where, as `pawdium-demo with-stack` sets them.

mod caches;
mod cancelled;
mod conflicts;
mod conversations;
mod decoders;
mod figures;
mod mails;
mod photos;
mod ranking;
mod shutdowns;
mod site;
mod storage;
mod upkeep;
mod workers;
