//! Pages about second factors.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{Chrome, Field, filters};

/// `GET /settings/security`, and the answer to a refused form on it.
#[derive(Debug, Template)]
#[template(path = "settings/security.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct SecurityPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Whether the viewer's role needs a second factor, and there is none.
    pub is_required: bool,
    /// Whether logging in takes a second factor.
    pub has_factor: bool,
    /// Whether the viewer may change something: they have confirmed lately that it's them.
    pub is_proven: bool,
    /// `POST /settings/security/confirm`: why `password` was refused.
    pub password_error: Option<String>,
    /// Why something else that should prove it was refused.
    pub proof_error: Option<String>,
    /// `POST /settings/security/confirm`: `code`.
    pub proof_code: Field,
    /// The authenticator app.
    pub authenticator: AuthenticatorApp,
    /// `POST /settings/security/app/confirm`: `code`.
    pub code: Field,
    /// Whether the site can use passkeys at all.
    pub can_use_passkeys: bool,
    /// The viewer's passkeys.
    pub passkeys: Vec<PasskeyLine>,
    /// `POST /settings/security/passkeys`: `name`.
    pub passkey_name: Field,
    /// Why the new passkey was refused.
    pub passkey_error: Option<String>,
    /// How many recovery codes are left.
    pub codes_left: i64,
    /// New recovery codes, which no other page shows.
    pub new_codes: Vec<String>,
    /// The path on this site where a proof is needed, to go to after it.
    pub next: Option<String>,
}

impl SecurityPage {
    /// Whether an authenticator app is set up.
    pub(crate) fn has_app(&self) -> bool {
        matches!(self.authenticator, AuthenticatorApp::On { .. })
    }
}

/// The state of the authenticator app.
#[derive(Clone, Debug)]
pub enum AuthenticatorApp {
    /// There is none.
    Off,
    /// It waits for its first code.
    Begun {
        /// The secret, for people who type it.
        secret: String,
        /// The secret, for people who scan it.
        qr: Qr,
    },
    /// It is set up.
    On {
        /// Since when.
        since: DateTime<Utc>,
    },
}

/// A drawing of a QR code: a square with so many modules a side.
#[derive(Clone, Debug)]
pub struct Qr {
    /// The modules of a side.
    pub size: i32,
    /// The dark modules, as an SVG path.
    pub path: String,
}

/// One of the viewer's passkeys.
#[derive(Clone, Debug)]
pub struct PasskeyLine {
    /// Its number.
    pub id: i64,
    /// What the viewer calls it.
    pub name: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether it is in other devices of the viewer too.
    pub is_backed_up: bool,
}

/// `GET /login/second-factor`, and the answer to a refused `POST /login/second-factor` (`code` or `credential`, `next`).
#[derive(Debug, Template)]
#[template(path = "accounts/second_factor.html")]
pub struct SecondFactorPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Whether the member has an authenticator app.
    pub has_app: bool,
    /// Whether the member can use a passkey.
    pub has_passkeys: bool,
    /// The code.
    pub code: Field,
    /// Why a passkey was refused.
    pub error: Option<String>,
    /// The path on this site to go to afterwards.
    pub next: Option<String>,
}
