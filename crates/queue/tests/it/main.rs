//! The queue on a real Postgres. Each test has a database of its own; `DATABASE_URL` says where.

mod accounts;
mod control;
mod enqueueing;
mod gates;
mod groups;
mod kinds;
mod limits;
mod order;
mod outcomes;
mod pauses;
mod plans;
mod partitions;
mod workers;

/// What the tables are made by.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
