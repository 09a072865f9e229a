//! The payloads of every kind of job; their handlers are in the worker.

pub mod cache;
pub mod mail;
pub mod media;
pub mod metrics;
pub mod ranking;
pub mod upkeep;

use pawdium_queue::{Job, Queue};

/// Every kind of job with its queue, for those who want to see also what has no jobs now.
pub const KINDS: [(Queue, &str); 13] = [
    kind::<cache::InvalidateCache>(),
    kind::<mail::SendMail>(),
    kind::<media::AbandonPhoto>(),
    kind::<media::ProcessPhoto>(),
    kind::<media::RemoveFiles>(),
    kind::<metrics::ReportMetrics>(),
    kind::<ranking::RecountRatings>(),
    kind::<ranking::RecountPart>(),
    kind::<ranking::RefreshRanks>(),
    kind::<ranking::RefreshVirality>(),
    kind::<ranking::StartEpoch>(),
    kind::<upkeep::BalanceJobs>(),
    kind::<upkeep::Purge>(),
];

const fn kind<J: Job>() -> (Queue, &'static str) {
    (J::QUEUE, J::KIND)
}
