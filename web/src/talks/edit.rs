//! Opening a call, changing it and moving it on.

use axum::extract::{Form, OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::{DateTime, Utc};
use pawdium_shared::hubs::{self, Hub};
use pawdium_shared::ids::CallId;
use pawdium_shared::talks::times::{self, NoMoment};
use pawdium_shared::talks::{Call, Phase};
use serde::Deserialize;
use sqlx::PgConnection;

use super::access::{SeenCall, find_call};
use super::acts::{self, WantedCall};
use super::present;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::hubs::access::find_hub_at;
use crate::hubs::head;
use crate::state::App;
use crate::views::Field;
use crate::views::hubs::{HubTab, Standing};
use crate::views::talks::calls::{CallForm, CallFormPage};
use crate::views::talks::{CallTab, When};

/// The fields of times.
const TIMES: [&str; 4] = ["pitch_from", "voting_from", "closes_at", "announced_at"];

/// The form of a call. Times are as the hub's clocks show them, and may be empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CallFields {
    title: String,
    text: String,
    pitch_from: String,
    voting_from: String,
    closes_at: String,
    announced_at: String,
    voters: Option<String>,
    votes_each: Option<String>,
    totals: Option<String>,
    blind: Option<String>,
    moderated: Option<String>,
}

/// The form that moves a call on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MoveForm {
    from: String,
    to: String,
}

/// The moments of a form's times, or what is wrong with them.
type Moments = Result<[Option<DateTime<Utc>>; 4], Vec<(&'static str, String)>>;

impl CallFields {
    fn times(&self) -> [&str; 4] {
        [&self.pitch_from, &self.voting_from, &self.closes_at, &self.announced_at].map(|time| time.trim())
    }

    /// Reads the times. One that says what `before` does is kept to the second, and to the hour that exists twice.
    async fn moments(
        &self,
        db: &mut PgConnection,
        zone: &str,
        before: [Option<When>; 4],
    ) -> Result<Moments, Error> {
        let (mut moments, mut wrong) = ([None; 4], Vec::new());
        for (((moment, field), text), before) in moments.iter_mut().zip(TIMES).zip(self.times()).zip(before) {
            let kept = before.filter(|before| before.for_field() == text).map(|before| before.at);
            if text.is_empty() || kept.is_some() {
                *moment = kept;
                continue;
            }
            match times::moment(db, zone, field, text).await {
                Ok(read) => *moment = Some(read),
                Err(NoMoment::Field(refused)) => wrong.push((refused.field, refused.message.to_owned())),
                Err(NoMoment::Database(error)) => return Err(error.into()),
            }
        }
        Ok(if wrong.is_empty() { Ok(moments) } else { Err(wrong) })
    }

    /// How many votes each voter has; empty for as many as there are talks.
    fn votes_each(&self) -> Result<Option<i64>, Error> {
        let text = self.votes_each.as_deref().unwrap_or_default().trim();
        let message = || "Write a number from 1 to 100, or nothing.".to_owned();
        let number = || text.parse().map_err(|_| Error::Field { field: "votes_each", message: message() });
        if text.is_empty() { Ok(None) } else { number().map(Some) }
    }

    /// What the form says. What is settled once voting has begun isn't in it.
    fn wanted(&self, moments: [Option<DateTime<Utc>>; 4], is_settled: bool) -> Result<WantedCall<'_>, Error> {
        let [pitch_from, voting_from, closes_at, announced_at] = moments.map(Some);
        let wanted = WantedCall {
            title: Some(&self.title),
            text: Some(&self.text),
            pitch_from,
            voting_from,
            closes_at,
            announced_at,
            ..WantedCall::default()
        };
        if is_settled {
            return Ok(wanted);
        }
        Ok(WantedCall {
            voters: self.voters.as_deref(),
            votes_each: Some(self.votes_each()?),
            totals: self.totals.as_deref(),
            blind: Some(self.blind.is_some()),
            moderated: Some(self.moderated.is_some()),
            ..wanted
        })
    }

    /// The form as it was sent, with what is wrong.
    fn refused(self, settled: Option<String>, wrong: &[(&str, String)]) -> CallForm {
        let mut form = CallForm {
            voters: self.voters.as_deref().and_then(|voters| voters.parse().ok()).unwrap_or_default(),
            totals: self.totals.as_deref().and_then(|totals| totals.parse().ok()).unwrap_or_default(),
            blind: self.blind.is_some(),
            moderated: self.moderated.is_some(),
            title: Field::of(self.title),
            text: Field::of(self.text),
            pitch_from: Field::of(self.pitch_from),
            voting_from: Field::of(self.voting_from),
            closes_at: Field::of(self.closes_at),
            announced_at: Field::of(self.announced_at),
            votes_each: Field::of(self.votes_each.unwrap_or_default()),
            settled,
        };
        for (name, message) in wrong {
            if let Some(field) = form.field_mut(name) {
                field.error = Some(message.clone());
            }
        }
        form
    }
}

