//! The pages of the visitor's own account, and of logging in.

use axum::middleware::from_fn;
use axum::routing::{get, post};

use super::table::Routes;
use super::upload_limit;
use crate::accounts::{self, sessions, tokens};
use crate::http::linger;
use crate::state::App;
use crate::{exports, notifications, sanctions};

pub(super) fn pages(app: &App) -> Routes {
    Routes::new()
        .route("/register", get(accounts::register::page).post(accounts::register::register))
        .route("/login", get(accounts::login::page).post(accounts::login::login))
        .route("/logout", post(accounts::login::logout))
        .route("/forgot", get(accounts::reset::forgot_page).post(accounts::reset::forgot))
        .route("/reset/{token}", get(accounts::reset::reset_page).post(accounts::reset::reset))
        .route("/verify/{token}", get(accounts::verify::page).post(accounts::verify::verify))
        .route("/settings", get(accounts::settings::page))
        .route("/settings/name", post(accounts::settings::rename))
        .route("/settings/email", post(accounts::settings::change_email))
        .route("/settings/email/resend", post(accounts::settings::resend))
        .route("/settings/password", post(accounts::settings::change_password))
        .route("/settings/remixes", post(accounts::settings::change_remixes))
        .merge(factor_pages())
        .merge(notification_pages())
        .route("/appeals/{token}", get(sanctions::appeals::page).post(sanctions::appeals::appeal))
        .route("/settings/standing", get(sanctions::own::page))
        .merge(session_pages())
        .route("/settings/about", post(accounts::settings::change_about))
        .route(
            "/settings/avatar",
            post(accounts::portrait::send).layer(upload_limit(app)).layer(from_fn(linger::read_on)),
        )
        .route("/settings/avatar/remove", post(accounts::portrait::remove))
        .route("/members/{name}/moderate", post(accounts::portrait::moderate))
        .route("/settings/account", get(accounts::account::page))
        .route("/settings/account/exports", post(exports::request::ask))
        .route("/settings/delete", post(accounts::account::delete))
        .route("/exports/{export}", get(exports::download::archive))
}

fn session_pages() -> Routes {
    Routes::new()
        .route("/settings/sessions", get(sessions::page))
        .route("/settings/sessions/{session}/end", post(sessions::end))
        .route("/settings/sessions/end-others", post(sessions::end_others))
        .route("/settings/sessions/end-all", post(sessions::end_all))
        .route("/settings/tokens", get(tokens::page).post(tokens::create))
        .route("/settings/tokens/{token}/end", post(tokens::end))
}

/// Pages with which members set up second factors and log in with them.
fn factor_pages() -> Routes {
    use accounts::{factors, passkeys};
    Routes::new()
        .route("/login/second-factor", get(factors::second::page).post(factors::second::answer))
        .route("/login/second-factor/start", post(factors::second::start))
        .route("/login/passkey", post(passkeys::login::login))
        .route("/login/passkey/start", post(passkeys::login::start))
        .route("/settings/security", get(factors::page::page))
        .route("/settings/security/confirm", post(factors::confirm::confirm))
        .route("/settings/security/confirm/start", post(factors::confirm::start))
        .route("/settings/security/app", post(factors::app::begin))
        .route("/settings/security/app/confirm", post(factors::app::confirm))
        .route("/settings/security/app/off", post(factors::app::turn_off))
        .route("/settings/security/codes", post(factors::codes::renew))
        .route("/settings/security/passkeys", post(factors::keys::add))
        .route("/settings/security/passkeys/start", post(factors::keys::start))
        .route("/settings/security/passkeys/{id}/remove", post(factors::keys::remove))
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
        .route(
            "/settings/blocked",
            get(notifications::settings::blocked).post(notifications::settings::change_block),
        )
}
