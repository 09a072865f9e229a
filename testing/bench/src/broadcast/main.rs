//! A peer of the live benchmark: server-sent events with axum and one broadcast channel, as tutorials have it.
//! `broadcast PORT`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use futures::stream::{self, Stream};
use tokio::sync::broadcast;

/// As large as a small widget of the site.
const FILLER: &str = "<p>A part of a page, with a number that changes.</p>\n";

/// Changes that a slow stream may be behind.
const CAPACITY: usize = 1024;

#[derive(Clone)]
struct App {
    changes: broadcast::Sender<Change>,
    versions: Arc<Mutex<HashMap<u64, u64>>>,
}

#[derive(Clone, Copy)]
struct Change {
    hub: u64,
    version: u64,
}

#[derive(serde::Deserialize)]
struct Watched {
    hub: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port: u16 = std::env::args().nth(1).unwrap_or_default().parse()?;
    let app = App { changes: broadcast::channel(CAPACITY).0, versions: Arc::default() };
    let router =
        Router::new().route("/live", get(live)).route("/parts/{hub}", get(part).post(change)).with_state(app);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, router).await?;
    Ok(())
}

async fn live(
    State(app): State<App>,
    Query(Watched { hub }): Query<Watched>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = stream::unfold(app.changes.subscribe(), move |mut changes| async move {
        loop {
            match changes.recv().await {
                Ok(change) if change.hub == hub => {
                    let data = format!(r#"{{"widget":{hub},"version":{}}}"#, change.version);
                    return Some((Ok(Event::default().event("widget").data(data)), changes));
                }
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(changes).keep_alive(KeepAlive::default())
}

async fn change(State(app): State<App>, Path(hub): Path<u64>) -> StatusCode {
    let mut versions = app.versions.lock().unwrap_or_else(PoisonError::into_inner);
    let version = versions.entry(hub).or_default();
    *version += 1;
    // Nobody may be listening.
    let _ = app.changes.send(Change { hub, version: *version });
    StatusCode::NO_CONTENT
}

async fn part(State(app): State<App>, Path(hub): Path<u64>) -> impl IntoResponse {
    let versions = app.versions.lock().unwrap_or_else(PoisonError::into_inner);
    let version = versions.get(&hub).copied().unwrap_or_default();
    let body = format!("<section data-version=\"{version}\">\n{}</section>\n", FILLER.repeat(24));
    ([(header::ETAG, format!("\"{version}\""))], Html(body))
}
