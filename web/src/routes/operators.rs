//! The pages of operators and moderators.

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::BULK_FORM;
use super::table::Routes;
use crate::{admin, moderation, topics};

pub(super) fn pages() -> Routes {
    admin_pages().merge(moderation_pages())
}

fn admin_pages() -> Routes {
    Routes::new()
        .route("/admin", get(admin::overview::page))
        .route("/admin/queues", get(admin::queues::page))
        .route("/admin/queues/board", get(admin::queues::board))
        .route("/admin/queues/{queue}/pause", post(admin::queues::pause))
        .route("/admin/queues/{queue}/resume", post(admin::queues::resume))
        .route("/admin/queues/{queue}/limits", post(admin::limits::set))
        .route("/admin/jobs", get(admin::jobs::page))
        .route(
            "/admin/jobs/bulk",
            get(admin::bulk::preview).post(admin::bulk::act).layer(DefaultBodyLimit::max(BULK_FORM)),
        )
        .route("/admin/jobs/{job}", get(admin::job::page))
        .route("/admin/jobs/{job}/status", get(admin::job::status))
        .route("/admin/jobs/{job}/{act}", post(admin::act))
        .route("/admin/schedules", get(admin::schedules::page))
        .route("/admin/schedules/{name}/run", post(admin::schedules::run))
        .route("/admin/cache", get(admin::cache::page))
        .route("/admin/cache/board", get(admin::cache::board))
        .route("/admin/cache/{widget}", get(admin::cache::widget))
        .route("/admin/cache/{widget}/reloads", get(admin::cache::widget_reloads))
        .route("/admin/audit", get(admin::audit::page))
        .route("/admin/audit.csv", get(admin::audit_export::csv))
        .route("/admin/audit.jsonl", get(admin::audit_export::lines))
}

fn moderation_pages() -> Routes {
    Routes::new()
        .route("/moderation", get(moderation::newest::page))
        .route("/moderation/review", get(moderation::review::queue::page))
        .route(
            "/moderation/review/bulk",
            get(moderation::review::bulk::preview).post(moderation::review::bulk::act),
        )
        .route(
            "/moderation/review/{case}",
            get(moderation::review::case::page).post(moderation::review::case::act),
        )
        .route("/moderation/review/{case}/claim", post(moderation::review::case::claim))
        .route("/admin/review", get(moderation::review::queue::moved))
        .route("/admin/review/{case}", get(moderation::review::queue::moved))
        .route("/moderation/doubtful", get(moderation::doubtful::page))
        .route("/moderation/comments", get(moderation::comments::page))
        .route("/moderation/blocked", get(moderation::blocked::page))
        .route("/moderation/blocked/{id}/unblock", post(moderation::blocked::unblock))
        .route("/moderation/members", get(moderation::members::page))
        .route("/moderation/members/{name}", get(moderation::members::record))
        .route("/moderation/members/{name}/sanctions", post(moderation::members::impose))
        .route("/moderation/sanctions/{sanction}", get(moderation::members::show))
        .route("/moderation/sanctions/{sanction}/lift", post(moderation::members::lift))
        .route("/moderation/sanctions/{sanction}/appeal", post(moderation::members::judge))
        .route("/moderation/acts", get(moderation::acts::page))
        .route("/moderation/acts/{act}/undo", post(moderation::acts::take_back))
        .route("/moderation/topics", get(topics::moderate::page))
        .route("/moderation/topics/sections", post(topics::moderate::section))
        .route("/moderation/topics/acts/{act}/undo", post(topics::moderate::take_back))
        .route("/moderation/topics/{act}", post(topics::moderate::act))
        .route("/admin/blocked", get(moderation::blocked::moved))
        .route("/admin/blocked/{id}/unblock", post(moderation::blocked::moved))
}
