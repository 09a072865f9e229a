//! Sessions and API tokens.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use reqwest::Method;
use serde_json::Value;

use super::accounts::password_of;
use crate::storm::request::Request;
use crate::storm::visit::Visit;

const SESSIONS: &str = "/api/v1/users/me/sessions";

/// A member ends a session, perhaps the one that asks, while another request uses it, or ends all others.
pub(super) async fn end(visit: &mut Visit<'_>) {
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let Some(answer) = visit.ask(Request::get(SESSIONS).by(&session), &[200, 401]).await else { return };
    let listed: Vec<Value> = answer.json()["data"].as_array().cloned().unwrap_or_default();
    let Some(id) = listed.choose(&mut visit.dice).and_then(|one| one["id"].as_i64()) else { return };
    let looking = Request::get("/api/v1/users/me").by(&session);
    let ending = if visit.dice.random_bool(0.3) {
        Request::post("/settings/sessions/end-others").by(&session)
    } else {
        Request::new(Method::DELETE, format!("{SESSIONS}/{id}")).by(&session)
    };
    visit.ask_both([ending, looking], &[200, 204, 303, 401, 403, 404]).await;
}

/// A member makes an API token, uses it for more than it may do, and ends it.
pub(super) async fn make_token(visit: &mut Visit<'_>) {
    let Some((member, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let password = password_of(visit, &member);
    let form = [("name", "Storm"), ("rate", "on"), ("days", "30"), ("current_password", password)];
    let make = Request::post("/settings/tokens").by(&session).form(&form);
    let Some(answer) = visit.ask(make, &[200, 400, 401, 403]).await else { return };
    let text = answer.text();
    let Some(token) = text.split(['<', '>']).find(|part| part.starts_with("pawdium_")) else { return };
    // 401: the password was changed meanwhile, or another made the same token a moment later.
    visit.ask(Request::get("/api/v1/rate/next").by(token), &[200, 204, 401]).await;
    visit.ask(Request::get("/api/v1/users/me").by(token), &[401, 403]).await;
    visit.ask(Request::new(Method::DELETE, "/api/v1/tokens/current").by(token), &[204, 401]).await;
}
