//! Acts on several cases: a preview first, then the act on exactly the previewed cases that haven't changed.

use axum::extract::{Form, RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::ids::CaseId;
use pawdium_shared::moderation::blocked::Reason;
use pawdium_shared::moderation::review::judge::{self, Decision};
use pawdium_shared::moderation::review::{Act, Refusal, Step, queue, things};
use serde::Deserialize;
use url::form_urlencoded;

use super::{case, present};
use crate::error::Error;
use crate::http::access::{AdminViewing, Moderator};
use crate::http::flash::Notice;
use crate::http::ids;
use crate::http::page::Page;
use crate::state::App;
use crate::views::review::{BulkLine, BulkReviewPage};
use crate::views::{Chrome, Field};

/// The most cases of one act.
const MOST: usize = 100;

/// What stands between the versions of several things. No version contains it.
const SEEN: &str = "|";

/// The acts that can be done to several cases.
fn read_act(text: &str) -> Result<Act, Error> {
    match text.parse() {
        Ok(act @ (Act::Dismiss | Act::Uphold | Act::TakeDown)) => Ok(act),
        _ => Err(Error::Refused("Choose dismiss, uphold or take_down.".to_owned())),
    }
}

fn checked(cases: Vec<CaseId>) -> Result<Vec<CaseId>, Error> {
    match cases.len() {
        0 => Err(Error::Refused("Select the cases first.".to_owned())),
        1..=MOST => Ok(cases),
        _ => Err(Error::Refused(format!("At most {MOST} cases at a time."))),
    }
}

/// `GET /moderation/review/bulk?act=…&case=…&case=…`: what the act would do.
pub async fn preview(
    State(app): State<App>,
    viewing: AdminViewing,
    moderator: Moderator,
    RawQuery(query): RawQuery,
) -> Result<Page<BulkReviewPage>, Error> {
    let (mut act, mut cases) = (String::new(), Vec::new());
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "act" => act = value.into_owned(),
            "case" => cases.push(value.parse().map_err(|_| {
                Error::Refused("The list of cases is malformed. Load the queue again.".to_owned())
            })?),
            _ => {}
        }
    }
    let (act, cases) = (read_act(&act)?, checked(cases)?);
    Ok(Page(load(&app, viewing.chrome, &moderator, act, cases, Field::default()).await?))
}

/// The preview's form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BulkForm {
    act: String,
    cases: String,
    /// The versions that the preview showed, one a case, as [`SEEN`] separates them.
    seen: String,
    reason: String,
}

/// `POST /moderation/review/bulk`: acts on the cases, each by itself. Those that have changed are skipped.
pub async fn act(
    State(app): State<App>,
    moderator: Moderator,
    viewing: AdminViewing,
    jar: CookieJar,
    Form(form): Form<BulkForm>,
) -> Result<Response, Error> {
    let act = read_act(&form.act)?;
    let cases = ids::split(&form.cases)
        .ok_or_else(|| Error::Refused("The list of cases is malformed. Load the queue again.".to_owned()))?;
    let cases = checked(cases)?;
    let reason = match Reason::new(&form.reason) {
        Ok(reason) => Some(reason),
        Err(message) if act.needs_reason() => {
            let reason = Field::refused(form.reason, message);
            let page = load(&app, viewing.chrome, &moderator, act, cases, reason).await?;
            return Ok((axum::http::StatusCode::BAD_REQUEST, Page(page)).into_response());
        }
        Err(_) => None,
    };
    let (mut done, mut left) = (0, 0);
    let mut versions = form.seen.split(SEEN);
    for id in cases {
        let seen = versions.next().filter(|version| !version.is_empty());
        let decision = Decision { act, reason: reason.as_ref(), closes: true, seen };
        match case::judge_case(&app, moderator.user(), id, decision).await {
            Ok(_) => done += 1,
            Err(Error::Conflict(_) | Error::Refused(_) | Error::NotFound) => left += 1,
            Err(error) => return Err(error),
        }
    }
    let notice = Notice::Cases { done, left };
    Ok((jar.add(notice.cookie()), Redirect::to("/moderation/review")).into_response())
}

async fn load(
    app: &App,
    chrome: Chrome,
    moderator: &Moderator,
    act: Act,
    cases: Vec<CaseId>,
    reason: Field,
) -> Result<BulkReviewPage, Error> {
    let mut db = app.db.acquire().await?;
    let (mut found, mut foreseen, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for id in &cases {
        let Some(case) = queue::find(&mut db, *id).await? else { continue };
        foreseen.push(judge::foresee(&mut db, *id, moderator.user(), act).await);
        seen.push(things::find(&mut db, case.thing).await?.map(|found| found.version).unwrap_or_default());
        found.push(case);
    }
    drop(db);
    let known = present::load(app, &found).await?;
    let mut lines = Vec::new();
    for (case, foreseen) in found.iter().zip(foreseen) {
        let is_skipped = foreseen.is_err();
        lines.push(BulkLine {
            id: case.id.0,
            about: case.thing.about(),
            title: present::title(case.thing, known.described.get(&case.thing)),
            would: would(foreseen)?,
            is_skipped,
        });
    }
    Ok(BulkReviewPage {
        chrome,
        act: act.name(),
        title: match act {
            Act::Dismiss => "Dismiss",
            Act::Uphold => "Uphold",
            _ => "Take down",
        },
        cases: ids::join(found.iter().map(|case| case.id)),
        seen: seen.join(SEEN),
        done: lines.iter().filter(|line| !line.is_skipped).count(),
        lines,
        needs_reason: act.needs_reason(),
        reason,
    })
}

/// What would happen, in words.
fn would(foreseen: Result<Vec<Step>, Refusal>) -> Result<String, Error> {
    match foreseen {
        Ok(steps) => {
            let takes_down = steps.iter().any(|step| !matches!(step, Step::Show | Step::Close(_)));
            let words =
                steps.iter().filter(|step| !takes_down || **step != Step::Show).map(|step| step.words());
            Ok(format!("Would {}.", words.collect::<Vec<_>>().join(", and ")))
        }
        Err(Refusal::Database(error)) => Err(error.into()),
        Err(refusal) => Ok(format!("Skipped: {refusal}")),
    }
}
