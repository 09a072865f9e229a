//! The owners' dashboard, and setting votes aside.

use std::collections::HashMap;

use axum::extract::{Query, RawForm, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use pawdium_shared::hubs;
use pawdium_shared::ids::{CallId, TalkId, UserId};
use pawdium_shared::talks::dashboard::{self, Minute, VoteRow};
use pawdium_shared::talks::devices::{self, Group, Level, Shared, Suspect};
use pawdium_shared::talks::{Call, order};
use serde::Deserialize;
use sqlx::PgConnection;
use url::form_urlencoded;

use super::access::{SeenCall, find_call};
use super::api::dashboard::csv_of;
use super::show::number;
use super::{owner_acts, present};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Paging;
use crate::views::talks::dashboard::{
    DashboardBoard, DashboardPage, DeviceGroup, TalkVoters, TopTalk, VoterRow,
};
use crate::views::talks::{CallTab, When};

/// How many talks are shown.
const TOP: i64 = 100;

/// How many minutes of votes are drawn.
const MINUTES: i32 = 60;

/// How many groups of voters who may be one person are shown, the most suspicious ones.
const GROUPS: usize = 100;

/// Voters per page.
const VOTERS: i64 = 100;

/// The query of the dashboard. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DashboardQuery {
    /// The talk whose voters are shown.
    talk: String,
    /// The page of its voters.
    page: String,
}

impl DashboardQuery {
    fn talk(&self) -> Option<TalkId> {
        self.talk.parse().ok().map(TalkId)
    }
}

/// `GET /calls/{call}/dashboard`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<CallId>,
    Query(query): Query<DashboardQuery>,
) -> Result<Page<DashboardPage>, Error> {
    let seen = find_own(&app, &viewing.visitor, id).await?;
    Ok(Page(show(&app, viewing, &seen, &query, None).await?))
}

/// `GET /calls/{call}/dashboard/part`: the part that a live refresh fetches.
pub async fn part(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<CallId>,
    Query(query): Query<DashboardQuery>,
) -> Result<Page<DashboardBoard>, Error> {
    let seen = find_own(&app, &visitor, id).await?;
    Ok(Page(board(&mut *app.db.acquire().await?, &seen.call, query.talk()).await?))
}

/// `GET /calls/{call}/votes.csv`
pub async fn csv(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<CallId>,
) -> Result<Response, Error> {
    find_own(&app, &visitor, id).await?;
    csv_of(&app, id).await
}

