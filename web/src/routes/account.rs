//! The pages of a member's sessions and API tokens.

use axum::Router;
use axum::routing::{get, post};

use crate::accounts::{sessions, tokens};
use crate::state::App;

pub(super) fn session_pages() -> Router<App> {
    Router::new()
        .route("/settings/sessions", get(sessions::page))
        .route("/settings/sessions/{session}/end", post(sessions::end))
        .route("/settings/sessions/end-others", post(sessions::end_others))
        .route("/settings/sessions/end-all", post(sessions::end_all))
        .route("/settings/tokens", get(tokens::page).post(tokens::create))
        .route("/settings/tokens/{token}/end", post(tokens::end))
}
