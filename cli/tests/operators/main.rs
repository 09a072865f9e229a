//! The CLI's commands, run as operators run them.

mod accounts;
mod audit;
mod cache;
mod command;
mod databases;
mod jobs;
mod queues;
mod sanctions;
mod schema;
mod sessions;
mod talks;
