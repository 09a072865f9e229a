//! The page with a member's second factors.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use pawdium_shared::accounts::factors::{self, fresh, passkeys};

use super::{member_of, qr};
use crate::accounts::register::Next;
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::Field;
use crate::views::security::{AuthenticatorApp, PasskeyLine, SecurityPage};

/// `GET /settings/security`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Error> {
    if viewing.visitor.member().is_err() {
        return Ok(Redirect::to("/login?next=%2Fsettings%2Fsecurity").into_response());
    }
    Ok(Page(show(&app, viewing, next).await?).into_response())
}

/// The page as things are now. `next` is where a proof is needed.
pub(super) async fn show(app: &App, viewing: Viewing, next: Option<String>) -> Result<SecurityPage, Error> {
    let (user, session) = member_of(&viewing.visitor)?;
    let mut db = app.db.acquire().await?;
    let found = factors::find(&mut db, user.id).await?;
    let is_proven = fresh::is_fresh(&mut db, session).await?;
    let begun = factors::find_begun(&mut db, &app.seal, user.id).await?;
    let keys = passkeys::list(&mut db, user.id).await?;
    drop(db);
    let authenticator = match (found.totp, begun) {
        (Some(since), _) => AuthenticatorApp::On { since },
        (None, Some(factors::Begun(secret))) if is_proven => {
            let name = user.name.as_deref().unwrap_or_default();
            AuthenticatorApp::Begun {
                secret: secret.text(),
                qr: qr::draw(&secret.url(&app.config.web.base_url, name)),
            }
        }
        (None, _) => AuthenticatorApp::Off,
    };
    let line = |key: passkeys::Stored| PasskeyLine {
        id: key.id,
        name: key.name,
        created_at: key.created_at,
        last_used_at: key.last_used_at,
        is_backed_up: key.backed_up,
    };
    Ok(SecurityPage {
        is_required: viewing.visitor.is_withheld,
        has_factor: found.any(),
        is_proven,
        password_error: None,
        proof_error: None,
        proof_code: Field::default(),
        authenticator,
        code: Field::default(),
        can_use_passkeys: app.passkeys.is_possible(),
        passkeys: keys.into_iter().map(line).collect(),
        passkey_name: Field::default(),
        passkey_error: None,
        codes_left: found.codes,
        new_codes: Vec::new(),
        next,
        chrome: viewing.chrome,
    })
}
