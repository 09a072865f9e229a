//! Which function handles which kind of job, and how many of each queue run at once.

use std::sync::Arc;

use pawdium_queue::{Capacity, Queue, Runner};
use pawdium_shared::config::WorkerConfig;
use pawdium_shared::jobs;
use pawdium_shared::queues;
use redis::RedisError;

use crate::env::Env;
use crate::handlers;

/// Every kind of job and its handler.
#[must_use]
pub fn runner(env: Arc<Env>) -> Runner<Env> {
    macro_rules! register {
        ($($module:ident::$kind:ident => $handler:ident,)*) => {
            Runner::new(env)$(.on::<jobs::$module::$kind>(|job, env, claim| {
                Box::pin(handlers::$handler(job, env, claim))
            }))*
        };
    }
    // The link to Redis says once that it is away.
    pawdium_shared::job_kinds!(register)
        .quiet_about(|error| error.chain().any(<dyn std::error::Error>::is::<RedisError>))
}

/// What a process serves by its configuration. Long jobs are claimed one by one, so that idle processes find them; short
/// ones ahead, which saves round trips, and the more of them the faster they end.
#[must_use]
pub fn queues(config: &WorkerConfig) -> Vec<(Queue, Capacity)> {
    let one_by_one = |concurrency| Capacity { concurrency, prefetch: 0, burst: 0 };
    // Mail goes to servers that may stop answering at any time; what is claimed ahead would wait with it.
    let ahead = |concurrency| Capacity { concurrency, prefetch: 4 * concurrency, burst: Capacity::BURST };
    let capacities: [_; queues::ALL.len()] = [
        (queues::MEDIA, one_by_one(config.media)),
        (queues::MAIL, one_by_one(config.mail)),
        (queues::RANKING, one_by_one(config.ranking)),
        (queues::CACHE, ahead(config.cache)),
        (queues::METRICS, one_by_one(config.metrics)),
        (queues::UPKEEP, one_by_one(config.upkeep)),
    ];
    capacities.into()
}
