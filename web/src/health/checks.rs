//! The result of the readiness checks, reused for a moment.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long results are reused, because a check writes to the media store.
const FRESH: Duration = Duration::from_secs(1);

/// The answer of `GET /readyz`: for each dependency `ok` or one word for the fault.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Readiness {
    /// The process can serve requests.
    pub(super) ready: bool,
    /// A dependency is faulty that pages can do without.
    pub(super) degraded: bool,
    pub(super) postgres: &'static str,
    pub(super) migrations: &'static str,
    pub(super) redis: &'static str,
    pub(super) media: &'static str,
}

/// The last result. Concurrent requests share one check.
#[derive(Debug, Default)]
pub struct Checks(Mutex<Option<(Instant, Readiness)>>);

impl Checks {
    pub(super) async fn get(&self, check: impl Future<Output = Readiness>) -> Readiness {
        let mut last = self.0.lock().await;
        if let Some((at, readiness)) = *last
            && at.elapsed() < FRESH
        {
            return readiness;
        }
        let readiness = check.await;
        *last = Some((Instant::now(), readiness));
        readiness
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn concurrent_requests_share_one_check() {
        let (checks, made) = (Checks::default(), AtomicUsize::new(0));
        let ask = || {
            checks.get(async {
                made.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                let ok = "ok";
                Readiness { ready: true, degraded: false, postgres: ok, migrations: ok, redis: ok, media: ok }
            })
        };
        futures::future::join_all((0..100).map(|_| ask())).await;
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }
}
