//! Members who rate and comment while a moderator sanctions them.

use rand::RngExt as _;
use reqwest::Method;
use serde_json::json;

use super::{accounts, ratings};
use crate::storm::request::Request;
use crate::storm::town::PASSWORDS;
use crate::storm::visit::Visit;

/// What a moderator does, and what becomes of the content.
const KINDS: [(&str, &str); 5] =
    [("ban", "keep"), ("ban", "hide"), ("suspend", "hide"), ("silence", "hide"), ("warn", "keep")];

/// A new member rates, comments and is sanctioned meanwhile. Mostly the sanction is lifted again, twice at the same
/// time. Nobody else is this member, so that no other act is refused because of it.
pub(super) async fn sanction(visit: &mut Visit<'_>) {
    let name = visit.town.new_name();
    let body = json!({ "name": name, "email": format!("{name}@example.org"), "password": PASSWORDS[0] });
    let Some(answer) = visit.ask(Request::post("/api/v1/users").json(&body), &[201]).await else { return };
    let Some(person) = accounts::entered(&answer.json()) else { return visit.blame("no user") };
    for _ in 0..3 {
        ratings::rate_as(visit, &person).await;
    }
    let Some(photo) = visit.town.a_live_photo(&mut visit.dice) else { return };
    let rating = |value: u8| {
        let path = format!("/api/v1/photos/{photo}/rating");
        Request::new(Method::PUT, path).by(&person.session).json(&json!({ "value": value }))
    };
    let text = format!("Thunder {}", visit.dice.random_range(0..1000));
    let comment = Request::post(format!("/api/v1/photos/{photo}/comments"))
        .by(&person.session)
        .json(&json!({ "text": text }));
    let staff = visit.town.staff.session.clone();
    let (kind, content) = KINDS[visit.dice.random_range(0..KINDS.len())];
    let form = [("kind", kind), ("content", content), ("reason", "Thunder and lightning")];
    let record = format!("/moderation/members/{name}");
    let impose = Request::post(format!("{record}/sanctions")).by(&staff).form(&form);
    let meanwhile =
        if visit.dice.random_bool(0.5) { rating(visit.dice.random_range(1..=10)) } else { comment };
    visit.ask_both([impose, meanwhile], &[200, 201, 303, 400, 401, 403, 404, 429]).await;
    if visit.dice.random_bool(0.3) {
        return;
    }
    let Some(page) = visit.ask(Request::get(record).by(&staff), &[200]).await else { return };
    let Some(sanction) = page.between("action=\"/moderation/sanctions/", "/lift\"").into_iter().next() else {
        return;
    };
    let lift = || Request::post(format!("/moderation/sanctions/{sanction}/lift")).by(&staff);
    visit.ask_both([lift(), lift()], &[303, 409]).await;
}
