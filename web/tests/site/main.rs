//! Tests of a running Pawdium, over HTTP and in a browser.
//!
//! Each test starts the product's processes on a fresh database (`harness::Site`), with `DATABASE_URL` and
//! `PAWDIUM_REDIS__URL` from `pawdium-demo with-stack`. `make test` sets all of it up.

mod harness;

mod accounts;
mod addresses;
mod admin_access;
mod admin_bulk;
mod admin_cache;
mod admin_jobs;
mod admin_queues;
mod anonymous;
mod api_contract;
mod browser;
mod browser_admin;
mod browser_axe;
mod browser_embed;
mod browser_hubs;
mod browser_live;
mod browser_navigation;
mod browser_pictures;
mod browser_rating;
mod browser_screens;
mod browser_steady;
mod browser_uploads;
mod buckets;
mod demo_seed;
mod departures;
mod embed;
mod faults;
mod feed;
mod freshness;
mod guessing;
mod hub_access;
mod hub_people;
mod hub_photos;
mod hub_rating;
mod hub_widgets;
mod hubs;
mod labels;
mod leaving;
mod likeness;
mod link_cards;
mod live;
mod live_access;
mod live_limits;
mod lost_changes;
mod names;
mod navigation;
mod openapi;
mod outages;
mod pages;
mod quotas;
mod races;
mod ranking;
mod rating;
mod reset;
mod search;
mod security;
mod security_log;
mod serving;
mod submitting;
mod traces;
mod twice;
mod upload;
