//! The reference page of the API.

use axum::extract::State;

use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::api::ApiPage;

/// `GET /api`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Page<ApiPage> {
    Page(ApiPage { chrome: viewing.chrome, origin: app.url("") })
}
