//! Maps job kinds to handlers and queues to concurrency.

use std::sync::Arc;

use pawdium_queue::{Capacity, Queue, Runner};
use pawdium_shared::config::WorkerConfig;
use pawdium_shared::jobs;
use pawdium_shared::queues;
use redis::RedisError;

use crate::env::Env;
use crate::handlers;

/// Every job kind with its handler.
#[must_use]
pub fn runner(env: Arc<Env>) -> Runner<Env> {
    macro_rules! register {
        ($($module:ident::$kind:ident => $handler:ident,)*) => {
            Runner::new(env)$(.on::<jobs::$module::$kind>(|job, env, claim| {
                Box::pin(handlers::$handler(job, env, claim))
            }))*
        };
    }
    // The link logs an outage of Redis once, so jobs don't.
    pawdium_shared::job_kinds!(register)
        .quiet_about(|error| error.chain().any(<dyn std::error::Error>::is::<RedisError>))
}

/// The capacity of each queue. Long jobs are claimed one at a time, so that idle processes get them. Short jobs are
/// prefetched, which saves round trips; the shorter the jobs, the more of them.
#[must_use]
pub fn queues(config: &WorkerConfig) -> Vec<(Queue, Capacity)> {
    let one_by_one = |concurrency| Capacity { concurrency, prefetch: 0, burst: 0 };
    // Mail servers may stall, and prefetched mails would wait for them.
    let ahead = |concurrency| Capacity { concurrency, prefetch: 4 * concurrency, burst: Capacity::BURST };
    let capacities: [_; queues::ALL.len()] = [
        (queues::MEDIA, one_by_one(config.media)),
        (queues::IMPORTS, one_by_one(config.imports)),
        (queues::MAIL, one_by_one(config.mail)),
        (queues::RANKING, one_by_one(config.ranking)),
        (queues::CACHE, ahead(config.cache)),
        (queues::METRICS, one_by_one(config.metrics)),
        (queues::UPKEEP, one_by_one(config.upkeep)),
        (queues::EXPORTS, one_by_one(config.exports)),
    ];
    capacities.into()
}
