//! A case: what it is about, what was reported, what was done before, and what a moderator does now.

use axum::Json;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::User;
use pawdium_shared::audit::{self, Entry};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{CaseId, ReportId, SanctionId};
use pawdium_shared::moderation::blocked::Reason;
use pawdium_shared::moderation::review::claims;
use pawdium_shared::moderation::review::judge::{self, Decision};
use pawdium_shared::moderation::review::queue::{self, Case};
use pawdium_shared::moderation::review::reports::{self, Report};
use pawdium_shared::moderation::review::{Act, Refusal, Step, things};
use pawdium_shared::moderation::sanctions::{Sanction, list};
use pawdium_shared::moderation::{Thing, remixes};
use pawdium_shared::photos::revisions;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;

use super::present;
use crate::admin;
use crate::error::{Error, prefers_json};
use crate::http::access::{AdminViewing, Moderator};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::sanctions;
use crate::state::App;
use crate::views::review::{CasePage, ClosedCase, EarlierCase, HistoryLine, ReportLine, RevisionLine};
use crate::views::sanctions::Entered;
use crate::views::{Chrome, Field};

/// Reports on the page.
const REPORTS: i64 = 50;

/// Entries of the history, and earlier cases.
const HISTORY: i64 = 30;

/// The query of the page. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CaseQuery {
    before: String,
}

/// The forms of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CaseForm {
    act: String,
    reason: String,
    /// Whether the case stays open after its thing is taken down.
    keep: String,
    /// The version of the thing that the page showed; a form without it is about the present one.
    seen: Option<String>,
}

impl CaseForm {
    fn act(&self) -> Result<Act, Error> {
        let message = "Choose dismiss, uphold, take_down, delete or show.";
        self.act.parse().map_err(|_| Error::Refused(message.to_owned()))
    }

    fn reason(&self) -> Result<Option<Reason>, Error> {
        if self.reason.trim().is_empty() {
            return Ok(None);
        }
        let refused = |message: &str| Error::Field { field: "reason", message: message.to_owned() };
        Reason::new(&self.reason).map(Some).map_err(refused)
    }
}

/// `GET /moderation/review/{case}`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    moderator: Moderator,
    Path(id): Path<CaseId>,
    Query(query): Query<CaseQuery>,
) -> Result<Page<CasePage>, Error> {
    Ok(Page(load(&app, viewing.chrome, moderator.user(), id, query.before.parse().ok()).await?))
}

/// `POST /moderation/review/{case}`: an act. A script gets the notice as JSON.
pub async fn act(
    State(app): State<App>,
    moderator: Moderator,
    viewing: AdminViewing,
    jar: CookieJar,
    headers: HeaderMap,
    Path(id): Path<CaseId>,
    Form(form): Form<CaseForm>,
) -> Result<Response, Error> {
    let done = async {
        let (act, reason) = (form.act()?, form.reason()?);
        let (closes, seen) = (form.keep.is_empty(), form.seen.as_deref());
        let decision = Decision { act, reason: reason.as_ref(), closes, seen };
        judge_case(&app, moderator.user(), id, decision).await
    };
    let notice = match done.await {
        Ok(steps) if steps.iter().any(|step| matches!(step, Step::Close(_))) => Notice::CaseClosed,
        Ok(_) => Notice::CaseActed,
        // The same form sent twice, or two moderators at once.
        Err(Error::Conflict(message)) if message == CLOSED => Notice::CaseClosedBefore,
        Err(error @ (Error::Field { .. } | Error::Conflict(_) | Error::Refused(_)))
            if !prefers_json(&headers) =>
        {
            return refuse(&app, viewing.chrome, moderator.user(), id, form, &error).await;
        }
        Err(error) => return Err(error),
    };
    if prefers_json(&headers) {
        return Ok(Json(json!({ "notice": notice.flash().text })).into_response());
    }
    let back = match notice {
        Notice::CaseClosed => "/moderation/review".to_owned(),
        _ => format!("/moderation/review/{id}"),
    };
    Ok((jar.add(notice.cookie()), Redirect::to(&back)).into_response())
}

const CLOSED: &str = "This case is closed.";