/// `POST /calls/{call}/votes/set-aside`: sets the votes of the chosen voters aside, or restores them.
pub async fn judge(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<CallId>,
    RawForm(form): RawForm,
) -> Result<Response, Error> {
    let seen = find_own(&app, &viewing.visitor, id).await?;
    let form = JudgeForm::read(&form);
    let is_aside = match form.act.as_str() {
        "set-aside" => true,
        "restore" => false,
        _ => return Err(Error::Refused("Set the votes aside or restore them.".to_owned())),
    };
    match owner_acts::judge_votes(&app, &viewing.visitor, id, &form.voters, is_aside, &form.reason).await {
        Ok(_) => {
            let notice = if is_aside { Notice::VotesSetAside } else { Notice::VotesRestored };
            let back = Redirect::to(&format!("/calls/{id}/dashboard"));
            Ok((jar.add(notice.cookie()), back).into_response())
        }
        Err(error @ (Error::Field { .. } | Error::Conflict(_))) => {
            let refused = Some(error.to_string());
            let page = show(&app, viewing, &seen, &DashboardQuery::default(), refused).await?;
            Ok((error.status(), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// A form with as many voters as are chosen.
#[derive(Debug, Default)]
struct JudgeForm {
    act: String,
    reason: String,
    voters: Vec<UserId>,
}

impl JudgeForm {
    fn read(form: &[u8]) -> Self {
        let mut read = Self::default();
        for (key, value) in form_urlencoded::parse(form) {
            match &*key {
                "act" => read.act = value.into_owned(),
                "reason" => read.reason = value.into_owned(),
                "voter" => read.voters.extend(value.parse().ok().map(UserId)),
                _ => {}
            }
        }
        read
    }
}

/// A call of a hub that the visitor owns.
async fn find_own(app: &App, visitor: &Visitor, id: CallId) -> Result<SeenCall, Error> {
    let seen = find_call(app, visitor, id).await?;
    if seen.is_owner() { Ok(seen) } else { Err(hubs::Refusal::NotOwner.into()) }
}

async fn show(
    app: &App,
    viewing: Viewing,
    seen: &SeenCall,
    query: &DashboardQuery,
    error: Option<String>,
) -> Result<DashboardPage, Error> {
    let call = &seen.call;
    let mut db = app.db.acquire().await?;
    let board = board(&mut db, call, query.talk()).await?;
    let voters = match query.talk() {
        Some(talk) => voters_of(&mut db, call, &board, talk, &query.page).await?,
        None => None,
    };
    let titles = board.top.iter().map(|talk| (talk.id, talk.title.clone())).collect();
    let mut groups = devices::report(&mut db, call.id).await?;
    let more_devices = groups.len().saturating_sub(GROUPS);
    groups.truncate(GROUPS);
    let devices = device_groups(&mut db, call, groups, &titles).await?;
    let head = present::head(&mut db, seen, CallTab::Dashboard).await?;
    Ok(DashboardPage {
        chrome: viewing.chrome,
        may_judge: !seen.hub.is_archived() && !call.phase.is_over(),
        head,
        board,
        voters,
        devices,
        more_devices: number(more_devices),
        error,
    })
}

async fn board(db: &mut PgConnection, call: &Call, open: Option<TalkId>) -> Result<DashboardBoard, Error> {
    let turnout = dashboard::turnout(db, call.id).await?;
    let top = dashboard::top(db, call.id, TOP).await?;
    let places = order::places(&top.iter().map(|talk| talk.votes).collect::<Vec<_>>());
    let minutes = minutes(&dashboard::per_minute(db, call.id, MINUTES).await?, Utc::now());
    let top = top.into_iter().zip(places).map(|(talk, place)| TopTalk {
        is_open: open == Some(talk.id),
        id: talk.id.0,
        place: i64::from(place),
        title: talk.title,
        author: talk.author_name,
        votes: i64::from(talk.votes),
        guests: i64::from(talk.guest_votes),
        set_aside: talk.set_aside,
    });
    Ok(DashboardBoard {
        call: call.id.0,
        phase: call.phase,
        voters: turnout.voters,
        votes: turnout.votes,
        guest_votes: turnout.guest_votes,
        set_aside: turnout.set_aside,
        minutes,
        top: top.collect(),
        open: open.map(|talk| talk.0),
    })
}

/// The votes of each of the last minutes, the present one last.
fn minutes(counted: &[Minute], now: DateTime<Utc>) -> Vec<i64> {
    let this = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
    let counts: HashMap<_, _> = counted.iter().map(|minute| (minute.at, minute.votes)).collect();
    let ago =
        |minutes: i32| counts.get(&(this - TimeDelta::minutes(i64::from(minutes)))).copied().unwrap_or(0);
    (0..MINUTES).rev().map(ago).collect()
}

async fn voters_of(
    db: &mut PgConnection,
    call: &Call,
    board: &DashboardBoard,
    talk: TalkId,
    page: &str,
) -> Result<Option<TalkVoters>, Error> {
    let Some(top) = board.top.iter().find(|top| top.id == talk.0) else { return Ok(None) };
    let all = top.votes + top.guests + top.set_aside;
    let last = (all - 1).max(0) / VOTERS + 1;
    let page = page.parse().unwrap_or(1).clamp(1, last);
    let votes = dashboard::voters(db, talk, VOTERS, (page - 1) * VOTERS).await?;
    let times: Vec<_> = votes.iter().map(|vote| vote.at).collect();
    let whens = present::moments(db, &call.time_zone, &times).await?;
    Ok(Some(TalkVoters {
        title: top.title.clone(),
        voters: votes.into_iter().zip(whens).map(|(vote, at)| voter(vote, at)).collect(),
        paging: Paging::of(page, last, format!("/calls/{}/dashboard?talk={talk}", call.id)),
    }))
}

fn voter(vote: VoteRow, at: When) -> VoterRow {
    VoterRow {
        id: vote.voter.0,
        name: vote.name,
        is_guest: vote.guest,
        age: vote.account_since.and_then(|since| (vote.at - since).to_std().ok()),
        at,
        cast: vote.cast,
        set_aside: vote.set_aside_reason.filter(|_| vote.set_aside_at.is_some()),
        is_aside: vote.set_aside_at.is_some(),
    }
}

async fn device_groups(
    db: &mut PgConnection,
    call: &Call,
    groups: Vec<Group>,
    titles: &HashMap<i64, String>,
) -> Result<Vec<DeviceGroup>, Error> {
    let times: Vec<_> = groups.iter().flat_map(|group| &group.voters).map(|voter| voter.first_at).collect();
    let mut whens = present::moments(db, &call.time_zone, &times).await?.into_iter();
    Ok(groups.into_iter().map(|group| device_group(group, titles, &mut whens)).collect())
}

fn device_group(
    group: Group,
    titles: &HashMap<i64, String>,
    whens: &mut impl Iterator<Item = When>,
) -> DeviceGroup {
    let mut talks: HashMap<i64, i64> = HashMap::new();
    for talk in group.voters.iter().flat_map(|voter| &voter.talks) {
        *talks.entry(talk.0).or_insert(0) += 1;
    }
    let mut talks: Vec<_> =
        talks.into_iter().filter_map(|(talk, votes)| Some((titles.get(&talk)?.clone(), votes))).collect();
    talks.sort_by(|(one, votes), (other, others)| others.cmp(votes).then_with(|| one.cmp(other)));
    DeviceGroup {
        title: match &group.shared {
            Shared::Device(id) => format!("Browser {id}"),
            Shared::Network(network) => format!("Network {network}"),
        },
        is_likely: group.level == Level::Likely,
        signs: group.evidence.iter().map(ToString::to_string).collect(),
        voters: group.voters.into_iter().zip(whens).map(|(voter, at)| suspect(voter, at)).collect(),
        talks,
    }
}

fn suspect(voter: Suspect, at: When) -> VoterRow {
    VoterRow {
        id: voter.user.0,
        is_guest: voter.name.is_none(),
        name: voter.name,
        age: voter.account_since.and_then(|since| (voter.first_at - since).to_std().ok()),
        at,
        cast: i64::try_from(voter.talks.len()).unwrap_or(i64::MAX),
        set_aside: None,
        is_aside: voter.set_aside > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_without_votes_are_drawn_too() {
        let now = DateTime::from_timestamp(1_800_000_042, 0).expect("a time");
        let at = |ago| now.duration_trunc(TimeDelta::minutes(1)).expect("a minute") - TimeDelta::minutes(ago);
        let drawn = minutes(&[Minute { at: at(2), votes: 5 }, Minute { at: at(0), votes: 3 }], now);
        assert_eq!((drawn.len(), &drawn[56..]), (60, &[0, 5, 0, 3][..]));
    }

    #[test]
    fn a_form_names_many_voters() {
        let form = JudgeForm::read(b"voter=3&voter=x&reason=one+device&voter=5&act=restore");
        assert_eq!(
            (form.voters, form.reason.as_str(), form.act.as_str()),
            (vec![UserId(3), UserId(5)], "one device", "restore")
        );
    }
}