/// Choices that the form offers. Only a forged form has another, and no field would say so.
const CHOICES: [&str; 2] = ["voters", "totals"];

/// What is wrong with a form; an error that no field explains stays one.
fn wrong_with(error: Error) -> Result<Vec<(String, String)>, Error> {
    match error.field().filter(|field| !CHOICES.contains(field)) {
        Some(field) => Ok(vec![(field.to_owned(), error.to_string())]),
        None => Err(error),
    }
}

/// `GET /h/{slug}/calls/new`
pub async fn new_page(
    State(app): State<App>,
    viewing: Viewing,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Page<CallFormPage>, Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    Ok(Page(show_new(&app, viewing, &hub, CallForm::default()).await?))
}

/// `POST /h/{slug}/calls/new`
pub async fn create(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Form(fields): Form<CallFields>,
) -> Result<Response, Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    let moments = {
        let mut db = app.db.acquire().await?;
        fields.moments(&mut db, &hub.time_zone, [None; 4]).await?
    };
    let wrong = match moments {
        Err(wrong) => wrong.into_iter().map(|(field, message)| (field.to_owned(), message)).collect(),
        Ok(moments) => {
            let made = match fields.wanted(moments, false) {
                Ok(wanted) => acts::open_call(&app, &viewing.visitor, hub.id, wanted).await,
                Err(error) => Err(error),
            };
            match made {
                Ok(call) => {
                    let jar = jar.add(Notice::CallMade.cookie());
                    return Ok((jar, Redirect::to(&format!("/calls/{call}"))).into_response());
                }
                Err(error) => wrong_with(error)?,
            }
        }
    };
    let page = show_new(&app, viewing, &hub, refuse(fields, None, &wrong)).await?;
    Ok((StatusCode::BAD_REQUEST, Page(page)).into_response())
}

fn refuse(fields: CallFields, settled: Option<String>, wrong: &[(String, String)]) -> CallForm {
    let wrong: Vec<_> = wrong.iter().map(|(field, message)| (field.as_str(), message.clone())).collect();
    fields.refused(settled, &wrong)
}

async fn show_new(app: &App, viewing: Viewing, hub: &Hub, form: CallForm) -> Result<CallFormPage, Error> {
    viewing.visitor.member()?;
    let head = head::load(app, &viewing, hub, HubTab::Talks).await?;
    if head.standing != Standing::Owner {
        return Err(hubs::Refusal::NotOwner.into());
    }
    if hub.is_archived() {
        return Err(hubs::Refusal::Archived.into());
    }
    Ok(CallFormPage {
        chrome: viewing.chrome,
        action: format!("{}/calls/new", hub.path()),
        settings: format!("{}/settings", hub.path()),
        zone: hub.time_zone.clone(),
        hub: Some(head),
        head: None,
        form,
    })
}

/// `GET /calls/{call}/edit`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<CallId>,
) -> Result<Page<CallFormPage>, Error> {
    let seen = find_owned(&app, &viewing, id).await?;
    let mut db = app.db.acquire().await?;
    let head = present::head(&mut db, &seen, CallTab::Edit).await?;
    let form = form_of(&seen.call, head.begins);
    Ok(Page(page_of(viewing, &seen, head, form)))
}

