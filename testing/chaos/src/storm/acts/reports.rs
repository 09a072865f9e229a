//! Reports, and moderators who judge them.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use serde_json::json;

use crate::storm::request::Request;
use crate::storm::visit::Visit;

const CATEGORIES: [&str; 4] = ["spam", "not-an-animal", "hurtful", "stolen"];

/// A member reports a photo or another member, twice at the same time. With several reports a photo is hidden.
pub(super) async fn report(visit: &mut Visit<'_>) {
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let path = if visit.dice.random_bool(0.8) {
        let Some(photo) = visit.town.a_live_photo(&mut visit.dice) else { return };
        format!("/api/v1/photos/{photo}/reports")
    } else {
        let Some(other) = visit.town.a_member(&mut visit.dice) else { return };
        format!("/api/v1/users/{}/reports", other.name)
    };
    let category = CATEGORIES[visit.dice.random_range(0..CATEGORIES.len())];
    let body = json!({ "category": category, "text": "Look at this." });
    let request = || Request::post(path.clone()).by(&session).json(&body);
    visit.ask_both([request(), request()], &[200, 201, 401, 403, 404]).await;
}

/// A moderator claims a case and judges it, or judges it twice at the same time.
pub(super) async fn judge(visit: &mut Visit<'_>) {
    let staff = visit.town.staff.session.clone();
    let Some(page) = visit.ask(Request::get("/moderation/review").by(&staff), &[200]).await else { return };
    let cases = page.between("data-case=\"", "\"");
    let Some(case) = cases.choose(&mut visit.dice) else { return };
    let path = format!("/moderation/review/{case}");
    let claim = Request::post(format!("{path}/claim")).by(&staff).form(&[("act", "claim")]);
    if visit.dice.random_bool(0.3) {
        visit.ask(claim, &[303, 404, 409]).await;
    }
    let acts = ["dismiss", "dismiss", "uphold", "take_down", "show"];
    let mut act = || {
        let act = acts[visit.dice.random_range(0..acts.len())];
        Request::post(path.clone()).by(&staff).form(&[("act", act), ("reason", "Not a cat")])
    };
    let both = [act(), act()];
    visit.ask_both(both, &[303, 400, 404, 409]).await;
}
