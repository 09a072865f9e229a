//! Members and their sanctions: who is sanctioned, a member's record, and the acts of moderators.

use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::{TimeDelta, Utc};
use pawdium_shared::accounts::{Name, Role, User, queries};
use pawdium_shared::audit::Actor;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{CaseId, SanctionId};
use pawdium_shared::moderation::blocked::Reason;
use pawdium_shared::moderation::sanctions::appeals::{self, Answer};
use pawdium_shared::moderation::sanctions::{self, Content, NewSanction, Refusal, SanctionKind, Terms, list};
use serde::Deserialize;

use crate::error::Error;
use crate::http::access::{AdminViewing, Moderator};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::sanctions::view;
use crate::state::App;
use crate::views::Chrome;
use crate::views::sanctions::{Entered, MemberRecordPage, SanctionView, SanctionedPage};

/// Sanctions on a page.
const PER_PAGE: usize = 50;

/// The query of the list: a name to look up, or where the page begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MembersQuery {
    name: String,
    before: String,
}

/// The form of a sanction.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SanctionForm {
    kind: String,
    days: String,
    content: String,
    reason: String,
    /// The case in which it is decided; may be missing.
    case: String,
}

/// The form of an answer to an appeal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct JudgeForm {
    decision: String,
    answer: String,
    /// The case from whose page it is sent; may be missing.
    case: String,
}

/// `GET /moderation/members`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(query): Query<MembersQuery>,
) -> Result<Response, Error> {
    let name = query.name.trim();
    if !name.is_empty() {
        let found = queries::find_by_name(&mut *app.db.acquire().await?, name).await?;
        if let Some(member) = found.filter(|found| !found.anonymous()) {
            return Ok(Redirect::to(&record_path(&member)).into_response());
        }
    }
    let before: Option<SanctionId> = query.before.parse().ok();
    let asked = i64::try_from(PER_PAGE + 1).unwrap_or(i64::MAX);
    let mut found = list::in_force(&mut *app.db.acquire().await?, before, asked).await?;
    let is_more = found.len() > PER_PAGE;
    found.truncate(PER_PAGE);
    Ok(Page(SanctionedPage {
        chrome: viewing.chrome,
        older: found.last().filter(|_| is_more).map(|last| last.sanction.id.0),
        is_first: before.is_none(),
        unknown: (!name.is_empty()).then(|| name.to_owned()),
        sanctions: found
            .into_iter()
            .map(|one| SanctionView { member: Some(one.name), ..view(&app, one.sanction) })
            .collect(),
    })
    .into_response())
}

/// `GET /moderation/members/{name}`
pub async fn record(
    State(app): State<App>,
    viewing: AdminViewing,
    Path(name): Path<String>,
) -> Result<Page<MemberRecordPage>, Error> {
    let member = find(&app, &name).await?;
    Ok(Page(load(&app, viewing.chrome, member, Entered::default()).await?))
}

/// `POST /moderation/members/{name}/sanctions`
pub async fn impose(
    State(app): State<App>,
    moderator: Moderator,
    viewing: AdminViewing,
    jar: CookieJar,
    Path(name): Path<String>,
    Form(form): Form<SanctionForm>,
) -> Result<Response, Error> {
    let member = find(&app, &name).await?;
    let imposed = match checked(&member, &form) {
        Ok(new) => impose_now(&app, moderator.actor(), &new).await,
        Err(error) => Err(error),
    };
    let back = match form.case.parse::<CaseId>() {
        Ok(case) => format!("/moderation/review/{case}"),
        Err(_) => record_path(&member),
    };
    finish(&app, viewing, jar, member, imposed, (Notice::MemberSanctioned, &back), entered(form)).await
}

/// `GET /moderation/sanctions/{sanction}`: where it stands in its member's record.
pub async fn show(
    State(app): State<App>,
    _viewing: AdminViewing,
    Path(sanction): Path<SanctionId>,
) -> Result<Redirect, Error> {
    let member = find_by_sanction(&app, sanction).await?;
    let path = record_path(&member);
    Ok(Redirect::to(&format!("{path}#sanction-{sanction}")))
}

/// `POST /moderation/sanctions/{sanction}/lift`
pub async fn lift(
    State(app): State<App>,
    moderator: Moderator,
    viewing: AdminViewing,
    jar: CookieJar,
    Path(sanction): Path<SanctionId>,
) -> Result<Response, Error> {
    let member = find_by_sanction(&app, sanction).await?;
    let lifted = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        sanctions::lift(&mut tx, moderator.actor(), sanction).await?;
        Ok::<_, Refusal>(tx.commit().await?)
    });
    let lifted = lifted.await.map_err(Error::from);
    let back = record_path(&member);
    finish(&app, viewing, jar, member, lifted, (Notice::SanctionLifted, &back), Entered::default()).await
}

