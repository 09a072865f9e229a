//! The pages of photos, their comments, reports, and imports of many.

use axum::middleware::from_fn;
use axum::routing::{get, post};

use super::table::Routes;
use super::{import_limit, upload_limit};
use crate::http::linger;
use crate::state::App;
use crate::{comments, imports, photos, ratings, reports};

pub(super) fn pages(app: &App) -> Routes {
    Routes::new()
        .merge(photo_pages(app))
        .merge(draft_pages(app))
        .merge(comment_pages())
        .merge(report_pages())
        .merge(import_pages(app))
}

fn photo_pages(app: &App) -> Routes {
    Routes::new()
        .route(
            "/submit",
            get(photos::submit::page)
                .post(photos::submit::submit)
                .layer(upload_limit(app))
                .layer(from_fn(linger::read_on)),
        )
        .route("/photos/{photo}", get(photos::show::page))
        .route("/photos/{photo}/rating", post(ratings::rate::rate))
        .route("/photos/{photo}/status", get(photos::show::status))
        .route("/photos/{photo}/opinion", get(photos::show::opinion_part))
        .route("/photos/{photo}/share", post(photos::share::share))
        .route("/photos/{photo}/delete", post(photos::delete::delete))
        .route("/photos/{photo}/hubs", post(photos::posting::post))
        .route("/photos/{photo}/hubs/remove", post(photos::posting::unpost))
        .route("/photos/{photo}/hide", post(photos::hide::hide))
        .route("/photos/{photo}/withheld", get(photos::hide::picture))
        .route("/photos/{photo}/block", post(photos::block::block))
        .route("/photos/{photo}/block-alike", post(photos::block::block_alike))
        .route("/s/{code}", get(photos::show::shared))
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
