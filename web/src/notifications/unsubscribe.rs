//! Stopping daily mails by a link in them, without logging in. Mail programs POST to the link by themselves (RFC
//! 8058), from anywhere, so these pages are outside of the layer that refuses other sites' requests: the token says
//! whose mails are meant, and it does nothing but stop them.

use axum::extract::State;
use pawdium_shared::notifications::settings;

use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::notifications::UnsubscribePage;

/// `GET /unsubscribe/{token}`: asks, because mail programs and their filters follow links.
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(token): Path<String>,
) -> Result<Page<UnsubscribePage>, Error> {
    app.stop_links.open(&token).ok_or(Error::NotFound)?;
    Ok(Page(UnsubscribePage { chrome: viewing.chrome, token, is_done: false }))
}

/// `POST /unsubscribe/{token}`. Twice is once.
pub async fn stop(
    State(app): State<App>,
    viewing: Viewing,
    Path(token): Path<String>,
) -> Result<Page<UnsubscribePage>, Error> {
    let user = app.stop_links.open(&token).ok_or(Error::NotFound)?;
    // Who is gone gets no mails either.
    settings::stop_digest(&mut *app.db.acquire().await?, user).await?;
    Ok(Page(UnsubscribePage { chrome: viewing.chrome, token, is_done: true }))
}
