//! Job handlers, one file per kind.

mod abandon_photo;
mod balance_jobs;
mod digests;
mod discard_files;
mod expire_drafts;
mod hub_mails;
mod invalidate_cache;
mod process_photo;
mod purge;
mod recount_ratings;
mod recrop_photo;
mod refresh_ranks;
mod refresh_virality;
mod reload_cached;
mod remove_files;
mod report_metrics;
mod send_mail;
mod tally_talks;
mod topics;

pub use abandon_photo::abandon_photo;
pub use balance_jobs::balance_jobs;
pub use digests::send_digests;
pub use discard_files::discard_files;
pub use expire_drafts::{Expired, expire, expire_drafts};
pub use invalidate_cache::invalidate_cache;
pub use process_photo::process_photo;
pub use purge::purge;
pub use recount_ratings::{recount_part, recount_ratings, start_epoch};
pub use refresh_ranks::refresh_ranks;
pub use refresh_virality::refresh_virality;
pub use reload_cached::reload_cached;
pub use remove_files::remove_files;
pub use report_metrics::report_metrics;
pub use send_mail::send_mail;
pub use tally_talks::tally_talks;
pub use topics::{count_topics, relate_topics, rewrite_tags};
