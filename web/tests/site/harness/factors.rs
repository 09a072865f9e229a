//! Second factors of a site's users.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use totp_rs::{Builder, Secret, Totp};

use super::browser::Browser;
use super::client::{Answer, Pages};
use super::people::{PASSWORD, Person};
use super::site::Site;

/// A member's authenticator app, and the recovery codes that came with it.
pub(crate) struct App {
    totp: Totp,
    /// The ten codes.
    pub(crate) recovery: Vec<String>,
}

impl App {
    /// The code of so many steps from now.
    pub(crate) fn code(&self, steps: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is past 1970").as_secs();
        self.totp.generate(now.saturating_add_signed(steps * 30)).to_string()
    }

    /// A code that is none of those that the site takes now.
    pub(crate) fn wrong_code(&self) -> String {
        let right: Vec<_> = (-2..=2).map(|steps| self.code(steps)).collect();
        let mut codes = (0..).map(|number| format!("{number:06}"));
        codes.find(|code| !right.contains(code)).expect("there are a million")
    }

    /// The app of the secret that a page shows.
    pub(crate) fn scan(page: &Answer) -> Self {
        let text = page.texts(".totp-key code").remove(0).replace(' ', "");
        let secret = Secret::try_from_base32(text).expect("it is base32");
        Self {
            totp: Builder::new().with_secret(secret).build().expect("it is long enough"),
            recovery: Vec::new(),
        }
    }
}

impl Person {
    /// Confirms on the security page that it's the member.
    pub(crate) async fn confirm(&self) {
        let confirmed = self.pages.post("/settings/security/confirm", &[("password", PASSWORD)]).await;
        assert_eq!(confirmed.location(), "/settings/security");
    }

    /// Sets up an authenticator app.
    pub(crate) async fn set_up_app(&self) -> App {
        self.confirm().await;
        self.pages.post("/settings/security/app", &[]).await.expect(303);
        let app = App::scan(&self.pages.get("/settings/security").await.expect(200));
        let form = [("code", app.code(0))];
        let form: Vec<_> = form.iter().map(|(name, code)| (*name, code.as_str())).collect();
        let on = self.pages.post("/settings/security/app/confirm", &form).await.expect(200);
        App { recovery: on.texts(".recovery-codes code"), ..app }
    }
}

impl Site {
    /// Sends a password, after which the second factor is asked for. Returns the browser.
    pub(crate) async fn half_logged_in(&self, person: &Person) -> Pages {
        let pages = self.visitor();
        let email = person.email();
        let form = [("email", email.as_str()), ("password", PASSWORD), ("next", "/top")];
        assert_eq!(pages.post("/login", &form).await.location(), "/login/second-factor?next=%2Ftop");
        assert!(pages.cookie("session").is_none(), "there is no session yet");
        pages
    }

    /// Forgets which code was used last, as if time had passed.
    pub(crate) async fn forget_used_codes(&self) {
        self.change("update totp_secrets set last_step = 0").await;
    }
}

impl Pages {
    /// Sends a code as the second step of a login.
    pub(crate) async fn send_code(&self, code: &str) -> Answer {
        self.post("/login/second-factor", &[("code", code), ("next", "/top")]).await
    }
}

impl Browser {
    /// Gives the browser's machine a place for passkeys, which recognises its owner's finger at once.
    pub(crate) async fn add_authenticator(&self) {
        self.devtools("WebAuthn.enable", json!({})).await;
        let options = json!({
            "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true,
        });
        self.devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
    }

    /// Shows the page as it is printed, until another medium or feature is set.
    pub(crate) async fn print_styles(&self) {
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    }

    /// Sends a password, after which the second factor is asked for.
    pub(crate) async fn log_in_up_to_second_factor(&self, email: &str) {
        self.goto("/login").await;
        self.fill("#email", email).await;
        self.fill("#password", PASSWORD).await;
        self.click("main form button[type=submit]").await;
        self.find("form[data-passkey='/login/second-factor/start']:not([hidden])").await;
    }

    /// Adds a passkey on the security page, as a member who has just logged in.
    pub(crate) async fn add_passkey(&self, name: &str) {
        self.goto("/settings/security").await;
        self.find("form[data-create]:not([hidden])").await;
        self.fill("form[data-create] #name", name).await;
        self.click("form[data-create] button").await;
        self.find(".passkeys li").await;
    }
}
