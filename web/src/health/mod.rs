//! Liveness and readiness probes.

mod checks;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pawdium_shared::db;
use tokio::time::timeout;

pub use self::checks::{Checks, Readiness};
use crate::state::App;

/// The timeout of each check.
const LIMIT: Duration = Duration::from_secs(2);

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
