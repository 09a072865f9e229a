//! Baked pages: rendered once for everybody whom the site doesn't know, and sent from memory.
//!
//! `web/src/routes/mod.rs` has the list of them. A page is rendered by a function that knows no visitor (`asked.rs`) into a
//! type that has no place for one ([`crate::views::baked`]), and kept with the names of all groups of cached data that
//! were read for it (`store.rs`). When any of these goes stale, so does the page, by the same event and the same note
//! as a list or a widget. `entry.rs` is the page as it is sent.
//!
//! The first page is baked with photos that are drawn for nobody, and each answer gets a ballot of its own in the
//! place that the page leaves for it ([`crate::views::baked::Gap`]): for a key that nobody has yet, and that makes a
//! user only with the first rating.

mod asked;
mod entry;
mod store;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, SET_COOKIE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use pawdium_shared::accounts::RaterKey;
use pawdium_shared::cache::gathering;
use tokio::time::timeout;
use tracing::debug;

use crate::error::Error;
use crate::http::client::Client;
use crate::routes::BAKED;
use crate::state::App;
pub use asked::{Asked, Bake, BakedRoute, variant_of};
use entry::{Entry, Source};
pub use store::BakedPages;
use store::{Failure, Kept, Look, Outcome, Rendering, Waiting};

/// How often a page is rendered again because something of it was withdrawn meanwhile.
const TRIES: usize = 3;

/// What reads of baked pages are counted as.
const LABEL: &str = "page";

/// The layer that answers with baked pages. All else is left to the handlers.
pub async fn answer(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Some(asked) = Asked::of(&app, BAKED, &parts) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let found = if wants_current(&parts.headers) {
        find_current(&app, &asked).await
    } else {
        find(&app, &asked).await
    };
    let Some((entry, source)) = found else {
        return not_found(next.run(Request::from_parts(parts, body)).await);
    };
    if let Some(visited) = asked.route().visited {
        visited(&app, &asked, Client::of(&app, &parts.extensions, &parts.headers));
    }
    entry.answer(&parts.method, &parts.headers, source, |shown| {
        app.ballots.issue_first(shown, RaterKey::generate(), Utc::now())
    })
}

/// Lets shared caches replace a page that they have by the news that it is gone. Otherwise they would send it again
/// when the site fails.
fn not_found(mut response: Response) -> Response {
    let is_gone = matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::PERMANENT_REDIRECT);
    let headers = response.headers_mut();
    if is_gone && !headers.contains_key(SET_COOKIE) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=0, s-maxage=1"));
        headers.insert(entry::X_CACHE, HeaderValue::from_static("MISS"));
        headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding, cookie"));
    }
    response
}

/// Whether the client takes nothing that has changed: an open page that has just been told of a change.
fn wants_current(headers: &HeaderMap) -> bool {
    headers.get(CACHE_CONTROL).is_some_and(|value| value.as_bytes() == b"no-cache")
}

/// A page as it is now, if that can be had.
async fn find_current(app: &App, asked: &Asked) -> Option<(Arc<Entry>, Source)> {
    let mut found = find(app, asked).await?;
    for _ in 0..TRIES {
        // What is being rendered may have been read before the change.
        if !matches!(app.baked.look(&asked.key()), Look::Stale(_) | Look::Render { .. }) {
            break;
        }
        found = render(app, asked, Some(found.0), None).await?;
    }
    Some(found)
}

async fn find(app: &App, asked: &Asked) -> Option<(Arc<Entry>, Source)> {
    let (entry, source) = match app.baked.look(&asked.key()) {
        Look::Current(entry) => (entry, Source::Hit),
        Look::Stale(entry) => (entry, Source::Stale),
        Look::Retry(entry) => {
            join(app, asked);
            (entry, Source::Stale)
        }
        Look::Render { earlier, patience } => return render(app, asked, earlier, patience).await,
    };
    app.cache.count_reads(LABEL, 1, 0);
    Some((entry, source))
}

/// Waits for the page that is being rendered.
async fn render(
    app: &App,
    asked: &Asked,
    earlier: Option<Arc<Entry>>,
    patience: Option<Duration>,
) -> Option<(Arc<Entry>, Source)> {
    let mut waiting = join(app, asked);
    let rendered = async {
        let outcome = waiting.wait_for(Option::is_some).await.map(|outcome| outcome.clone());
        outcome.ok().flatten().unwrap_or(Err(Failure::Broken))
    };
    let outcome = match patience {
        Some(patience) => timeout(patience, rendered).await.unwrap_or(Err(Failure::Away)),
        None => rendered.await,
    };
    match outcome {
        Ok(entry) => Some((entry, Source::Miss)),
        Err(Failure::Gone) => None,
        Err(Failure::Broken) if patience.is_none() => None,
        Err(Failure::Away | Failure::Broken) => earlier.map(|entry| (entry, Source::Stale)),
    }
}

/// Joins the rendering of a page, or starts it, on a task of its own: others wait for it, whatever becomes of this
/// request.
fn join(app: &App, asked: &Asked) -> Waiting {
    let (waiting, rendering) = app.baked.join(&asked.key());
    if let Some(rendering) = rendering {
        tokio::spawn(render_page(app.clone(), asked.clone(), rendering));
    }
    waiting
}

/// Renders a page for all who wait for it.
async fn render_page(app: App, asked: Asked, rendering: Rendering) {
    let outcome = try_to_render(&app, &asked).await;
    rendering.end(outcome);
}

async fn try_to_render(app: &App, asked: &Asked) -> Outcome {
    let key = asked.key();
    for _ in 0..TRIES {
        let since = app.baked.noted();
        app.cache.count_reads(LABEL, 0, 1);
        let (rendered, groups) = gathering((asked.route().bake)(app.clone(), asked.clone())).await;
        let html = rendered.map_err(|error| failure(app, &key, &error))?;
        let is_whole = html.is_whole();
        let entry = Arc::new(Entry::new(app, asked.route(), html));
        if !is_whole {
            // What was there a moment ago is better, but not for long. It isn't kept, so it is loaded again soon.
            return if app.baked.was_current(&key) { Err(Failure::Broken) } else { Ok(entry) };
        }
        if app.baked.keep(&key, Arc::clone(&entry), &groups, since) == Kept::Yes {
            return Ok(entry);
        }
        debug!(path = asked.path(), "rendering a page again, because part of it was withdrawn meanwhile");
    }
    Err(Failure::Broken)
}

fn failure(app: &App, key: &asked::Key, error: &Error) -> Failure {
    match error {
        Error::Unavailable => {
            app.baked.is_away();
            Failure::Away
        }
        Error::Internal(_) | Error::Full => Failure::Broken,
        _ => {
            app.baked.forget(key);
            Failure::Gone
        }
    }
}
