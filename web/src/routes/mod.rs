//! Every URL in one table; those of accounts, moderators and operators are in parts of it. Who may do what with each of
//! them is said in `web/tests/site/matrix/table/`.

mod account;
mod operators;
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
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::baked::{self, Bake, BakedRoute};
use crate::error::{self, Error};
use crate::http::{body_timeout, cookies, flash, headers, linger, origin, theme, writes};
use crate::state::App;
use crate::{
    accounts, api, assets, comments, demo, embed, exports, health, hubs, imports, live, moderation,
    notifications, photos, ranking, ratings, reports, sanctions, search, talks, topics,
};
pub use table::Paths;
use table::Routes;

/// The largest body of a form or of JSON, in bytes.
const BODY: usize = 64 * 1024;

/// The largest body of a bulk act in bytes: ten thousand of the longest job ids and the search that found them.
const BULK_FORM: usize = 256 * 1024;

/// The allowance for the fields around the file in a form, in bytes.
const FORM_AROUND_FILE: u64 = 256 * 1024;

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
    page("/calls/{call}/results", |app, asked| Box::pin(talks::baked::bake_results(app, asked))),
];

/// A page that is the same whatever its query says.
const fn page(path: &'static str, bake: Bake) -> BakedRoute {
    BakedRoute { path, query: &[], never: &[], variants: 1, bake, visited: None }
}

