//! A call's page, in every phase.

use std::ops::Range;

use axum::extract::{Query, State};
use axum_extra::extract::CookieJar;
use chrono::Utc;
use pawdium_shared::ids::CallId;
use pawdium_shared::talks::{Call, Phase, TalkRow, TalkState, Totals, Voters, lists, readers, results};
use pawdium_widgets::markdown;
use serde::Deserialize;
use url::form_urlencoded;

use super::access::{SeenCall, find_call};
use super::present::{self, Counted};
use super::shared_order::SharedOrder;
use crate::error::Error;
use crate::http::device::Device;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor, pin_cookie};
use crate::state::App;
use crate::views::Paging;
use crate::views::talks::CallTab;
use crate::views::talks::board::{
    self, Barrier, CallPage, Order, OwnVotes, Pitching, TalkBoard, TalkCard, VoteControl, moves_from,
};

/// Talks per page.
const PER_PAGE: usize = 20;

/// The longest list that is on one page for visitors without an order of their own. Their browser orders it, so it must
/// be whole.
const WHOLE: usize = 200;

/// The query of a call's page. Invalid values are ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BoardQuery {
    /// The page of the list.
    page: String,
}

impl BoardQuery {
    /// The query of a page's own address.
    pub(super) fn of(address: &str) -> Self {
        let query = address.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or(query));
        let value = |name| form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        Self { page: value("page").map(|(_, value)| value.into_owned()).unwrap_or_default() }
    }
}

/// The part of a list that is on one page.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The places of the talks, from 0.
    pub(super) places: Range<usize>,
    /// Whether it is all of a list that the browser orders.
    pub(super) is_shuffled: bool,
    /// The position in the list.
    pub(super) paging: Paging,
}

impl Part {
    /// The part of a list of so many talks that the query asks for. `is_shared`: of one that many visitors share.
    pub(super) fn of(call: &Call, query: &BoardQuery, talks: usize, is_shared: bool) -> Self {
        let is_shuffled = is_shared && call.phase == Phase::Voting && talks <= WHOLE;
        let per_page = if is_shuffled { WHOLE } else { PER_PAGE };
        let pages = talks.div_ceil(per_page).max(1);
        let page = query.page.parse().unwrap_or(1_usize).clamp(1, pages);
        let first = (page - 1) * per_page;
        Self {
            places: first..(first + per_page).min(talks),
            is_shuffled: is_shuffled && talks > 1,
            paging: Paging::of(number(page), number(pages), format!("/calls/{}", call.id)),
        }
    }

    /// The address of the part that a live refresh fetches.
    pub(super) fn address(&self) -> String {
        part_of(&self.paging.href(self.paging.page))
    }
}

/// `GET /calls/{call}`
pub async fn page(
    State(app): State<App>,
    mut viewing: Viewing,
    device: Device,
    order: SharedOrder,
    jar: CookieJar,
    Path(id): Path<CallId>,
    Query(query): Query<BoardQuery>,
) -> Result<(CookieJar, Page<CallPage>), Error> {
    let seen = find_call(&app, &viewing.visitor, id).await?;
    let jar = if may_be_guest(&seen, &viewing.visitor) {
        let jar = keep_key(&app, &mut viewing.visitor, jar).await?;
        device.cookie(&app).into_iter().fold(jar, CookieJar::add)
    } else {
        jar
    };
    let seen = SeenCall {
        viewer: pawdium_shared::talks::Viewer { key: viewing.visitor.key, ..seen.viewer },
        ..seen
    };
    let mut board = load(&app, &seen, &viewing.visitor, (device, order), &query).await?;
    viewing.chrome.flash.take_if(|flash| flash.talk.is_some_and(|talk| board.refuse(talk, &flash.text)));
    let mut db = app.db.acquire().await?;
    let head = present::head(&mut db, &seen, CallTab::Talks).await?;
    let moves =
        if seen.is_owner() && !seen.hub.is_archived() { moves_from(seen.call.phase) } else { Vec::new() };
    Ok((
        jar,
        Page(CallPage {
            chrome: viewing.chrome,
            text: markdown::render(&seen.call.text),
            rules: present::rules(&seen.call, &seen.hub),
            moves,
            head,
            board,
        }),
    ))
}