/// `POST /calls/{call}/edit`
pub async fn change(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<CallId>,
    Form(fields): Form<CallFields>,
) -> Result<Response, Error> {
    let seen = find_owned(&app, &viewing, id).await?;
    let mut db = app.db.acquire().await?;
    let head = present::head(&mut db, &seen, CallTab::Edit).await?;
    let moments = fields.moments(&mut db, &seen.call.time_zone, head.begins).await?;
    drop(db);
    let settled = settled(&seen.call);
    let wrong = match moments {
        Err(wrong) => wrong.into_iter().map(|(field, message)| (field.to_owned(), message)).collect(),
        Ok(moments) => {
            let changed = match fields.wanted(moments, settled.is_some()) {
                Ok(wanted) => acts::change_call(&app, &viewing.visitor, id, wanted, None).await,
                Err(error) => Err(error),
            };
            match changed {
                Ok(_) => {
                    let jar = jar.add(Notice::CallSaved.cookie());
                    return Ok((jar, Redirect::to(&format!("/calls/{id}"))).into_response());
                }
                Err(error) => wrong_with(error)?,
            }
        }
    };
    let page = page_of(viewing, &seen, head, refuse(fields, settled, &wrong));
    Ok((StatusCode::BAD_REQUEST, Page(page)).into_response())
}

/// A call of a hub that the visitor owns, and in which something can change.
async fn find_owned(app: &App, viewing: &Viewing, id: CallId) -> Result<SeenCall, Error> {
    let seen = find_call(app, &viewing.visitor, id).await?;
    seen.require_owner()?;
    if seen.hub.is_archived() { Err(hubs::Refusal::Archived.into()) } else { Ok(seen) }
}

fn page_of(
    viewing: Viewing,
    seen: &SeenCall,
    head: crate::views::talks::CallHead,
    form: CallForm,
) -> CallFormPage {
    CallFormPage {
        chrome: viewing.chrome,
        action: format!("/calls/{}/edit", seen.call.id),
        settings: format!("{}/settings", seen.hub.path()),
        zone: seen.call.time_zone.clone(),
        hub: None,
        head: Some(head),
        form,
    }
}

fn form_of(call: &Call, begins: [Option<When>; 4]) -> CallForm {
    let [pitch_from, voting_from, closes_at, announced_at] =
        begins.map(|when| Field::of(when.map(|when| when.for_field()).unwrap_or_default()));
    CallForm {
        title: Field::of(&call.title),
        text: Field::of(&call.text),
        pitch_from,
        voting_from,
        closes_at,
        announced_at,
        voters: call.voters,
        votes_each: Field::of(call.votes_each.map(|votes| votes.to_string()).unwrap_or_default()),
        totals: call.totals,
        blind: call.blind,
        moderated: call.moderated,
        settled: settled(call),
    }
}

/// Why who votes and how can't change any more.
fn settled(call: &Call) -> Option<String> {
    let reason = "Who votes, how often, and what they see is settled since the vote has begun.";
    (call.phase >= Phase::Voting).then(|| reason.to_owned())
}

/// `POST /calls/{call}/phase`: moves the call from the phase that the owner has seen.
pub async fn move_on(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<CallId>,
    Form(form): Form<MoveForm>,
) -> Result<(CookieJar, Redirect), Error> {
    let seen = find_call(&app, &viewing.visitor, id).await?;
    seen.require_owner()?;
    let (from, to) = (acts::phase(&form.from)?, acts::phase(&form.to)?);
    let moved = acts::change_call(&app, &viewing.visitor, id, WantedCall::default(), Some((from, to))).await;
    let notice = match moved {
        Ok(_) => moved_to(to),
        Err(Error::Conflict(_)) => Notice::CallMovedBefore,
        Err(error) => return Err(error),
    };
    Ok((jar.add(notice.cookie()), Redirect::to(&format!("/calls/{id}"))))
}

const fn moved_to(phase: Phase) -> Notice {
    match phase {
        Phase::Draft | Phase::Pitch => Notice::PitchesOpen,
        Phase::Voting => Notice::VotingOpen,
        Phase::Closed => Notice::VotingClosed,
        Phase::Announced => Notice::ResultsAnnounced,
    }
}