/// Does what a moderator has decided about a case.
///
/// # Errors
/// Says what forbids it.
pub(super) async fn judge_case(
    app: &App,
    moderator: &User,
    case: CaseId,
    decision: Decision<'_>,
) -> Result<Vec<Step>, Error> {
    judge::prepare(&app.db, case).await?;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let steps = judge::judge(&mut tx, &app.store, case, moderator, decision).await?;
        tx.commit().await?;
        Ok(steps)
    })
    .await
}

async fn refuse(
    app: &App,
    chrome: Chrome,
    moderator: &User,
    id: CaseId,
    form: CaseForm,
    error: &Error,
) -> Result<Response, Error> {
    let mut page = load(app, chrome, moderator, id, None).await?;
    if error.field() == Some("reason") {
        page.reason = Field::refused(form.reason, error.to_string());
    } else {
        page.reason = Field::of(form.reason);
        page.refused = Some(error.to_string());
    }
    Ok((error.status(), Page(page)).into_response())
}

/// The form that claims a case or gives it back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClaimForm {
    act: String,
}

/// `POST /moderation/review/{case}/claim`
pub async fn claim(
    State(app): State<App>,
    moderator: Moderator,
    viewing: AdminViewing,
    jar: CookieJar,
    Path(id): Path<CaseId>,
    Form(form): Form<ClaimForm>,
) -> Result<Response, Error> {
    let back = Redirect::to(&format!("/moderation/review/{id}"));
    if form.act == "give_back" {
        let mut tx = app.db.begin().await?;
        claims::give_back(&mut tx, id, moderator.id()).await?;
        tx.commit().await?;
        return Ok((jar.add(Notice::CaseGivenBack.cookie()), back).into_response());
    }
    let claimed: Result<_, Refusal> = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        claims::claim(&mut tx, id, moderator.user()).await?;
        Ok(tx.commit().await?)
    })
    .await;
    match claimed {
        Ok(()) => Ok((jar.add(Notice::CaseClaimed.cookie()), back).into_response()),
        Err(refusal @ (Refusal::Claimed(_) | Refusal::Closed(_) | Refusal::OwnCase)) => {
            let mut page = load(&app, viewing.chrome, moderator.user(), id, None).await?;
            page.refused = Some(refusal.to_string());
            Ok((StatusCode::CONFLICT, Page(page)).into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

async fn load(
    app: &App,
    chrome: Chrome,
    moderator: &User,
    id: CaseId,
    before: Option<ReportId>,
) -> Result<CasePage, Error> {
    let mut db = app.db.acquire().await?;
    let case = queue::find(&mut db, id).await?.ok_or(Error::NotFound)?;
    let mut reports = reports::list(&mut db, id, before, REPORTS + 1).await?;
    let is_more = i64::try_from(reports.len()).is_ok_and(|length| length > REPORTS);
    reports.truncate(usize::try_from(REPORTS).unwrap_or(usize::MAX));
    let history = audit::list_about(&mut db, &case.thing.detail(), HISTORY).await?;
    let revisions = list_revisions(&mut db, case.thing).await?;
    let earlier = queue::list_earlier(&mut db, &case, HISTORY).await?;
    let upheld = match case.owner {
        Some(owner) => queue::count_upheld(&mut db, owner).await?,
        None => 0,
    };
    let is_own_thing = judge::is_own(&mut db, &case, moderator).await?;
    let seen = things::find(&mut db, case.thing).await?.map(|found| found.version);
    let appealed = find_appealed(&mut db, case.thing).await?;
    let (made_from, remixes) = find_related(&mut db, case.thing).await?;
    drop(db);
    let known = present::load(app, std::slice::from_ref(&case)).await?;
    let line = present::line(&case, &known, moderator.id);
    let described = known.described.get(&case.thing);
    let is_there = described.is_some();
    let last = reports.last().filter(|_| is_more).map(|last| last.id);
    let is_quarantined = case.hidden_at.is_some();
    let is_appeal = matches!(case.thing, Thing::Appeal(_));
    let may_act = case.outcome.is_none() && !is_own_thing && (line.is_own || line.claimer.is_none());
    Ok(CasePage {
        chrome,
        text: described.map(|described| described.text.clone()).unwrap_or_default(),
        path: described.map(|described| described.path.clone()),
        photo: described.and_then(|described| described.photo).map(|photo| photo.0),
        made_from,
        remixes,
        claimed_until: case.claim.as_ref().map(|claim| claim.until),
        closed: closed(&case),
        older_reports: last.map(|last| format!("/moderation/review/{id}?before={last}")),
        reports: reports.into_iter().map(|report| report_line(report, is_own_thing)).collect(),
        history: history.into_iter().map(history_line).collect(),
        revisions,
        earlier: earlier.iter().map(earlier_case).collect(),
        upheld,
        may_act,
        is_own_thing: is_own_thing && case.outcome.is_none(),
        member: line
            .owner
            .clone()
            .filter(|owner| may_act && !is_appeal && moderator.name.as_ref() != Some(owner)),
        entered: Entered { case: id.to_string(), ..Entered::default() },
        appealed: appealed.map(|sanction| sanctions::view(app, sanction)),
        take_down: take_down(case.thing).filter(|_| is_there),
        delete: delete(case.thing).filter(|_| is_there),
        may_uphold: !is_quarantined || !is_there,
        seen,
        reason: Field::default(),
        refused: None,
        line,
    })
}

/// The sanction against which an appeal is.
async fn find_appealed(db: &mut PgConnection, thing: Thing) -> sqlx::Result<Option<Sanction>> {
    match thing {
        Thing::Appeal(sanction) => list::find(db, SanctionId(sanction)).await,
        _ => Ok(None),
    }
}

/// The photo that moderators have taken away and from which this one was made, and how many live ones were made from
/// it.
async fn find_related(db: &mut PgConnection, thing: Thing) -> sqlx::Result<(Option<(i64, String)>, i64)> {
    let Thing::Photo(photo) = thing else { return Ok((None, 0)) };
    let taken = remixes::find_taken(db, photo).await?;
    let live = remixes::count_live(db, photo).await?;
    Ok((taken.map(|taken| (taken.photo.0, taken.title)), live))
}

async fn list_revisions(db: &mut PgConnection, thing: Thing) -> Result<Vec<RevisionLine>, Error> {
    let Thing::Photo(photo) = thing else { return Ok(Vec::new()) };
    let revisions = revisions::list(db, photo).await?;
    if revisions.len() < 2 {
        return Ok(Vec::new());
    }
    let line = |one: revisions::Revision| RevisionLine {
        number: one.number,
        title: one.title,
        since: one.since,
        is_current: one.is_current,
    };
    Ok(revisions.into_iter().map(line).collect())
}

/// What taking such a thing down is called.
const fn take_down(thing: Thing) -> Option<&'static str> {
    match thing {
        Thing::Photo(_) => Some("Hide and block the picture"),
        Thing::Comment(_) => Some("Remove the comment"),
        Thing::Talk(_) => Some("Hide the talk"),
        Thing::Hub(_) | Thing::Member(_) | Thing::Appeal(_) => None,
    }
}

const fn delete(thing: Thing) -> Option<&'static str> {
    match thing {
        Thing::Photo(_) => Some("Delete the photo"),
        Thing::Hub(_) => Some("Delete the hub"),
        _ => None,
    }
}

fn closed(case: &Case) -> Option<ClosedCase> {
    Some(ClosedCase {
        outcome: case.outcome?.title(),
        by: case.closed_by.clone().unwrap_or_default(),
        at: case.closed_at?,
    })
}

/// A moderator isn't told who reported something of their own.
fn report_line(report: Report, is_own_thing: bool) -> ReportLine {
    ReportLine {
        reporter: report.reporter.filter(|_| !is_own_thing),
        is_withheld: is_own_thing,
        category: report.category.map_or("Something else", |category| category.title()),
        text: report.text,
        weight: present::ordinary(report.weight),
        at: report.at,
    }
}

fn history_line(entry: Entry) -> HistoryLine {
    HistoryLine {
        did: admin::audit::did(&entry.action, None),
        reason: entry.detail["reason"].as_str().map(ToOwned::to_owned),
        actor: entry.actor,
        at: entry.at,
    }
}

fn earlier_case(case: &Case) -> EarlierCase {
    EarlierCase {
        id: case.id.0,
        outcome: case.outcome.map_or("Open", |outcome| outcome.title()),
        opened_at: case.opened_at,
        reports: case.reports.into(),
    }
}
