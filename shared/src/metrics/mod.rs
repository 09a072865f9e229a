//! Business figures: computed from Postgres, encoded as line protocol, written to InfluxDB's v2 API.

pub mod figures;
pub mod influx;
mod jobs;
pub mod line;
