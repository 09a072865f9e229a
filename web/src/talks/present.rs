//! Converts calls and talks for pages.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::Photo;
use pawdium_shared::talks::{Call, Phase, TalkRow, Totals, Voters, facts, times};
use pawdium_widgets::markdown;
use sqlx::PgConnection;

use super::access::SeenCall;
use crate::error::Error;
use crate::photos::find;
use crate::state::App;
use crate::views::Picture;
use crate::views::baked::BakedCallHead;
use crate::views::hubs::HubHead;
use crate::views::talks::board::{TalkCard, Tally, VoteControl};
use crate::views::talks::{CallHead, CallTab, HubCrumb, When};

/// The head of a page of a call.
pub(super) async fn head(db: &mut PgConnection, seen: &SeenCall, tab: CallTab) -> Result<CallHead, Error> {
    let has_voted = match seen.viewer.user {
        Some(user) => facts::has_voted(db, seen.call.id, user).await?,
        None => false,
    };
    Ok(CallHead { is_owner: seen.is_owner(), has_voted, ..public_head(db, seen).await?.on(tab) })
}

/// The head of a page of a call for everybody.
pub(super) async fn public_head(db: &mut PgConnection, seen: &SeenCall) -> Result<BakedCallHead, Error> {
    let SeenCall { call, hub, .. } = seen;
    Ok(BakedCallHead {
        id: call.id.0,
        title: call.title.clone(),
        hub: crumb(hub),
        phase: call.phase,
        begins: begins(db, call).await?,
        zone: call.time_zone.clone(),
        is_archived: hub.is_archived(),
        is_frozen: call.frozen_at.is_some(),
    })
}

fn crumb(hub: &Hub) -> HubCrumb {
    HubCrumb { name: hub.name.clone(), path: hub.path(), hue: HubHead::hue_of(hub.id.0) }
}

/// When pitches, voting, counting and the results of a call begin.
async fn begins(db: &mut PgConnection, call: &Call) -> Result<[Option<When>; 4], Error> {
    let local = times::local(db, call).await?;
    let now = Utc::now();
    let locals = [local.pitch_from, local.voting_from, local.closes_at, local.announced_at];
    let mut begins = [None; 4];
    for ((begin, (_, at)), local) in begins.iter_mut().zip(call.times.each()).zip(locals) {
        *begin = at.zip(local).map(|(at, local)| When::new(at, local, now));
    }
    Ok(begins)
}

/// Moments as the clocks of a zone show them, in the same order.
pub(super) async fn moments(
    db: &mut PgConnection,
    zone: &str,
    at: &[DateTime<Utc>],
) -> Result<Vec<When>, Error> {
    if at.is_empty() {
        return Ok(Vec::new());
    }
    let (locals, now) = (times::clocks(db, zone, at).await?, Utc::now());
    Ok(at.iter().zip(locals).map(|(at, local)| When::new(*at, local, now)).collect())
}

/// The rules of a call, a phrase each.
pub(super) fn rules(call: &Call, hub: &Hub) -> Vec<String> {
    let voters = match call.voters {
        Voters::Members => format!("Members of {} vote", hub.name),
        Voters::Verified => "Everybody with a verified address votes".to_owned(),
        Voters::Anybody => "Anybody votes".to_owned(),
    };
    let each = match call.votes_each {
        None => "As many votes as you like".to_owned(),
        Some(1) => "One vote each".to_owned(),
        Some(votes) => format!("{votes} votes each"),
    };
    let totals = match call.totals {
        Totals::Hidden => "Totals are hidden until you vote",
        Totals::Shown => "Totals are shown",
    };
    let mut rules = vec![voters, each];
    if !call.phase.is_over() {
        rules.push(totals.to_owned());
        rules.extend(call.blind.then(|| "Names are hidden until the close".to_owned()));
    }
    rules.extend((call.moderated && call.phase <= Phase::Pitch).then(|| "Owners approve pitches".to_owned()));
    rules
}

/// The photos of talks.
pub(super) type Photos = HashMap<PhotoId, Photo>;

/// Loads the photos of talks.
pub(super) async fn photos(app: &App, rows: &[TalkRow]) -> Result<Photos, Error> {
    let ids: Vec<_> = rows.iter().filter_map(|row| row.talk.photo).collect();
    let photos = find::list_live(app, &ids).await?;
    Ok(photos.into_iter().map(|photo| (photo.id, photo)).collect())
}

/// What cards show of all talks of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// The most votes of a talk that the viewer may know.
    most: i32,
    /// How many talks have each place.
    sharing: HashMap<i32, usize>,
    /// How many voted, once that is known.
    voters: Option<i32>,
}

impl Counted {
    pub(super) fn of(rows: &[TalkRow], voters: Option<i32>) -> Self {
        let mut sharing = HashMap::new();
        for place in rows.iter().filter_map(|row| row.place) {
            *sharing.entry(place).or_insert(0) += 1;
        }
        Self { most: rows.iter().filter_map(|row| row.votes).max().unwrap_or(0), sharing, voters }
    }

    /// The votes of a talk, once there can be any.
    pub(super) fn tally(&self, call: &Call, row: &TalkRow) -> Option<Tally> {
        let votes = row.votes.filter(|_| call.phase >= Phase::Voting)?;
        let is_shared = |place| self.sharing.get(&place).is_some_and(|talks| *talks > 1);
        let voters = self.voters.filter(|voters| *voters > 0);
        Some(Tally {
            votes: i64::from(votes),
            guests: i64::from(row.guest_votes.unwrap_or(0)),
            most: i64::from(self.most),
            place: row.place.map(|place| (i64::from(place), is_shared(place))),
            share: voters.map(|voters| f64::from(votes) / f64::from(voters)),
        })
    }
}

/// A talk in a list.
pub(super) fn card(
    call: &Call,
    row: &TalkRow,
    photos: &Photos,
    counted: &Counted,
    vote: VoteControl,
) -> TalkCard {
    let talk = &row.talk;
    let photo = talk.photo.and_then(|photo| photos.get(&photo));
    TalkCard {
        id: talk.id.0,
        title: talk.title.clone(),
        text: markdown::render(&talk.description),
        author: talk.author_name.clone(),
        picture: photo.map(|photo| (Picture::of(photo), photo.alt.clone())),
        state: talk.state,
        is_own: row.is_own,
        vote,
        tally: counted.tally(call, row),
        refused: None,
    }
}