/// The whole site.
pub fn router(app: App) -> Router {
    let (calls, document) = json(&app);
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
    let (_, document) = json(app);
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
        .route("/photos/{photo}", get(photos::show::page))
        .route("/photos/{photo}/rating", post(ratings::rate::rate))
        .route("/photos/{photo}/status", get(photos::show::status))
        .route("/photos/{photo}/opinion", get(photos::show::opinion_part))
        .route("/live", get(live::live))
        .route("/photos/{photo}/share", post(photos::share::share))
        .merge(draft_pages(app))
        .route("/photos/{photo}/delete", post(photos::delete::delete))
        .route("/photos/{photo}/hubs", post(photos::posting::post))
        .route("/photos/{photo}/hubs/remove", post(photos::posting::unpost))
        .route("/photos/{photo}/hide", post(photos::hide::hide))
        .route("/photos/{photo}/withheld", get(photos::hide::picture))
        .route("/photos/{photo}/block", post(photos::block::block))
        .route("/photos/{photo}/block-alike", post(photos::block::block_alike))
        .route("/s/{code}", get(photos::show::shared))
        .route(
            "/submit",
            get(photos::submit::page)
                .post(photos::submit::submit)
                .layer(upload_limit(app))
                .layer(from_fn(linger::read_on)),
        )
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
        .merge(comment_pages())
        .merge(notification_pages())
        .merge(report_pages())
        .merge(import_pages(app))
        .merge(hub_pages())
        .merge(talk_pages())
        .merge(operators::admin_pages())
        .merge(operators::moderation_pages())
        .route("/appeals/{token}", get(sanctions::appeals::page).post(sanctions::appeals::appeal))
        .route("/settings/standing", get(sanctions::own::page))
        .merge(account::pages(app))
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

/// Pages with which owners change their drafts and photos.
fn draft_pages(app: &App) -> Routes {
    Routes::new()
        .route("/drafts", get(photos::drafts::page))
        .route("/photos/{photo}/publish", post(photos::publish::publish))
        .route("/photos/{photo}/keep", post(photos::publish::keep))
        .route("/photos/{photo}/remix", post(photos::remix::remix))
        .route("/photos/{photo}/edit", get(photos::edit::page).post(photos::edit::save))
        .route("/photos/{photo}/original", get(photos::drafts::original))
        .route("/photos/{photo}/revisions", get(photos::revisions::page))
        .route("/photos/{photo}/revisions/{number}/restore", post(photos::revisions::restore))
        .route(
            "/photos/{photo}/picture",
            post(photos::picture::add).layer(upload_limit(app)).layer(from_fn(linger::read_on)),
        )
}

fn comment_pages() -> Routes {
    Routes::new()
        .route("/photos/{photo}/comments", get(comments::section::part).post(comments::page::post))
        .route("/photos/{photo}/commenters", post(comments::page::set))
        .route("/comments/{comment}", get(comments::one::page))
        .route("/comments/{comment}/edit", post(comments::one::edit))
        .route("/comments/{comment}/delete", post(comments::one::delete))
        .route("/comments/{comment}/review", post(comments::one::review))
        .route(
            "/settings/blocked",
            get(notifications::settings::blocked).post(notifications::settings::change_block),
        )
}

fn notification_pages() -> Routes {
    Routes::new()
        .route("/notifications", get(notifications::page::page))
        .route("/notifications/part", get(notifications::page::part))
        .route("/notifications/unread", get(notifications::page::unread))
        .route("/notifications/read", post(notifications::page::read))
        .route(
            "/settings/notifications",
            get(notifications::settings::page).post(notifications::settings::save),
        )
}

fn report_pages() -> Routes {
    use reports::page;
    Routes::new()
        .route("/reports", get(reports::own::page))
        .route("/photos/{photo}/report", get(page::photo).post(page::report_photo))
        .route("/comments/{comment}/report", get(page::comment).post(page::report_comment))
        .route("/talks/{talk}/report", get(page::talk).post(page::report_talk))
        .route("/h/{slug}/report", get(page::hub).post(page::report_hub))
        .route("/members/{name}/report", get(page::member).post(page::report_member))
}

fn import_pages(app: &App) -> Routes {
    Routes::new()
        .route(
            "/imports",
            get(imports::list::page)
                .post(imports::list::start)
                .layer(import_limit(app))
                .layer(from_fn(linger::read_on)),
        )
        .route("/imports/{import}", get(imports::show::page))
        .route("/imports/{import}/part", get(imports::show::part))
        .route("/imports/{import}/cancel", post(imports::acts::cancel))
        .route("/imports/{import}/retry", post(imports::acts::retry))
        .route("/imports/{import}/undo", post(imports::acts::undo))
}

fn hub_pages() -> Routes {
    Routes::new()
        .route("/hubs", get(hubs::list::page))
        .route("/hubs/new", get(hubs::new::page).post(hubs::new::create))
        .merge(widget_pages("/h/{slug}"))
        .merge(widget_pages("/members/{name}"))
        .route("/h/{slug}/photos", get(photos::posting::page))
        .route("/h/{slug}/top", get(ranking::hub::page))
        .route("/h/{slug}/topics", get(topics::hub::page))
        .route("/h/{slug}/rate", get(ratings::page::hub_page))
        .route("/h/{slug}/feed.atom", get(hubs::atom::of_hub))
        .route("/h/{slug}/members", get(hubs::members::page).post(hubs::members::change))
        .route("/h/{slug}/requests", post(hubs::members::answer))
        .route("/h/{slug}/roles/{role}", post(hubs::roles::change))
        .route("/members/{name}/roles/{role}", post(hubs::roles::follow))
        .route("/h/{slug}/settings", get(hubs::settings::page).post(hubs::settings::change))
        .route("/h/{slug}/delete", post(hubs::settings::delete))
}

fn talk_pages() -> Routes {
    Routes::new()
        .route("/h/{slug}/talks", get(talks::list::page))
        .route("/h/{slug}/talks/part", get(talks::list::part))
        .route("/h/{slug}/calls/new", get(talks::edit::new_page).post(talks::edit::create))
        .route("/calls/{call}", get(talks::show::page))
        .route("/calls/{call}/part", get(talks::show::part))
        .route("/calls/{call}/edit", get(talks::edit::page).post(talks::edit::change))
        .route("/calls/{call}/phase", post(talks::edit::move_on))
        .route("/calls/{call}/pitch", get(talks::pitching::page).post(talks::pitching::pitch))
        .route("/calls/{call}/results", get(talks::results::page))
        .route("/calls/{call}/receipt", get(talks::results::receipt))
        .route("/calls/{call}/receipts.txt", get(talks::results::list))
        .route("/calls/{call}/dashboard", get(talks::dashboard::page))
        .route("/calls/{call}/dashboard/part", get(talks::dashboard::part))
        .route("/calls/{call}/votes.csv", get(talks::dashboard::csv))
        .route("/calls/{call}/votes/set-aside", post(talks::dashboard::judge))
        .route("/talks/{talk}", get(talks::talk::page))
        .route("/talks/{talk}/edit", get(talks::pitching::edit_page).post(talks::pitching::edit))
        .route("/talks/{talk}/withdraw", post(talks::pitching::withdraw))
        .route("/talks/{talk}/moderate", post(talks::pitching::moderate))
        .route("/talks/{talk}/vote", post(talks::vote::vote))
}

/// The page of widgets of a hub, or of a member's profile, below `at`.
fn widget_pages(at: &str) -> Routes {
    Routes::new()
        .route(at, get(hubs::page::page))
        .route(&format!("{at}/versions"), get(hubs::part::versions))
        .route(&format!("{at}/w/{{widget}}"), get(hubs::part::part))
        .route(&format!("{at}/widgets"), post(hubs::edit::add))
        .route(&format!("{at}/widgets/new"), get(hubs::edit::gallery))
        .route(&format!("{at}/widgets/{{widget}}"), get(hubs::edit::configure).post(hubs::edit::act))
}

/// The API's operations and the document that describes them. Each handler's `utoipa::path` defines its method and
/// path.
fn json(app: &App) -> (Router<App>, OpenApi) {
    let avatar = routes!(accounts::portrait::put, accounts::portrait::delete);
    let avatar = avatar.layer(upload_limit(app)).layer(from_fn(linger::read_on));
    let submit = routes!(photos::api::submit).layer(upload_limit(app)).layer(from_fn(linger::read_on));
    let import = routes!(imports::api::start).layer(import_limit(app)).layer(from_fn(linger::read_on));
    let (router, document) = OpenApiRouter::with_openapi(api::document::about())
        .routes(routes!(accounts::api::create_user))
        .routes(routes!(accounts::api::me, accounts::api::update_me, accounts::api::delete_me))
        .routes(routes!(accounts::api::show_user))
        .routes(routes!(accounts::sessions::list_own))
        .routes(routes!(accounts::sessions::end_own))
        .routes(routes!(accounts::api::create_token))
        .routes(routes!(accounts::api::delete_token))
        .routes(routes!(accounts::api::request_reset))
        .routes(submit)
        .routes(avatar)
        .routes(routes!(photos::api::show, photos::api::update, photos::api::delete))
        .routes(routes!(photos::api::publish))
        .routes(routes!(photos::drafts::list))
        .routes(routes!(photos::drafts::keep))
        .routes(routes!(photos::revisions::list))
        .routes(routes!(photos::revisions::bring_back))
        .routes(routes!(photos::stats::count))
        .routes(import)
        .routes(routes!(imports::api::show))
        .routes(routes!(imports::api::cancel))
        .routes(routes!(imports::api::retry))
        .routes(routes!(imports::api::undo))
        .routes(routes!(comments::api::list, comments::api::post))
        .routes(routes!(comments::api::edit, comments::api::delete))
        .routes(routes!(notifications::api::list))
        .routes(routes!(notifications::api::read))
        .routes(routes!(exports::api::ask))
        .routes(routes!(exports::api::show))
        .routes(routes!(photos::api::share))
        .routes(routes!(ratings::api::rate, ratings::cast::undo))
        .routes(routes!(ratings::cast::list))
        .routes(routes!(ratings::api::next))
        .routes(routes!(ranking::api::top))
        .routes(routes!(ranking::api::trending))
        .routes(routes!(photos::posting::put_photo, photos::posting::delete_photo))
        .routes(routes!(photos::posting::list_photos))
        .routes(routes!(ranking::hub::list))
        .routes(routes!(ratings::api::next_in_hub))
        .routes(routes!(hubs::api::feed::show))
        .routes(routes!(hubs::api::list, hubs::api::create))
        .routes(routes!(hubs::api::list_own))
        .routes(routes!(hubs::api::show, hubs::api::update, hubs::api::delete))
        .routes(routes!(hubs::api::people::take_role, hubs::api::people::drop_role))
        .routes(routes!(hubs::api::people::list_members))
        .routes(routes!(hubs::api::people::set_member, hubs::api::people::remove_member))
        .routes(routes!(hubs::api::people::list_requests))
        .routes(routes!(hubs::api::people::answer_request))
        .routes(routes!(hubs::api::widgets::kinds))
        .routes(routes!(hubs::api::widgets::add))
        .routes(routes!(hubs::api::widgets::show, hubs::api::widgets::update, hubs::api::widgets::remove))
        .routes(routes!(talks::api::list, talks::api::open))
        .routes(routes!(talks::api::show, talks::api::update))
        .routes(routes!(talks::api::pitches::pitch))
        .routes(routes!(talks::api::pitches::edit, talks::api::pitches::withdraw))
        .routes(routes!(talks::api::votes::toggle, talks::api::votes::vote, talks::api::votes::unvote))
        .routes(routes!(talks::api::results::show))
        .routes(routes!(talks::api::results::own_receipts))
        .routes(routes!(talks::api::results::all_receipts))
        .routes(routes!(talks::api::dashboard::show))
        .routes(routes!(talks::api::dashboard::votes))
        .routes(routes!(talks::api::dashboard::set_aside))
        .routes(routes!(talks::api::dashboard::restore))
        .routes(routes!(ranking::api::newest))
        .routes(routes!(search::api::search))
        .routes(routes!(topics::api::list))
        .routes(routes!(topics::api::show))
        .routes(routes!(topics::api::list_sections))
        .routes(routes!(reports::api::photo))
        .routes(routes!(reports::api::comment))
        .routes(routes!(reports::api::talk))
        .routes(routes!(reports::api::hub))
        .routes(routes!(reports::api::member))
        .split_for_parts();
    (router.fallback(async || Error::NotFound), document)
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