/// `POST /moderation/sanctions/{sanction}/appeal`
pub async fn judge(
    State(app): State<App>,
    moderator: Moderator,
    viewing: AdminViewing,
    jar: CookieJar,
    Path(sanction): Path<SanctionId>,
    Form(form): Form<JudgeForm>,
) -> Result<Response, Error> {
    let member = find_by_sanction(&app, sanction).await?;
    let accepts = match form.decision.as_str() {
        "accept" => true,
        "refuse" => false,
        _ => return Err(Error::Refused("Accept the appeal or refuse it.".to_owned())),
    };
    let judged = match Answer::new(&form.answer) {
        Ok(answer) => retry_conflicts(async || {
            let mut tx = app.db.begin().await?;
            if accepts {
                appeals::accept(&mut tx, moderator.actor(), sanction, &answer).await?;
            } else {
                appeals::refuse(&mut tx, moderator.actor(), sanction, &answer).await?;
            }
            Ok::<_, Refusal>(tx.commit().await?)
        })
        .await
        .map_err(Error::from),
        Err(refusal) => Err(refusal.into()),
    };
    let notice = if accepts { Notice::SanctionLifted } else { Notice::AppealRefused };
    let back = match form.case.parse::<CaseId>() {
        Ok(_) => "/moderation/review".to_owned(),
        Err(_) => record_path(&member),
    };
    let entered = Entered { answer: form.answer, case: form.case, ..Entered::default() };
    finish(&app, viewing, jar, member, judged, (notice, &back), entered).await
}

async fn impose_now(app: &App, actor: Actor<'_>, new: &NewSanction) -> Result<(), Error> {
    let imposed = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        sanctions::impose(&mut tx, actor, new).await?;
        Ok::<_, Refusal>(tx.commit().await?)
    });
    Ok(imposed.await?)
}

/// Checks the form. A sanction without days has no end.
fn checked(member: &User, form: &SanctionForm) -> Result<NewSanction, Error> {
    let field = |field, message: &str| Error::Field { field, message: message.to_owned() };
    let kind = form.kind.parse::<SanctionKind>().map_err(|_| field("kind", "Choose what to do."))?;
    let content = match form.content.as_str() {
        "" => Content::Keep,
        content => content.parse().map_err(|_| field("content", "Choose to keep or to hide the content."))?,
    };
    let now = Utc::now();
    let until = match form.days.trim() {
        "" => None,
        days => {
            let days: u16 = days.parse().ok().filter(|days| (1..=3650).contains(days)).ok_or_else(|| {
                field("days", "Write a number of days from 1 to 3650, or nothing for no end.")
            })?;
            Some(now + TimeDelta::days(days.into()))
        }
    };
    let reason = Reason::new(&form.reason).map_err(|message| field("reason", message))?;
    let terms = Terms::new(kind, content, until, now).map_err(|refusal| match Error::from(refusal) {
        Error::Field { field: "until", message } => Error::Field { field: "days", message },
        error => error,
    })?;
    let case = match form.case.as_str() {
        "" => None,
        case => Some(case.parse().map_err(|_| Error::Refused("There is no such case.".to_owned()))?),
    };
    Ok(NewSanction { user: member.id, terms, reason, case })
}

fn entered(form: SanctionForm) -> Entered {
    let SanctionForm { kind, days, content, reason, case } = form;
    Entered { kind, days, content, reason, case, ..Entered::default() }
}

/// Goes back, or shows the member's record with what was refused and what was entered.
async fn finish(
    app: &App,
    viewing: AdminViewing,
    jar: CookieJar,
    member: User,
    done: Result<(), Error>,
    (notice, back): (Notice, &str),
    entered: Entered,
) -> Result<Response, Error> {
    match done {
        Ok(()) => Ok((jar.add(notice.cookie()), Redirect::to(back)).into_response()),
        Err(error @ (Error::Field { .. } | Error::Conflict(_))) => {
            let field = error.field().map(ToOwned::to_owned);
            let entered = Entered { error: Some(error.to_string()), field, ..entered };
            let page = load(app, viewing.chrome, member, entered).await?;
            Ok((error.status(), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn load(app: &App, chrome: Chrome, member: User, entered: Entered) -> Result<MemberRecordPage, Error> {
    let mut db = app.db.acquire().await?;
    let found = list::of_user(&mut db, member.id).await?;
    let counts = list::counts(&mut db, member.id).await?;
    drop(db);
    Ok(MemberRecordPage {
        chrome,
        name: member.name.unwrap_or_default(),
        since: member.created_at,
        role: (member.role != Role::Member).then(|| member.role.to_string()),
        counts,
        sanctions: found.into_iter().map(|sanction| view(app, sanction)).collect(),
        entered,
    })
}

fn record_path(member: &User) -> String {
    format!("/moderation/members/{}", member.name.as_deref().unwrap_or_default())
}

async fn find(app: &App, name: &str) -> Result<User, Error> {
    let name = Name::new(name).map_err(|_| Error::NotFound)?;
    let found = queries::find_by_name(&mut *app.db.acquire().await?, name.as_str()).await?;
    found.ok_or(Error::NotFound)
}

async fn find_by_sanction(app: &App, sanction: SanctionId) -> Result<User, Error> {
    let mut db = app.db.acquire().await?;
    let found = list::find(&mut db, sanction).await?.ok_or(Error::NotFound)?;
    queries::find(&mut db, found.user).await?.filter(|user| !user.anonymous()).ok_or(Error::NotFound)
}
