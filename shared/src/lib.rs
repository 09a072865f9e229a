//! Pawdium's domain: types, rules and SQL, the job queue, and one module for each outside system.

pub mod accounts;
pub mod audit;
pub mod cache;
pub mod cached;
pub mod config;
pub mod db;
pub mod events;
pub mod ids;
pub mod jobs;
pub mod live;
pub mod mail;
pub mod mask;
pub mod metrics;
pub mod moderation;
pub mod operate;
pub mod photos;
pub mod queues;
pub mod ranking;
pub mod ratings;
pub mod redis;
pub mod references;
pub mod security;
pub mod shutdown;
pub mod store;
pub mod telemetry;
pub mod visible;
