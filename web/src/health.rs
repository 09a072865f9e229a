//! Liveness and readiness probes.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pawdium_shared::db;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::state::App;

/// How long results are reused, because a check writes to the media store.
const FRESH: Duration = Duration::from_secs(1);

/// The timeout of each check.
const LIMIT: Duration = Duration::from_secs(2);

/// The answer of `GET /readyz`: for each dependency `ok` or one word for the fault.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Readiness {
    /// The process can serve requests.
    ready: bool,
    /// A dependency is faulty that pages can do without.
    degraded: bool,
    postgres: &'static str,
    migrations: &'static str,
    redis: &'static str,
    media: &'static str,
}

/// `GET /healthz`: 200 while the process is alive.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: 200 if requests can be served, or else 503. Pages need Postgres with its schema and a readable media
/// store. They work without Redis and with a full media store.
pub async fn readyz(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let mut readiness = app.checks.get(check(&app)).await;
    readiness.ready &= !app.stop.is_cancelled();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}

async fn check(app: &App) -> Readiness {
    let (migrated, redis, media) = tokio::join!(
        timeout(LIMIT, db::is_migrated(&app.db)),
        timeout(LIMIT, app.redis.check()),
        check_media(app),
    );
    let (postgres, migrations) = match migrated {
        Ok(Ok(true)) => ("ok", "ok"),
        Ok(Ok(false)) => ("ok", "pending"),
        _ => ("unreachable", "unknown"),
    };
    let redis = if matches!(redis, Ok(Ok(()))) { "ok" } else { "unreachable" };
    let ready = migrations == "ok" && media != "unreachable";
    Readiness { ready, degraded: redis != "ok" || media != "ok", postgres, migrations, redis, media }
}

async fn check_media(app: &App) -> &'static str {
    let works = |checked| matches!(checked, Ok(Ok(())));
    if !works(timeout(LIMIT, app.store.check_reading()).await) {
        "unreachable"
    } else if !works(timeout(LIMIT, app.store.check()).await) {
        "not writable"
    } else {
        "ok"
    }
}

/// The last result. Concurrent requests share one check.
#[derive(Debug, Default)]
pub struct Checks(Mutex<Option<(Instant, Readiness)>>);

impl Checks {
    async fn get(&self, check: impl Future<Output = Readiness>) -> Readiness {
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
    async fn many_who_ask_at_once_cost_one_check() {
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
