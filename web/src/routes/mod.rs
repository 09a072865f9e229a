//! Every URL in one table, whose parts have the pages of photos, hubs, accounts and operators, and the calls of the API.
//! Who may do what with each of them is said in `web/tests/site/matrix/table/`.

mod account;
mod calls;
mod hub;
mod operators;
mod photo;
mod table;

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::classify::ServerErrorsFailureClass;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::trace::{DefaultOnFailure, OnFailure as _, TraceLayer};
use tracing::Span;

use crate::baked::{self, Bake, BakedRoute};
use crate::error::{self, Error};
use crate::http::{body_timeout, cookies, flash, headers, origin, theme, writes};
use crate::state::App;
use crate::{
    accounts, api, assets, demo, embed, health, hubs, live, moderation, notifications, photos, ranking,
    ratings, search, talks, topics,
};
pub use table::Paths;
use table::Routes;

/// The largest body of a form or of JSON, in bytes.
const BODY: usize = 64 * 1024;

/// The largest body of a bulk act in bytes: ten thousand of the longest job ids and the search that found them.
const BULK_FORM: usize = 256 * 1024;

/// The allowance for the fields around the file in a form, in bytes.
pub(crate) const FORM_AROUND_FILE: u64 = 256 * 1024;

/// Archives are compressed already, and clients ask for ranges of them.
const ARCHIVES: NotForContentType = NotForContentType::const_new("application/zip");

/// The pages that are rendered once for everybody whom the site doesn't know. Their handlers below answer the others.
pub const BAKED: &[BakedRoute] = &[
    BakedRoute {
        never: &["rated"],
        variants: ratings::page::FIRST_PHOTOS,
        ..page("/", |app, asked| Box::pin(ratings::page::bake(app, asked)))
    },
    BakedRoute {
        query: &["period", "species", "page"],
        ..page("/top", |app, asked| Box::pin(ranking::lists::bake_top(app, asked)))
    },
    BakedRoute {
        query: &["species", "page"],
        ..page("/trending", |app, asked| Box::pin(ranking::lists::bake_trending(app, asked)))
    },
    BakedRoute {
        query: &["species", "page"],
        ..page("/new", |app, asked| Box::pin(ranking::lists::bake_new(app, asked)))
    },
    BakedRoute {
        query: &["from"],
        visited: Some(photos::visits::viewed),
        ..page("/photos/{photo}", |app, asked| Box::pin(photos::show::bake(app, asked)))
    },
    BakedRoute {
        query: &["sort", "page"],
        never: &["q"],
        ..page("/hubs", |app, asked| Box::pin(hubs::list::bake(app, asked)))
    },
    BakedRoute {
        query: &["sort", "page"],
        ..page("/topics", |app, asked| Box::pin(topics::list::bake(app, asked)))
    },
    BakedRoute {
        query: &["sort", "page"],
        never: &["with"],
        ..page("/topics/{tag}", |app, asked| Box::pin(topics::show::bake(app, asked)))
    },
    page("/h/{slug}", |app, asked| Box::pin(hubs::page::bake_hub(app, asked))),
    page("/members/{name}", |app, asked| Box::pin(hubs::page::bake_profile(app, asked))),
    BakedRoute {
        query: &["page"],
        ..page("/members/{name}/photos", |app, asked| Box::pin(accounts::member::bake(app, asked)))
    },
    page("/h/{slug}/talks", |app, asked| Box::pin(talks::baked::bake_calls(app, asked))),
    BakedRoute {
        query: &["page"],
        variants: talks::baked::ORDERS,
        ..page("/calls/{call}", |app, asked| Box::pin(talks::baked::bake_call(app, asked)))
    },
    BakedRoute {
        variants: talks::baked::ORDERS,
        ..page("/talks/{talk}", |app, asked| Box::pin(talks::baked::bake_talk(app, asked)))
    },
    page("/calls/{call}/results", |app, asked| Box::pin(talks::baked::bake_results(app, asked))),
    page("/transparency", |app, asked| Box::pin(moderation::transparency::bake(app, asked))),
];

/// A page that is the same whatever its query says.
const fn page(path: &'static str, bake: Bake) -> BakedRoute {
    BakedRoute { path, query: &[], never: &[], variants: 1, bake, visited: None }
}

