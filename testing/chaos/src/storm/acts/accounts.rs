//! Accounts: registering, logging in, merging, changing and deleting.

use futures::join;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::ratings;
use crate::storm::request::Request;
use crate::storm::town::{Member, PASSWORDS, Person};
use crate::storm::visit::Visit;

/// The allowed statuses of changing an account.
const CHANGED: [u16; 5] = [200, 400, 401, 403, 409];

fn a_password(visit: &mut Visit<'_>) -> &'static str {
    PASSWORDS[usize::from(visit.dice.random_bool(0.5))]
}

/// The member's password as far as it is known, or sometimes a guess.
pub(super) fn password_of(visit: &mut Visit<'_>, member: &Member) -> &'static str {
    let guess = a_password(visit);
    if visit.dice.random_bool(0.8) { member.password } else { guess }
}

pub(super) fn entered(answer: &Value) -> Option<Person> {
    Some(Person { id: answer["id"].as_i64()?, session: answer["access_token"].as_str()?.to_owned() })
}

pub(super) async fn become_anonymous(visit: &mut Visit<'_>) {
    let Some(answer) = visit.ask(Request::post("/api/v1/users"), &[201]).await else { return };
    let Some(person) = entered(&answer.json()) else { return visit.blame("no user") };
    visit.town.add_anonymous(person);
}

/// Registers a new member or an anonymous user, sometimes with a name that is taken.
pub(super) async fn register(visit: &mut Visit<'_>) {
    let taken = visit.town.a_member(&mut visit.dice).filter(|_| visit.dice.random_bool(0.15));
    let name = taken.map_or_else(|| visit.town.new_name(), |member| member.name);
    let email = format!("{name}@example.org");
    let body = json!({ "name": name, "email": email, "password": PASSWORDS[0] });
    let anonymous = visit.town.an_anonymous(&mut visit.dice).filter(|_| visit.dice.random_bool(0.5));
    let request = Request::post("/api/v1/users").json(&body);
    let request = anonymous.as_ref().map_or(request.clone(), |person| request.by(&person.session));
    let Some(answer) = visit.ask(request, &[201, 401, 403, 409]).await else { return };
    if let Some(person) = &anonymous {
        // The anonymous user is gone, whatever the answer is.
        visit.town.forget_session(&person.session);
    }
    if answer.is(201)
        && let Some(person) = entered(&answer.json())
    {
        let sessions = vec![person.session];
        visit.town.forget_member(person.id);
        visit.town.add_member(Member { id: person.id, name, email, password: PASSWORDS[0], sessions });
    }
}

pub(super) async fn log_in(visit: &mut Visit<'_>) {
    let Some(member) = visit.town.a_member(&mut visit.dice) else { return };
    let password = password_of(visit, &member);
    let body = json!({ "email": member.email, "password": password });
    let request = Request::post("/api/v1/tokens").json(&body);
    let Some(answer) = visit.ask(request, &[201, 403]).await else { return };
    match entered(&answer.json()).filter(|_| answer.is(201)) {
        Some(person) => {
            visit.town.set_password(member.id, password);
            visit.town.log_in(member.id, &person.session);
        }
        // A wrong guess, or an account whose deletion was not acknowledged.
        None if member.sessions.is_empty() && visit.dice.random_bool(0.2) => {
            visit.town.forget_member(member.id);
        }
        None => {}
    }
}

/// An anonymous user who has rated logs in while another tab rates again or shares.
pub(super) async fn merge(visit: &mut Visit<'_>) {
    let Some(person) = visit.town.an_anonymous(&mut visit.dice) else { return become_anonymous(visit).await };
    let Some(member) = visit.town.a_member(&mut visit.dice) else { return };
    ratings::rate_as(visit, &person).await;
    let Some(photo) = visit.town.a_live_photo(&mut visit.dice) else { return };
    let body = json!({ "email": member.email, "password": password_of(visit, &member) });
    let login = Request::post("/api/v1/tokens").by(&person.session).json(&body);
    let other = match visit.dice.random_range(0..3) {
        0 => Request::post(format!("/api/v1/photos/{photo}/shares")).by(&person.session),
        1 => {
            let body = json!({ "value": visit.dice.random_range(1..=10) });
            let path = format!("/api/v1/photos/{photo}/rating");
            Request::new(Method::PUT, path).by(&person.session).json(&body)
        }
        _ => Request::get("/api/v1/rate/next").by(&person.session),
    };
    let [login, _] = visit.ask_both([login, other], &[200, 201, 204, 400, 401, 403, 404]).await;
    let Some(login) = login else { return };
    if login.is(201)
        && let Some(entered) = entered(&login.json())
    {
        visit.town.told().merges += 1;
        visit.town.forget_session(&person.session);
        visit.town.log_in(member.id, &entered.session);
    }
}

pub(super) async fn log_out(visit: &mut Visit<'_>) {
    let Some(person) = visit.town.anybody(&mut visit.dice) else { return };
    let request = Request::new(Method::DELETE, "/api/v1/tokens/current").by(&person.session);
    if visit.ask(request, &[204, 401]).await.is_some() {
        visit.town.forget_session(&person.session);
    }
}

/// Changes an account, and returns whether it succeeded.
async fn change(visit: &mut Visit<'_>, session: &str, body: &Value) -> bool {
    let request = Request::new(Method::PATCH, "/api/v1/users/me").by(session).json(body);
    let Some(answer) = visit.ask(request, &CHANGED).await else { return false };
    if answer.is(401) {
        visit.town.forget_session(session);
    }
    answer.is(200)
}

pub(super) async fn rename(visit: &mut Visit<'_>) {
    let Some((member, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let name = visit.town.new_name();
    if change(visit, &session, &json!({ "name": name })).await {
        visit.town.rename(member.id, &name);
    }
}

pub(super) async fn change_about(visit: &mut Visit<'_>) {
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let line = format!("Storm {}", visit.dice.random_range(0..5));
    change(visit, &session, &json!({ "about": line })).await;
}

/// Asks for an archive. Members may ask for three a day.
pub(super) async fn export(visit: &mut Visit<'_>) {
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let request = Request::post("/api/v1/users/me/exports").by(&session);
    if visit.ask(request, &[202, 401, 403, 429]).await.is_some_and(|answer| answer.is(401)) {
        visit.town.forget_session(&session);
    }
}

pub(super) async fn change_email(visit: &mut Visit<'_>) {
    let Some((member, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let email = format!("{}@example.org", visit.town.new_name());
    let password = password_of(visit, &member);
    if change(visit, &session, &json!({ "email": email, "current_password": password })).await {
        visit.town.move_mail(member.id, &email);
    }
}

pub(super) async fn change_password(visit: &mut Visit<'_>) {
    let Some((member, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let (current, new) = (password_of(visit, &member), a_password(visit));
    visit.town.told().change_by(&session);
    if change(visit, &session, &json!({ "password": new, "current_password": current })).await {
        visit.town.set_password(member.id, new);
    }
}

/// Requests a reset link, and uses one that has arrived.
pub(super) async fn reset(visit: &mut Visit<'_>) {
    let Some(member) = visit.town.a_member(&mut visit.dice) else { return };
    let request = Request::post("/api/v1/password-resets").json(&json!({ "email": member.email }));
    visit.ask(request, &[202]).await;
    follow(visit, "/reset/").await;
}

pub(super) async fn verify(visit: &mut Visit<'_>) {
    follow(visit, "/verify/").await;
}

/// Uses a mailed link twice at the same time.
async fn follow(visit: &mut Visit<'_>, begin: &str) {
    let links = visit.town.mailed(begin);
    let Some(link) = links.choose(&mut visit.dice) else { return };
    let request = Request::post(link.clone()).form(&[("password", a_password(visit))]);
    // 400: the link is used up or has expired.
    visit.ask_both([request.clone(), request], &[303, 400]).await;
}

pub(super) async fn delete(visit: &mut Visit<'_>) {
    let Some((member, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let body = json!({ "password": password_of(visit, &member) });
    let request = Request::new(Method::DELETE, "/api/v1/users/me").by(&session).json(&body);
    // At the same time another visitor looks at the member's page.
    let looking = Request::get(format!("/members/{}", member.name));
    let mut other = Visit::new(visit.town, visit.act, visit.dice.clone());
    let (answer, _) = join!(visit.ask(request, &[204, 400, 401]), other.ask(looking, &[200, 404]));
    match answer.map(|answer| answer.status) {
        Some(204) => {
            visit.town.told().deleted.push(member.id);
            visit.town.forget_member(member.id);
        }
        Some(401) => visit.town.forget_session(&session),
        _ => {}
    }
}
