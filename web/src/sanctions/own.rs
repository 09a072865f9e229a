//! A member's own sanctions.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use pawdium_shared::moderation::sanctions::list;

use super::view;
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::sanctions::StandingPage;

/// `GET /settings/standing`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Result<Response, Error> {
    let Ok(member) = viewing.visitor.member() else {
        return Ok(Redirect::to("/login?next=%2Fsettings%2Fstanding").into_response());
    };
    let found = list::of_user(&mut *app.db.acquire().await?, member.id).await?;
    let sanctions = found.into_iter().map(|sanction| view(&app, sanction)).collect();
    Ok(Page(StandingPage { chrome: viewing.chrome, sanctions }).into_response())
}
