//! Recording a rating.

use axum::Extension;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::Cookie;
use chrono::Utc;
use pawdium_shared::accounts;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::ranking::{sharing, virality::Moment};
use pawdium_shared::ratings::queries::{self, Given};
use pawdium_shared::ratings::serving::{Scope, Served};
use pawdium_shared::ratings::{Ballot, BallotRefused, Derpiness, Lane};
use serde::Deserialize;

use super::page;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::Visitor;
use crate::photos::moments;
use crate::photos::place::Place;
use crate::state::App;
use crate::views::photo_path;

/// The form of the ten keys.
#[derive(Debug, Deserialize)]
pub struct RateForm {
    value: Option<String>,
    ballot: Option<String>,
    from: Option<String>,
    hub: Option<String>,
    list: Option<String>,
}

/// `POST /photos/{photo}/rating`: stores the visitor's rating and shows the next photo. With the header `Pawdium-Part`,
/// `rate.js` gets only the changed part.
pub async fn rate(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
    headers: HeaderMap,
    Path(photo): Path<PhotoId>,
    Form(form): Form<RateForm>,
) -> Result<Response, Error> {
    let visitor = visitor.with_first(&app, form.ballot.as_deref().unwrap_or_default());
    let wants_part = headers.contains_key("pawdium-part");
    let value = form.value.as_deref().unwrap_or_default().parse::<Derpiness>();
    let hub = page::find_hub(&app, &visitor, form.hub.as_deref()).await?;
    let scope = page::scope(hub.as_ref());
    let result = match value {
        Ok(value) => record(&app, &visitor, client, photo, (value, form.ballot.as_deref()), scope).await,
        Err(error) => Err(Error::Field { field: "value", message: error.to_string() }),
    };
    match result {
        Ok(recorded) => {
            let jar = recorded.cookie.map_or(jar.clone(), |cookie| jar.add(cookie));
            if wants_part {
                let visitor =
                    Visitor { key: recorded.rater.rater_key, user: Some(recorded.rater), ..visitor };
                let feedback = page::feedback(&app, &visitor, photo).await?;
                let stage = page::stage(&app, &visitor, hub.as_ref(), recorded.next, feedback, None).await?;
                Ok((jar, Page(stage)).into_response())
            } else if form.from.as_deref() == Some("photo") {
                let jar = jar.add(Notice::RatingChanged.cookie());
                let place = form.list.as_deref().and_then(|list| list.parse::<Place>().ok());
                let from = place.map(|place| place.to_string());
                Ok((jar, Redirect::to(&photo_path(photo, from.as_deref()))).into_response())
            } else if form.from.as_deref() == Some("hub")
                && let Some(hub) = &hub
            {
                let jar = jar.add(Notice::Rated.cookie());
                Ok((jar, Redirect::to(&format!("{}#rate", hub.path()))).into_response())
            } else {
                let page = hub.map_or_else(|| "/".to_owned(), |hub| format!("{}/rate", hub.path()));
                Ok((jar, Redirect::to(&format!("{page}?rated={photo}"))).into_response())
            }
        }
        Err(error) if wants_part && error.status().is_client_error() => {
            let served = page::current(&app, &visitor, scope).await?;
            let stage =
                page::stage(&app, &visitor, hub.as_ref(), served, None, Some(error.to_string())).await?;
            Ok((error.status(), Extension(error.noted()), Page(stage)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// A recorded rating.
#[derive(Debug)]
pub struct Recorded {
    /// The rater, created if the visitor had no user.
    pub rater: accounts::User,
    /// The next photo on the rater's page.
    pub next: Option<Served>,
    /// The session of a newly created rater.
    pub cookie: Option<Cookie<'static>>,
}

/// Records a rating, given as its value and ballot, in one transaction with the user that it may create. Picks the next
/// photo of the scope after the commit, so that the rating stands even if that fails.
///
/// # Errors
/// Says why the rating doesn't count.
pub async fn record(
    app: &App,
    visitor: &Visitor,
    client: Client,
    photo: PhotoId,
    (value, ballot): (Derpiness, Option<&str>),
    scope: Scope,
) -> Result<Recorded, Error> {
    app.pace.count(visitor.key, client)?;
    let ballot = match ballot {
        Some(text) => Some(open(app, visitor, photo, text).await?),
        None => None,
    };
    if visitor.user.is_none() {
        limits::count(app, Limited::Anonymous, client.counted()).await?;
    }
    let (rater, cookie) = match write(app, visitor, client, photo, value, ballot).await {
        Err(Error::SessionEnded) => {
            let now = visitor.find_again(app).await?;
            write(app, &now, client, photo, value, ballot).await?
        }
        written => written?,
    };
    let next = app.servings.current(scope, rater.id, rater.rater_key).await.map_err(Error::from);
    let next = match next {
        Err(Error::SessionEnded) => None,
        next => next?,
    };
    Ok(Recorded { rater, next, cookie })
}

/// Opens the visitor's ballot. A ballot issued before they logged in, on a page that is still open, is also valid, and
/// so is a first ballot, on a page from before they were known.
async fn open(app: &App, visitor: &Visitor, photo: PhotoId, text: &str) -> Result<Ballot, Error> {
    match app.ballots.open_first(text, photo, Utc::now()) {
        Err(BallotRefused::Forged) => {}
        first => return Ok(Ballot { rater: visitor.key, ..first.map_err(refused)? }),
    }
    let ballot = app.ballots.open(text, photo, Utc::now()).map_err(refused)?;
    let is_theirs = ballot.rater == visitor.key || {
        let mut db = app.db.acquire().await?;
        accounts::queries::has_merged_key(&mut db, visitor.id(), ballot.rater).await?
    };
    if is_theirs { Ok(ballot) } else { Err(refused(BallotRefused::Forged)) }
}

async fn write(
    app: &App,
    visitor: &Visitor,
    client: Client,
    photo: PhotoId,
    value: Derpiness,
    ballot: Option<Ballot>,
) -> Result<(accounts::User, Option<Cookie<'static>>), Error> {
    if let Some(rater) = &visitor.user
        && !is_by_link(ballot)
    {
        app.recorder.record(Given { photo, rater: rater.id, value, ballot }).await?;
        return Ok((rater.clone(), None));
    }
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let (rater, cookie) = visitor.remember(app, client, &mut tx).await?;
        let rater = find_rater(&mut tx, rater).await?;
        // The key belongs to a user who has registered or is gone, so this ballot may already have counted.
        if visitor.user.is_none() && ballot.is_some_and(|ballot| ballot.rater != rater.rater_key) {
            return Err(refused(BallotRefused::Forged));
        }
        // Silenced members make nothing more viral.
        if is_by_link(ballot) && !rater.standing.is_restricted() {
            let digest = moments::digest(app, visitor, client);
            sharing::record(&mut tx, photo, Moment::LinkRating, &digest).await?;
        }
        queries::record(&mut tx, Given { photo, rater: rater.id, value, ballot }).await?;
        tx.commit().await?;
        Ok((rater, cookie))
    })
    .await
}

fn is_by_link(ballot: Option<Ballot>) -> bool {
    ballot.is_some_and(|ballot| ballot.lane == Lane::Link)
}

fn refused(error: BallotRefused) -> Error {
    Error::Field { field: "ballot", message: error.to_string() }
}

async fn find_rater(db: &mut sqlx::PgConnection, rater: UserId) -> Result<accounts::User, Error> {
    accounts::queries::find(db, rater).await?.ok_or(Error::SessionEnded)
}
