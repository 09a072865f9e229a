//! Photos: submitting, publishing, changing, remixing, sharing, deleting and blocking.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use reqwest::Method;
use serde_json::json;

use crate::storm::pictures;
use crate::storm::request::Request;
use crate::storm::visit::Visit;

/// The allowed statuses of submitting: the file may be broken, the session may have ended, and anonymous users can only
/// keep drafts.
const SUBMITTED: [u16; 4] = [202, 400, 401, 403];

const FIELDS: [(&str, &str); 3] =
    [("title", "A cat in a storm"), ("species", "cat"), ("tags", "storm, sofa")];

/// Notes an accepted photo.
fn taken(visit: &Visit<'_>, photo: Option<i64>, owner: i64) {
    let Some(photo) = photo else { return visit.blame("an accepted upload has no id") };
    visit.town.add_photo(photo);
    visit.town.told().photos.push((photo, owner));
}

pub(super) async fn submit(visit: &mut Visit<'_>) {
    let Some((member, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let file = pictures::a_file(&visit.town.pictures, &mut visit.dice);
    let request = Request::post("/api/v1/photos").by(&session).upload(&FIELDS, &file);
    let Some(answer) = visit.ask(request, &SUBMITTED).await else { return };
    match answer.status {
        202 => taken(visit, answer.json()["id"].as_i64(), member.id),
        401 => visit.town.forget_session(&session),
        _ => {}
    }
}

/// Sends a picture for a portrait, or removes the portrait.
pub(super) async fn send_portrait(visit: &mut Visit<'_>) {
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let path = "/api/v1/users/me/avatar";
    let request = if visit.dice.random_bool(0.8) {
        let file = pictures::a_file(&visit.town.pictures, &mut visit.dice);
        Request::new(Method::PUT, path).by(&session).upload(&[], &file)
    } else {
        Request::new(Method::DELETE, path).by(&session)
    };
    if visit.ask(request, &[202, 204, 400, 401, 403]).await.is_some_and(|answer| answer.is(401)) {
        visit.town.forget_session(&session);
    }
}

/// Sends the same upload twice at the same time. It must make one photo.
pub(super) async fn submit_twice(visit: &mut Visit<'_>) {
    let Some((member, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let file = pictures::a_file(&visit.town.pictures, &mut visit.dice);
    let key = visit.dice.random::<u64>().to_string();
    let request = Request::post("/api/v1/photos").by(&session).once(&key).upload(&FIELDS, &file);
    let answers = visit.ask_both([request.clone(), request], &SUBMITTED).await;
    let taken_as = answers.iter().flatten().filter(|answer| answer.is(202));
    let photos: Vec<_> = taken_as.map(|answer| answer.json()["id"].as_i64()).collect();
    if let [one, other] = photos[..]
        && one != other
    {
        visit.blame(&format!("one upload made two photos: {one:?} and {other:?}"));
    }
    if let Some(photo) = photos.first() {
        taken(visit, *photo, member.id);
    }
}

/// Keeps a draft as a member or an anonymous user, and publishes it twice at the same time, or publishes and deletes it.
pub(super) async fn keep_and_publish(visit: &mut Visit<'_>) {
    let Some(person) = visit.town.anybody(&mut visit.dice) else { return };
    let file = pictures::a_file(&visit.town.pictures, &mut visit.dice);
    // Mostly titles of their own, because an owner's second live photo of a title is refused.
    let title = format!("A cat in storm {}", visit.dice.random_range(0..1000));
    let fields = [&FIELDS[1..], &[("title", &*title), ("draft", "1")]].concat();
    let request = Request::post("/submit").by(&person.session).upload(&fields, &file);
    let Some(answer) = visit.ask(request, &[303, 400, 401, 403]).await else { return };
    let path = answer.location().to_owned();
    let Some(photo) = path.strip_prefix("/photos/").filter(|_| answer.is(303)) else { return };
    let photo: Option<i64> = photo.split(['?', '#']).next().and_then(|number| number.parse().ok());
    let Some(photo) = photo else { return visit.blame(&format!("a draft leads to {path}")) };
    // If the session has just ended, the draft belongs to a new anonymous user.
    visit.town.add_photo(photo);
    let publish = Request::post(format!("/photos/{photo}/publish")).by(&person.session);
    let other = if visit.dice.random_bool(0.7) {
        publish.clone()
    } else {
        Request::post(format!("/photos/{photo}/delete")).by(&person.session)
    };
    visit.ask_both([publish, other], &[303, 401, 403, 404, 409]).await;
}

/// A photo that was taken from a member, who may have deleted it, or lost it with the account.
fn own_photo(visit: &mut Visit<'_>, member: i64) -> Option<i64> {
    let taken: Vec<_> =
        visit.town.told().photos.iter().filter(|(_, owner)| *owner == member).copied().collect();
    taken.choose(&mut visit.dice).map(|(photo, _)| *photo)
}

/// Changes a photo of one's own: its title, its crop, or both.
pub(super) async fn change(visit: &mut Visit<'_>) {
    let Some((member, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let Some(photo) = own_photo(visit, member.id) else { return };
    let title = format!("A changed cat {}", visit.dice.random_range(0..1000));
    let crop = format!("{},0,300", visit.dice.random_range(0..100));
    let body = match visit.dice.random_range(0..3) {
        0 => json!({ "title": title, "tags": "changed" }),
        1 => json!({ "crop": crop }),
        _ => json!({ "title": title, "species": "dog", "crop": crop }),
    };
    let path = format!("/api/v1/photos/{photo}");
    let request = Request::new(Method::PATCH, path).by(&session).json(&body);
    visit.ask(request, &[200, 400, 401, 403, 404, 409]).await;
}

/// Makes a photo of one's own what it was at first.
pub(super) async fn restore(visit: &mut Visit<'_>) {
    let Some((member, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let Some(photo) = own_photo(visit, member.id) else { return };
    let request = Request::post(format!("/api/v1/photos/{photo}/revisions/1/restore")).by(&session);
    visit.ask(request, &[200, 401, 403, 404, 409]).await;
}

/// Makes a remix, crops it or not, and publishes it.
pub(super) async fn remix(visit: &mut Visit<'_>) {
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let Some(parent) = visit.town.a_live_photo(&mut visit.dice) else { return };
    let request = Request::post(format!("/api/v1/photos?from={parent}")).by(&session);
    let Some(made) = visit.ask(request, &[202, 401, 403, 404]).await else { return };
    let Some(photo) = made.json()["id"].as_i64().filter(|_| made.is(202)) else { return };
    visit.town.add_photo(photo);
    let title = format!("A remixed cat {}", visit.dice.random_range(0..1000));
    let mut body = json!({ "title": title });
    if visit.dice.random_bool(0.5) {
        body["crop"] = json!("0,0,300");
    }
    let path = format!("/api/v1/photos/{photo}");
    let request = Request::new(Method::PATCH, &*path).by(&session).json(&body);
    visit.ask(request, &[200, 400, 401, 403, 404, 409]).await;
    let request = Request::post(format!("{path}/publish")).by(&session);
    visit.ask(request, &[200, 400, 401, 403, 404, 409]).await;
}

/// Deletes a photo, also one of another owner, which is refused.
pub(super) async fn delete(visit: &mut Visit<'_>) {
    let Some(photo) = visit.town.a_photo(&mut visit.dice) else { return };
    let session = match visit.town.a_member_inside(&mut visit.dice) {
        Some((_, session)) if visit.dice.random_bool(0.8) => session,
        _ => visit.town.staff.session.clone(),
    };
    let path = format!("/api/v1/photos/{photo}");
    visit.ask(Request::new(Method::DELETE, path).by(&session), &[204, 401, 403, 404]).await;
}

pub(super) async fn share(visit: &mut Visit<'_>) {
    let Some(photo) = visit.town.a_live_photo(&mut visit.dice) else { return };
    let request = Request::post(format!("/api/v1/photos/{photo}/shares"));
    let person = visit.town.anybody(&mut visit.dice).filter(|_| visit.dice.random_bool(0.8));
    let request = person.map_or(request.clone(), |person| request.by(&person.session));
    let Some(answer) = visit.ask(request, &[201, 401, 404]).await else { return };
    let shared = answer.json();
    if let Some(at) = shared["url"].as_str().and_then(|url| url.find("/s/").map(|at| url[at..].to_owned())) {
        visit.town.add_link(at);
    }
}

/// Blocks the picture of a photo in any state, and sometimes other photos with this picture.
pub(super) async fn block(visit: &mut Visit<'_>) {
    let Some(photo) = visit.town.a_photo(&mut visit.dice) else { return };
    let staff = visit.town.staff.session.clone();
    let request = Request::post(format!("/photos/{photo}/block")).by(&staff).form(&[("reason", "Not a cat")]);
    visit.ask(request, &[303, 404]).await;
    if visit.dice.random_bool(0.3) {
        let seen = visit.town.photos().iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
        let request = Request::post(format!("/photos/{photo}/block-alike")).by(&staff);
        visit.ask(request.form(&[("photos", &seen)]), &[303, 404]).await;
    }
}

pub(super) async fn unblock(visit: &mut Visit<'_>) {
    let staff = visit.town.staff.session.clone();
    let Some(page) = visit.ask(Request::get("/moderation/blocked").by(&staff), &[200]).await else { return };
    let blocked = page.between("action=\"/moderation/blocked/", "/unblock\"");
    let Some(picture) = blocked.choose(&mut visit.dice) else { return };
    visit.ask(Request::post(format!("/moderation/blocked/{picture}/unblock")).by(&staff), &[303, 404]).await;
}

/// Hides a photo in any state, or deletes it as a moderator, such that it can come back.
pub(super) async fn hide(visit: &mut Visit<'_>) {
    let Some(photo) = visit.town.a_photo(&mut visit.dice) else { return };
    let staff = visit.town.staff.session.clone();
    let act = if visit.dice.random_bool(0.7) { "hide" } else { "delete" };
    let request = Request::post(format!("/photos/{photo}/{act}")).by(&staff).form(&[("reason", "Not a cat")]);
    visit.ask(request, &[303, 404]).await;
}

/// Undoes one of the latest acts of moderators, which may be refused.
pub(super) async fn undo(visit: &mut Visit<'_>) {
    let staff = visit.town.staff.session.clone();
    let Some(page) = visit.ask(Request::get("/moderation/acts").by(&staff), &[200]).await else { return };
    let acts = page.between("action=\"/moderation/acts/", "/undo\"");
    let Some(act) = acts.choose(&mut visit.dice) else { return };
    let request = Request::post(format!("/moderation/acts/{act}/undo")).by(&staff).form(&[("kind", "")]);
    visit.ask(request, &[303, 404, 409]).await;
}
