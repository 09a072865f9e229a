//! The queue and the worker on a real Postgres, a real Redis and a real SMTP conversation. Each test has a database of
//! its own; `DATABASE_URL` and `PAWDIUM_REDIS__URL` say where, as `pawdium with-stack` sets them.

mod accounts;
mod caches;
mod cancelled;
mod conflicts;
mod control;
mod conversations;
mod decoders;
mod enqueueing;
mod figures;
mod gates;
mod groups;
mod kinds;
mod limits;
mod mails;
mod order;
mod outcomes;
mod pauses;
mod photos;
mod plans;
mod ranking;
mod schedules;
mod shares;
mod shutdowns;
mod site;
mod storage;
mod upkeep;
mod waiting;
mod workers;
