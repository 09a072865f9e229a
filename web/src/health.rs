//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pawdium_shared::db;
use serde::Serialize;

use crate::state::App;

/// What `GET /readyz` says of each dependency: `ok`, or what is wrong in a word.
#[derive(Debug, Serialize)]
pub struct Readiness {
    ready: bool,
    postgres: &'static str,
    migrations: &'static str,
    redis: &'static str,
    media: &'static str,
}

/// `GET /healthz`: 200 while the process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: 200 when requests can be served, else 503. Redis is named but not needed: pages render without it.
pub async fn readyz(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let limit = Duration::from_secs(2);
    let (migrated, redis, media) = tokio::join!(
        tokio::time::timeout(limit, db::is_migrated(&app.db)),
        tokio::time::timeout(limit, app.redis.check()),
        tokio::time::timeout(limit, app.store.check()),
    );
    let (postgres, migrations) = match migrated {
        Ok(Ok(true)) => ("ok", "ok"),
        Ok(Ok(false)) => ("ok", "pending"),
        _ => ("unreachable", "unknown"),
    };
    let word = |fine: bool| if fine { "ok" } else { "unreachable" };
    let (redis, media) = (word(matches!(redis, Ok(Ok(())))), word(matches!(media, Ok(Ok(())))));
    let ready = migrations == "ok" && media == "ok" && !app.stop.is_cancelled();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, postgres, migrations, redis, media }))
}