/// `GET /calls/{call}/part`: the part that a live refresh fetches.
pub async fn part(
    State(app): State<App>,
    visitor: Visitor,
    device: Device,
    order: SharedOrder,
    Path(id): Path<CallId>,
    Query(query): Query<BoardQuery>,
) -> Result<Page<TalkBoard>, Error> {
    let seen = find_call(&app, &visitor, id).await?;
    Ok(Page(load(&app, &seen, &visitor, (device, order), &query).await?))
}

/// Whether a visitor without a user may vote, for whom the page keeps a key and a device.
fn may_be_guest(seen: &SeenCall, visitor: &Visitor) -> bool {
    seen.call.voters == Voters::Anybody && seen.call.phase == Phase::Voting && visitor.user.is_none()
}

/// Gives a visitor without a user a key to keep: their order stays the same, also when they vote.
async fn keep_key(app: &App, visitor: &mut Visitor, jar: CookieJar) -> Result<CookieJar, Error> {
    visitor.renew_key(app).await?;
    visitor.has_key = true;
    Ok(jar.add(pin_cookie(app, visitor.key, visitor.pinned)))
}

/// Loads the talks of a call as a visitor sees them, and records how far they have read.
pub(super) async fn load(
    app: &App,
    seen: &SeenCall,
    visitor: &Visitor,
    (device, order): (Device, SharedOrder),
    query: &BoardQuery,
) -> Result<TalkBoard, Error> {
    let SeenCall { call, hub, viewer, .. } = seen;
    let order = order.of(visitor);
    let mut db = app.db.acquire().await?;
    let mut rows = lists::talks_for(&mut db, call, viewer).await?;
    if let Some(order) = order {
        lists::share_order(call, order, &mut rows);
    }
    let voters = results::find(&mut db, call.id).await?.map(|result| result.voters);
    let pitching = pitching(seen, visitor, hub.is_archived());
    let split = Split::of(&rows, pitching == Pitching::May);
    let part = Part::of(call, query, split.list.len(), order.is_some());
    if call.phase == Phase::Voting {
        readers::record(&mut db, call, viewer, part.places.end).await?;
    }
    drop(db);
    let photos = present::photos(app, &rows).await?;
    let voting = Voting::of(app, seen, visitor, device, &rows);
    let back = part.paging.href(part.paging.page);
    let counted = Counted::of(&rows, voters);
    let card = |row: &TalkRow| present::card(call, row, &photos, &counted, voting.control(row, &back));
    let cards = |rows: &[&TalkRow]| -> Vec<TalkCard> { rows.iter().copied().map(&card).collect() };
    Ok(TalkBoard {
        call: call.id.0,
        phase: call.phase,
        part: part.address(),
        error: None,
        pitching,
        own: cards(&split.own),
        waiting: cards(&split.waiting),
        hidden: cards(&split.hidden),
        votes: voting.line(),
        voter: visitor.id().0,
        barrier: voting.barrier,
        totals: totals_of(call, &rows, voting.barrier),
        voters: voters.filter(|_| call.phase.is_over()).map(i64::from),
        talks: cards(&split.list[part.places.clone()]),
        count: number(split.list.len()),
        first: number(part.places.start + 1),
        order: match order {
            _ if call.phase != Phase::Voting || split.list.len() < 2 => Order::Everybodys,
            Some(_) => Order::Shared { is_shuffled: part.is_shuffled },
            None => Order::Own,
        },
        paging: part.paging,
    })
}

pub(super) fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The address of the part that a page shows.
fn part_of(page: &str) -> String {
    match page.split_once('?') {
        Some((path, query)) => format!("{path}/part?{query}"),
        None => format!("{page}/part"),
    }
}

/// Which talks stand where.
struct Split<'a> {
    /// The viewer's own, if they can change them.
    own: Vec<&'a TalkRow>,
    /// Those that wait for an owner.
    waiting: Vec<&'a TalkRow>,
    /// Those that are hidden, for those who run the call, and the viewer's own.
    hidden: Vec<&'a TalkRow>,
    /// The list.
    list: Vec<&'a TalkRow>,
}

impl<'a> Split<'a> {
    fn of(rows: &'a [TalkRow], keeps_own: bool) -> Self {
        let (waiting, rest): (Vec<_>, Vec<_>) =
            rows.iter().partition(|row| row.talk.state == TalkState::Waiting && !row.is_own);
        let is_own = |row: &&TalkRow| row.is_own && keeps_own;
        let (own, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_own);
        let (list, rest): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|row| row.talk.state == TalkState::Shown);
        let hidden = rest.into_iter().filter(|row| row.talk.state == TalkState::Hidden).collect();
        Self { own, waiting, hidden, list }
    }
}

