//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pawdium_shared::db;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::state::App;

/// How long the dependencies are not asked again: checking them writes to the media store.
const FRESH: Duration = Duration::from_secs(1);

/// The longest that asking one of them takes.
const LIMIT: Duration = Duration::from_secs(2);

/// What `GET /readyz` says of each dependency: `ok`, or what is wrong in a word.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Readiness {
    /// Requests should come here.
    ready: bool,
    /// Something doesn't work that pages can do without.
    degraded: bool,
    postgres: &'static str,
    migrations: &'static str,
    redis: &'static str,
    media: &'static str,
}

/// `GET /healthz`: 200 while the process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: 200 when requests can be served, else 503. Pages need Postgres with its schema, and a media store that
/// can be read. They render without Redis, and without room for more photos.
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

/// The last checks. Whoever asks while one runs gets its outcome, too.
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
