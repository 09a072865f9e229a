//! What a call's owners see of its votes, through the API, and setting votes aside.

use std::io;

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures::{StreamExt as _, stream};
use pawdium_shared::csv;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{CallId, TalkId, UserId};
use pawdium_shared::talks::dashboard::{self, After, VoteRow};
use pawdium_shared::talks::{Reason, devices};
use serde::{Deserialize, Serialize};
use tracing::warn;
use utoipa::{IntoParams, ToSchema};

use super::board::{DashboardShape, GroupShape, MinuteShape, TopTalkShape, TurnoutShape};
use crate::api::caller::Caller;
use crate::api::paging::{given, number};
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::extract::{Json, Path};
use crate::http::visitor::Visitor;
use crate::state::App;
use crate::talks::access::{SeenCall, find_call};

/// How many talks a dashboard shows.
const TOP: i64 = 100;

/// How many minutes of votes it shows: a day's.
const MINUTES: i32 = 24 * 60;

/// How many votes are read at once for an export.
const PAGE: i64 = 5000;

/// The most voters whose votes are set aside at once.
const MOST: usize = 1000;

/// Selects what a dashboard shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct DashboardParams {
    /// How many voters of each talk, the latest first, 1 to 100; 10 if left out.
    voters: Option<String>,
}

/// Votes to set aside or to restore.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VotesBody {
    /// The ids of their voters, up to 1,000.
    #[schema(value_type = Vec<i64>)]
    voters: Vec<UserId>,
    /// Only the votes for this talk; all of the call's if left out.
    #[schema(value_type = Option<i64>)]
    talk: Option<TalkId>,
    /// Why, 1 to 500 characters. It goes into the audit log, and the voters see it.
    reason: String,
}

/// How many votes an act concerned.
#[derive(Debug, Serialize, ToSchema)]
pub struct VotesShape {
    /// How many votes it changed.
    pub votes: u64,
}

/// Finds a call of a hub that the visitor owns.
async fn find_own(app: &App, visitor: &Visitor, call: CallId) -> Result<SeenCall, Error> {
    let seen = find_call(app, visitor, call).await?;
    visitor.member()?;
    seen.require_owner()?;
    Ok(seen)
}

/// Shows a call's votes: turnout, votes a minute, the 100 talks with the most votes and their voters, and voters who
/// may be one person. For the hub's owners.
#[utoipa::path(get, path = "/calls/{id}/dashboard", tag = "talks", security(("token" = ["read"])),
    params(("id" = i64, Path, description = "The call"), DashboardParams), responses(
    (status = 200, description = "The dashboard", body = DashboardShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub", body = ErrorShape),
    (status = 404, description = "There is no such call, or its hub is private", body = ErrorShape),
))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(call): Path<CallId>,
    Query(params): Query<DashboardParams>,
) -> Result<Answer<DashboardShape>, Error> {
    find_own(&app, &caller.visitor(), call).await?;
    let each = given(params.voters.as_ref())
        .map_or(Ok(10), |_| number("voters", params.voters.as_ref(), 10, 100))?;
    let counts = async {
        let mut db = app.db.acquire().await?;
        let turnout = dashboard::turnout(&mut db, call).await?;
        let minutes = dashboard::per_minute(&mut db, call, MINUTES).await?;
        let top = dashboard::top(&mut db, call, TOP).await?;
        let ids: Vec<_> = top.iter().map(|talk| talk.id).collect();
        let voters = dashboard::latest_voters(&mut db, &ids, each).await?;
        Ok::<_, Error>((turnout, minutes, top, voters))
    };
    // Of 100,000 votes both take a while.
    let groups = async { Ok(devices::report(&mut *app.db.acquire().await?, call).await?) };
    let ((turnout, minutes, top, mut voters), groups) = tokio::try_join!(counts, groups)?;
    let talks = top.into_iter().map(|talk| {
        let voters = voters.remove(&talk.id).unwrap_or_default();
        TopTalkShape::of(talk, voters)
    });
    Ok(Answer(DashboardShape {
        turnout: TurnoutShape::from(turnout),
        talks: talks.collect(),
        per_minute: minutes.into_iter().map(MinuteShape::from).collect(),
        groups: groups.into_iter().map(GroupShape::from).collect(),
    }))
}

/// All votes of a call as comma-separated values. Texts that a spreadsheet would take for formulas begin with an
/// apostrophe. For the hub's owners.
#[utoipa::path(get, path = "/calls/{id}/votes.csv", tag = "talks", security(("token" = ["read"])),
    params(("id" = i64, Path, description = "The call")), responses(
    (status = 200, description = "A line for each vote, the first first", body = String, content_type = "text/csv"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub", body = ErrorShape),
    (status = 404, description = "There is no such call, or its hub is private", body = ErrorShape),
))]
pub async fn votes(
    State(app): State<App>,
    caller: Caller,
    Path(call): Path<CallId>,
) -> Result<Response, Error> {
    find_own(&app, &caller.visitor(), call).await?;
    csv_of(&app, call).await
}

