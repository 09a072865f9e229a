//! Tests of the queue on a real Postgres. Each has a database of its own on the server that `DATABASE_URL` names.

mod accounts;
mod control;
mod enqueueing;
mod gates;
mod groups;
mod kinds;
mod limits;
mod order;
mod outcomes;
mod partitions;
mod pauses;
mod plans;
mod workers;

/// The migrations that create the tables.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