fn pitching(seen: &SeenCall, visitor: &Visitor, is_archived: bool) -> Pitching {
    match seen.call.phase {
        _ if is_archived => Pitching::Over,
        Phase::Pitch if visitor.member().is_err() => Pitching::LogIn,
        Phase::Pitch if !seen.is_member() => Pitching::Join,
        Phase::Pitch => Pitching::May,
        _ => Pitching::Over,
    }
}

/// What a page says about the totals.
pub(super) fn totals_of(call: &Call, rows: &[TalkRow], barrier: Option<Barrier>) -> board::Totals {
    match call.phase {
        Phase::Draft | Phase::Pitch | Phase::Closed | Phase::Announced => board::Totals::Silent,
        Phase::Voting if rows.iter().any(|row| row.votes.is_some()) => board::Totals::Live,
        Phase::Voting if barrier.is_some() || call.totals == Totals::Shown => board::Totals::UntilClosed,
        Phase::Voting => board::Totals::UntilVoted,
    }
}

/// What a visitor may do about voting.
pub(super) struct Voting {
    pub(super) barrier: Option<Barrier>,
    phase: Phase,
    given: i64,
    each: Option<i64>,
    permit: Option<String>,
}

impl Voting {
    pub(super) fn of(
        app: &App,
        seen: &SeenCall,
        visitor: &Visitor,
        device: Device,
        rows: &[TalkRow],
    ) -> Self {
        let call = &seen.call;
        let is_guest = !seen.is_member() && !visitor.user.as_ref().is_some_and(|user| user.verified);
        let is_served = call.voters == Voters::Anybody && call.phase == Phase::Voting && is_guest;
        Self {
            barrier: (call.phase == Phase::Voting).then(|| barrier(seen, visitor)).flatten(),
            phase: call.phase,
            given: number(rows.iter().filter(|row| row.voted).count()),
            each: call.votes_each.map(i64::from),
            permit: is_served.then(|| app.permits.issue(call.id, device.id, Utc::now())),
        }
    }

    fn line(&self) -> Option<OwnVotes> {
        let may_vote = self.phase == Phase::Voting && self.barrier.is_none();
        may_vote.then_some(OwnVotes { given: self.given, each: self.each })
    }

    /// What they may do about voting for a talk, on the page at `back`.
    pub(super) fn control(&self, row: &TalkRow, back: &str) -> VoteControl {
        match self.phase {
            Phase::Closed | Phase::Announced if row.voted => VoteControl::Voted,
            Phase::Draft | Phase::Pitch | Phase::Closed | Phase::Announced => VoteControl::None,
            Phase::Voting if row.talk.state != TalkState::Shown => VoteControl::None,
            Phase::Voting if row.is_own => VoteControl::Own,
            Phase::Voting if self.barrier == Some(Barrier::Archived) && row.voted => VoteControl::Voted,
            // Who may not vote any more may still take a vote back.
            Phase::Voting if self.barrier.is_some() && !row.voted => VoteControl::None,
            Phase::Voting => VoteControl::Toggle {
                voted: row.voted,
                is_spent: !row.voted && self.each.is_some_and(|each| self.given >= each),
                back: back.to_owned(),
                permit: self.permit.clone(),
            },
        }
    }
}

fn barrier(seen: &SeenCall, visitor: &Visitor) -> Option<Barrier> {
    if seen.hub.is_archived() {
        return Some(Barrier::Archived);
    }
    match (seen.call.voters, visitor.member()) {
        (Voters::Anybody, _) => None,
        (_, Err(_)) => Some(Barrier::LogIn),
        (Voters::Members, Ok(_)) => (!seen.is_member()).then_some(Barrier::Join),
        (Voters::Verified, Ok(member)) => (!member.verified).then_some(Barrier::Verify),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_to_its_part_and_back() {
        assert_eq!(part_of("/calls/3"), "/calls/3/part");
        assert_eq!(part_of("/calls/3?page=2"), "/calls/3/part?page=2");
        assert_eq!(BoardQuery::of("/calls/3?page=2#talk-4").page, "2");
        assert_eq!(BoardQuery::of("/calls/3").page, "");
    }
}
