//! The calls of the API.

use axum::Router;
use axum::middleware::from_fn;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::{import_limit, upload_limit};
use crate::error::Error;
use crate::http::linger;
use crate::state::App;
use crate::{
    accounts, api, comments, exports, hubs, imports, notifications, photos, ranking, ratings, reports,
    search, talks, topics,
};

/// The API's operations and the document that describes them. Each handler's `utoipa::path` defines its method and
/// path.
pub(super) fn calls(app: &App) -> (Router<App>, OpenApi) {
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