/// The votes of a call as a CSV file, which is sent while it is read. The caller checks that it is for an owner.
///
/// # Errors
/// When the database fails before the first rows. Later the file breaks off, and its client sees that.
pub(crate) async fn csv_of(app: &App, call: CallId) -> Result<Response, Error> {
    let first = page_of(app, call, None).await?;
    let columns = csv::rows([COLUMNS]);
    let app = app.clone();
    let rest = stream::try_unfold(first.1, move |after| {
        let app = app.clone();
        async move {
            let Some(after) = after else { return Ok(None) };
            let page = page_of(&app, call, Some(after)).await.inspect_err(|error| {
                warn!(%call, %error, "an export of votes broke off");
            });
            page.map(Some).map_err(|_| io::Error::other("the export broke off"))
        }
    });
    let body = stream::iter([Ok::<_, io::Error>(columns), Ok(first.0)]).chain(rest);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"votes-{call}.csv\"")),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Some rows, and where the next ones begin.
async fn page_of(app: &App, call: CallId, after: Option<After>) -> Result<(String, Option<After>), Error> {
    let votes = dashboard::votes(&mut *app.db.acquire().await?, call, after, PAGE).await?;
    let is_last = votes.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = votes.last().filter(|_| !is_last).map(|vote| (vote.at, vote.talk, vote.voter));
    Ok((csv::rows(votes.into_iter().map(line)), next))
}

const COLUMNS: [&str; 11] = [
    "talk",
    "title",
    "voter",
    "name",
    "at",
    "account_since",
    "cast",
    "guest",
    "set_aside_at",
    "set_aside_by",
    "reason",
];

fn line(vote: VoteRow) -> [String; 11] {
    let time =
        |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    [
        vote.talk.to_string(),
        vote.title,
        vote.voter.to_string(),
        vote.name.unwrap_or_default(),
        time(vote.at),
        vote.account_since.map(time).unwrap_or_default(),
        vote.cast.to_string(),
        vote.guest.to_string(),
        vote.set_aside_at.map(time).unwrap_or_default(),
        vote.set_aside_by.unwrap_or_default(),
        vote.set_aside_reason.unwrap_or_default(),
    ]
}

/// Sets votes aside, so that they don't count. For the hub's owners, before the close.
#[utoipa::path(post, path = "/calls/{id}/votes/set-aside", tag = "talks", security(("token" = ["submit"])),
    request_body = VotesBody, params(("id" = i64, Path, description = "The call")), responses(
    (status = 200, description = "How many votes were set aside", body = VotesShape),
    (status = 400, description = "A field is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such call, or its hub is private", body = ErrorShape),
    (status = 409, description = "The result is frozen", body = ErrorShape),
))]
pub async fn set_aside(
    State(app): State<App>,
    caller: Caller,
    Path(call): Path<CallId>,
    Json(body): Json<VotesBody>,
) -> Result<Answer<VotesShape>, Error> {
    act_on_votes(&app, &caller.visitor(), call, &body, true).await
}

/// Restores votes that were set aside. For the hub's owners, before the close.
#[utoipa::path(post, path = "/calls/{id}/votes/restore", tag = "talks", security(("token" = ["submit"])),
    request_body = VotesBody, params(("id" = i64, Path, description = "The call")), responses(
    (status = 200, description = "How many votes were restored", body = VotesShape),
    (status = 400, description = "A field is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller doesn't own the hub, or it is archived", body = ErrorShape),
    (status = 404, description = "There is no such call, or its hub is private", body = ErrorShape),
    (status = 409, description = "The result is frozen", body = ErrorShape),
))]
pub async fn restore(
    State(app): State<App>,
    caller: Caller,
    Path(call): Path<CallId>,
    Json(body): Json<VotesBody>,
) -> Result<Answer<VotesShape>, Error> {
    act_on_votes(&app, &caller.visitor(), call, &body, false).await
}

async fn act_on_votes(
    app: &App,
    visitor: &Visitor,
    call: CallId,
    body: &VotesBody,
    aside: bool,
) -> Result<Answer<VotesShape>, Error> {
    find_own(app, visitor, call).await?;
    let owner = visitor.member()?;
    let reason = Reason::new(&body.reason)?;
    if body.voters.is_empty() || body.voters.len() > MOST {
        let message = format!("Name 1 to {MOST} voters by their ids.");
        return Err(Error::Field { field: "voters", message });
    }
    let (voters, talk) = (&body.voters, body.talk);
    let votes = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let changed = if aside {
            devices::set_aside(&mut tx, call, owner, voters, talk, &reason).await?
        } else {
            devices::restore(&mut tx, call, owner, voters, talk, &reason).await?
        };
        tx.commit().await?;
        Ok::<_, Error>(changed)
    })
    .await?;
    Ok(Answer(VotesShape { votes }))
}
