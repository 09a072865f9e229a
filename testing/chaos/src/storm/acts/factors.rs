//! Second factors.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::storm::request::{Answer, Request};
use crate::storm::town::PASSWORDS;
use crate::storm::visit::Visit;

const PAGE: &str = "/settings/security";

/// Somebody new sets up an authenticator app, and logs in twice at once with the same code: one of the app, and a recovery
/// code. A login is left waiting, and the account is sometimes deleted. Nobody else in town knows it, because their
/// logins have no codes.
pub(super) async fn set_up_and_log_in(visit: &mut Visit<'_>) {
    let name = visit.town.new_name();
    let email = format!("{name}@example.org");
    let body = json!({ "name": name, "email": email, "password": PASSWORDS[0] });
    let Some(made) = visit.ask(Request::post("/api/v1/users").json(&body), &[201]).await else { return };
    let Some(session) = made.json()["access_token"].as_str().map(ToOwned::to_owned) else { return };
    let Some((secret, recovery)) = set_up(visit, &session).await else { return };
    if let Some(code) = secret.code(1) {
        log_in_twice(visit, &email, &code).await;
    }
    if let Some(code) = recovery.choose(&mut visit.dice).cloned() {
        log_in_twice(visit, &email, &code).await;
    }
    let form = [("email", email.as_str()), ("password", PASSWORDS[0])];
    let waiting = visit.ask(Request::post("/login").form(&form), &[303]).await;
    if waiting.is_some_and(|answer| answer.location() != "/login/second-factor") {
        visit.blame("the password alone opens an account with a second factor");
    }
    if visit.dice.random_bool(0.5) {
        let body = json!({ "password": PASSWORDS[0] });
        let delete = Request::new(Method::DELETE, "/api/v1/users/me").by(&session).json(&body);
        visit.ask(delete, &[204]).await;
    }
}

/// The secret of an app.
struct Shared(Secret);

impl Shared {
    /// The code of so many steps from now, by this machine's clock, which is the database's.
    fn code(&self, steps: i64) -> Option<String> {
        let now = chrono::Utc::now().timestamp().checked_add(steps * 30)?;
        let totp = Builder::new().with_secret(self.0.clone()).build().ok()?;
        Some(totp.generate(now.try_into().ok()?).to_string())
    }
}

/// Sets up an app. Returns its secret, and the recovery codes if they were shown.
async fn set_up(visit: &mut Visit<'_>, session: &str) -> Option<(Shared, Vec<String>)> {
    let by = |path: String, form: &[(&str, &str)]| Request::post(path).by(session).form(form);
    visit.ask(by(format!("{PAGE}/confirm"), &[("password", PASSWORDS[0])]), &[303]).await?;
    visit.ask(by(format!("{PAGE}/app"), &[]), &[303]).await?;
    let page = visit.ask(Request::get(PAGE).by(session), &[200]).await?.text();
    let text = page.split_once("class=\"totp-key\"")?.1.split_once("<code>")?.1.split_once("</code>")?.0;
    let secret = Shared(Secret::try_from_base32(text.replace(' ', "")).ok()?);
    let code = secret.code(0)?;
    let confirm = || by(format!("{PAGE}/app/confirm"), &[("code", &code)]);
    // 400: the code was of the step that has just ended.
    let answers = visit.ask_both([confirm(), confirm()], &[200, 303, 400]).await;
    let shown = answers.iter().flatten().map(recovery_codes).find(|codes| !codes.is_empty());
    Some((secret, shown.unwrap_or_default()))
}

fn recovery_codes(page: &Answer) -> Vec<String> {
    let text = page.text();
    let Some((_, list)) = text.split_once("class=\"recovery-codes\"") else { return Vec::new() };
    let list = list.split_once("</ul>").map_or("", |(list, _)| list);
    let codes = list.split("<code>").skip(1).filter_map(|part| part.split_once("</code>"));
    codes.map(|(code, _)| code.to_owned()).collect()
}

/// Logs in twice at once with the same code, of which at most one may succeed.
async fn log_in_twice(visit: &mut Visit<'_>, email: &str, code: &str) {
    let body: Value = json!({ "email": email, "password": PASSWORDS[0], "code": code });
    let login = || Request::post("/api/v1/tokens").json(&body);
    let answers = visit.ask_both([login(), login()], &[201, 403]).await;
    if answers.iter().flatten().filter(|answer| answer.is(201)).count() > 1 {
        visit.blame("one code has opened two sessions");
    }
}
