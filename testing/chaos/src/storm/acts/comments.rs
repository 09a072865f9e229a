//! Comments: writing, answering, changing and deleting them, blocking members, and reading notifications.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::storm::request::Request;
use crate::storm::visit::Visit;

/// What people say. There are few texts, so that the same one from several accounts is held.
const TEXTS: [&str; 6] =
    ["What a blep.", "So derpy!", "https://example.org is worse.", "10 of 10", "Bork.", "I want one."];

/// A comment on a live photo, or an answer to one that its writer sees.
pub(super) async fn comment(visit: &mut Visit<'_>) {
    let Some(photo) = visit.town.a_live_photo(&mut visit.dice) else { return };
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let parent = if visit.dice.random_bool(0.5) { a_comment(visit, photo, &session).await } else { None };
    let text =
        format!("{} {}", TEXTS[visit.dice.random_range(0..TEXTS.len())], visit.dice.random_range(0..4));
    let body = match parent {
        Some(parent) => json!({ "text": text, "parent": parent }),
        None => json!({ "text": text }),
    };
    let request = Request::post(format!("/api/v1/photos/{photo}/comments")).by(&session).json(&body);
    let Some(answer) = visit.ask(request, &[201, 400, 401, 403, 404]).await else { return };
    if answer.is(401) {
        visit.town.forget_session(&session);
    }
}

/// A comment of a photo that this session sees.
async fn a_comment(visit: &mut Visit<'_>, photo: i64, session: &str) -> Option<i64> {
    let request = Request::get(format!("/api/v1/photos/{photo}/comments?limit=100")).by(session);
    let list = visit.ask(request, &[200, 401, 404]).await?.json();
    let ids: Vec<_> = list["data"].as_array()?.iter().filter_map(|comment| comment["id"].as_i64()).collect();
    ids.choose(&mut visit.dice).copied()
}

/// Changes a comment, deletes it twice at the same time, or deletes it while it is answered.
pub(super) async fn change(visit: &mut Visit<'_>) {
    let Some(photo) = visit.town.a_live_photo(&mut visit.dice) else { return };
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let staff = visit.town.staff.session.clone();
    let Some(comment) = a_comment(visit, photo, &staff).await else { return };
    let session = if visit.dice.random_bool(0.3) { staff } else { session };
    let path = format!("/api/v1/comments/{comment}");
    let one = if visit.dice.random_bool(0.5) {
        let text = TEXTS[visit.dice.random_range(0..TEXTS.len())];
        Request::new(Method::PATCH, path.clone()).by(&session).json(&json!({ "text": text }))
    } else {
        Request::new(Method::DELETE, path.clone()).by(&session)
    };
    let other = if visit.dice.random_bool(0.5) {
        Request::new(Method::DELETE, path).by(&session)
    } else {
        let body = json!({ "text": "An answer", "parent": comment });
        Request::post(format!("/api/v1/photos/{photo}/comments")).by(&session).json(&body)
    };
    visit.ask_both([one, other], &[200, 201, 400, 401, 403, 404]).await;
}

/// A member blocks another, or ends that.
pub(super) async fn block(visit: &mut Visit<'_>) {
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let Some(other) = visit.town.a_member(&mut visit.dice) else { return };
    let act = if visit.dice.random_bool(0.5) { "block" } else { "unblock" };
    let form = [("name", other.name.as_str()), ("act", act)];
    visit.ask(Request::post("/settings/blocked").by(&session).form(&form), &[303, 400, 401, 403]).await;
}

/// A member reads notifications.
pub(super) async fn read(visit: &mut Visit<'_>) {
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let list = Request::get("/api/v1/users/me/notifications").by(&session);
    let Some(answer) = visit.ask(list, &[200, 401]).await else { return };
    let until: Value = answer.json()["data"][0]["id"].clone();
    if until.is_null() {
        return;
    }
    let read =
        Request::post("/api/v1/users/me/notifications/read").by(&session).json(&json!({ "until": until }));
    visit.ask(read, &[200, 401]).await;
}

/// A moderator approves or removes what is held.
pub(super) async fn review(visit: &mut Visit<'_>) {
    let staff = visit.town.staff.session.clone();
    let Some(page) = visit.ask(Request::get("/moderation/comments").by(&staff), &[200]).await else { return };
    let held = page.between("data-comment=\"", "\"");
    let Some(comment) = held.choose(&mut visit.dice) else { return };
    let act = if visit.dice.random_bool(0.5) { "approve" } else { "remove" };
    let form = [("act", act), ("reason", "Spam")];
    let request = Request::post(format!("/comments/{comment}/review")).by(&staff).form(&form);
    visit.ask(request, &[303, 404]).await;
}