/// The whole site.
pub fn router(app: App) -> Router {
    let (calls, document) = calls::calls(&app);
    let calls = calls.layer(Extension(api::scopes::CallScopes::of(&document)));
    let calls = calls.route("/openapi.json", get(async move || Json(document)));
    let site = Router::new()
        .merge(
            pages(&app)
                .router
                .layer(from_fn(flash::forget_shown))
                .layer(from_fn_with_state(app.clone(), origin::require_own)),
        )
        .nest(api::scopes::ROOT, calls.layer(from_fn_with_state(app.clone(), origin::refuse_foreign)))
        .merge(open().router)
        .fallback(async || Error::NotFound);
    let site = site
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(app.clone(), writes::run_to_the_end))
        .layer(from_fn_with_state(app.clone(), body_timeout::bound))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn_with_state(app.clone(), error::render))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(ARCHIVES)))
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .layer(from_fn_with_state(app.clone(), cookies::bind))
        .layer(from_fn_with_state(app.clone(), baked::answer))
        .layer(TraceLayer::new_for_http().on_failure(log_failure));
    // Probes are frequent and come from anywhere, so they have no layers and no log.
    site.merge(probes().router).with_state(app)
}

/// The paths of all routes.
#[must_use]
pub fn paths(app: &App) -> Paths {
    const ROOT: &str = api::scopes::ROOT;
    let (_, document) = calls::calls(app);
    let mut calls: Vec<_> = document.paths.paths.keys().map(|path| format!("{ROOT}{path}")).collect();
    calls.push(format!("{ROOT}/openapi.json"));
    Paths { pages: pages(app).paths, calls, open: open().merge(probes()).paths }
}

/// Logs a response that failed. That there is no other format than JSON (501) is the client's mistake.
fn log_failure(failure: ServerErrorsFailureClass, latency: Duration, span: &Span) {
    if !matches!(failure, ServerErrorsFailureClass::StatusCode(StatusCode::NOT_IMPLEMENTED)) {
        DefaultOnFailure::new().on_failure(failure, latency, span);
    }
}

fn pages(app: &App) -> Routes {
    Routes::new()
        .route("/", get(ratings::page::page))
        .route("/rate/ahead", get(ratings::ahead::ahead))
        .route("/ratings", get(ratings::cast::page))
        .route("/ratings/{photo}", post(ratings::cast::act))
        .route("/live", get(live::live))
        .route("/explore", get(ranking::lists::explore))
        .route("/top", get(ranking::lists::top_page))
        .route("/trending", get(ranking::lists::trending_page))
        .route("/feed", get(hubs::feed::page))
        .route("/feed.atom", get(hubs::atom::own))
        .route("/feed/link", post(hubs::feed::renew))
        .route("/members/{name}/photos", get(accounts::member::page))
        .route("/new", get(ranking::lists::new_page))
        .route("/topics", get(topics::list::page))
        .route("/topics/{tag}", get(topics::show::page))
        .route("/topics/{tag}/feed.atom", get(topics::atom::feed))
        .route("/search", get(search::page::page))
        .route("/theme", post(theme::choose))
        .merge(photo::pages(app))
        .merge(hub::pages())
        .merge(account::pages(app))
        .merge(operators::pages())
        .route("/api", get(api::reference::page))
        .route("/transparency", get(moderation::transparency::page))
        .route("/demo/mail", get(demo::mailbox))
        .route("/demo/mail/{id}", get(demo::mail))
}

/// What other sites and machines ask for. Nothing here may trust a cookie for a change.
fn open() -> Routes {
    Routes::new()
        .route("/embed/h/{slug}/{widget}", get(embed::page::page))
        .route("/oembed", get(embed::oembed::oembed))
        .route(
            "/unsubscribe/{token}",
            get(notifications::unsubscribe::page).post(notifications::unsubscribe::stop),
        )
        .route("/media/{*key}", get(photos::media::serve))
        .route("/assets/{version}/{*path}", get(assets::serve))
}

fn probes() -> Routes {
    Routes::new().route("/healthz", get(health::healthz)).route("/readyz", get(health::readyz))
}

/// The limit on an upload's body. The file's own limit is enforced while it streams; this one only stops bodies far
/// beyond it.
fn upload_limit(app: &App) -> DefaultBodyLimit {
    let bytes = app.config.media.max_upload_bytes.saturating_add(FORM_AROUND_FILE);
    DefaultBodyLimit::max(usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// The limit on an archive's body, in the same way.
fn import_limit(app: &App) -> DefaultBodyLimit {
    let bytes = app.config.media.max_import_bytes.saturating_add(FORM_AROUND_FILE);
    DefaultBodyLimit::max(usize::try_from(bytes).unwrap_or(usize::MAX))
}
