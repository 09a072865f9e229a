//! Visiting and rating.

use rand::RngExt as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::storm::request::{Answer, Request};
use crate::storm::town::Person;
use crate::storm::visit::Visit;

/// The allowed statuses of rating: the ballot may be used, the session may have ended, and the photo may be the rater's
/// own or gone.
const RATED: [u16; 5] = [200, 400, 401, 403, 404];

/// A photo on a page, with its ballot.
struct Ballot {
    photo: String,
    sealed: String,
    cookies: String,
}

impl Ballot {
    fn on(page: &Answer) -> Option<Self> {
        let photo = page.between("action=\"/photos/", "/rating\"").into_iter().next()?;
        let sealed = page.between("name=\"ballot\" value=\"", "\"").into_iter().next()?;
        Some(Self { photo, sealed, cookies: page.cookies() })
    }

    fn cast(&self, value: u8, session: Option<&str>) -> Request {
        let request = Request::post(format!("/photos/{}/rating", self.photo)).with_cookies(&self.cookies);
        let request = session.map_or(request.clone(), |session| request.by(session));
        request.form(&[("value", &value.to_string()), ("ballot", &self.sealed)])
    }
}

pub(super) async fn look_around(visit: &mut Visit<'_>) {
    let path = match visit.dice.random_range(0..6) {
        0 => "/top".to_owned(),
        1 => "/trending".to_owned(),
        2 => visit
            .town
            .a_member(&mut visit.dice)
            .map_or("/".to_owned(), |who| format!("/members/{}", who.name)),
        3 => "/api/v1/top?limit=5".to_owned(),
        4 => "/".to_owned(),
        _ => visit.town.a_photo(&mut visit.dice).map_or("/".to_owned(), |photo| format!("/photos/{photo}")),
    };
    visit.ask(Request::get(path), &[200, 404]).await;
}

/// Rates without a user, which makes an anonymous one.
pub(super) async fn rate_without_a_user(visit: &mut Visit<'_>) {
    let Some(page) = visit.ask(Request::get("/"), &[200]).await else { return };
    let Some(ballot) = Ballot::on(&page) else { return };
    let value = visit.dice.random_range(1..=10);
    visit.ask(ballot.cast(value, None), &[303, 400, 401, 403, 404]).await;
}

/// Rates the photo that is served to a random user.
pub(super) async fn rate(visit: &mut Visit<'_>) {
    let Some(rater) = visit.town.anybody(&mut visit.dice) else { return };
    rate_as(visit, &rater).await;
}

/// Rates the photo that is served to this user.
pub(super) async fn rate_as(visit: &mut Visit<'_>, rater: &Person) {
    let next = Request::get("/api/v1/rate/next").by(&rater.session);
    let Some(answer) = visit.ask(next, &[200, 204, 401]).await else { return };
    if answer.is(401) {
        visit.town.forget_session(&rater.session);
    }
    let served = answer.json();
    let Some(photo) = served["photo"]["id"].as_i64() else { return };
    visit.town.add_live(photo);
    let body = json!({ "value": visit.dice.random_range(1..=10), "ballot": served["ballot"] });
    put(visit, photo, rater, &body).await;
}

/// Rates a photo that all people rate, without a ballot. This is allowed if the user has rated it before.
pub(super) async fn rate_again(visit: &mut Visit<'_>) {
    let Some(rater) = visit.town.anybody(&mut visit.dice) else { return };
    let Some(photo) = visit.town.a_live_photo(&mut visit.dice) else { return };
    let body = json!({ "value": visit.dice.random_range(1..=10) });
    put(visit, photo, &rater, &body).await;
}

/// Takes back the rating of a photo that all people rate, or of none.
pub(super) async fn take_back(visit: &mut Visit<'_>) {
    let Some(rater) = visit.town.anybody(&mut visit.dice) else { return };
    let Some(photo) = visit.town.a_live_photo(&mut visit.dice) else { return };
    visit.town.told().taken_back.push((photo, rater.id));
    let path = format!("/api/v1/photos/{photo}/rating");
    let request = Request::new(Method::DELETE, path).by(&rater.session);
    if visit.ask(request, &[204, 401]).await.is_some_and(|answer| answer.is(401)) {
        visit.town.forget_session(&rater.session);
    }
}

async fn put(visit: &mut Visit<'_>, photo: i64, rater: &Person, body: &Value) {
    let path = format!("/api/v1/photos/{photo}/rating");
    let request = Request::new(Method::PUT, path).by(&rater.session).json(body);
    let Some(answer) = visit.ask(request, &RATED).await else { return };
    match answer.status {
        200 => visit.town.told().ratings.push((photo, rater.id)),
        401 => visit.town.forget_session(&rater.session),
        404 => visit.town.forget_live(photo),
        _ => {}
    }
}

/// Follows a shared link, with or without a user, and rates.
pub(super) async fn rate_by_link(visit: &mut Visit<'_>) {
    let Some(link) = visit.town.a_link(&mut visit.dice) else { return };
    let session = visit.town.anybody(&mut visit.dice).map(|person| person.session);
    let session = session.filter(|_| visit.dice.random_bool(0.5));
    let request = Request::get(link);
    let request = session.as_deref().map_or(request.clone(), |session| request.by(session));
    let Some(page) = visit.ask(request, &[200, 404]).await else { return };
    let Some(ballot) = Ballot::on(&page) else { return };
    let value = visit.dice.random_range(1..=10);
    visit.ask(ballot.cast(value, session.as_deref()), &[303, 400, 401, 403, 404]).await;
}
