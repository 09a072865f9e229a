//! Pawdium's web front: pages, JSON API and live streams.

pub mod accounts;
pub mod admin;
pub mod api;
pub mod assets;
pub mod baked;
pub mod comments;
pub mod demo;
pub mod embed;
pub mod error;
pub mod health;
pub mod http;
pub mod hubs;
pub mod imports;
pub mod live;
pub mod moderation;
pub mod notifications;
pub mod photos;
pub mod ranking;
pub mod ratings;
pub mod routes;
pub mod search;
pub mod serve;
pub mod state;
pub mod talks;
pub mod topics;
pub mod views;
