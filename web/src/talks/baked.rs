//! The pages of calls for everybody whom the site doesn't know.
//!
//! A call in which anybody may vote isn't baked while people vote: its page gives each visitor a key, a device and a
//! permit, and a guest votes with them, in an order that counts for them afterwards. Otherwise nobody without an
//! account can do anything on the page, and it is the same for all but for the order of the talks.

use pawdium_shared::cache::{depend_on, gathering};
use pawdium_shared::hubs::shown::ShownHub;
use pawdium_shared::ids::{CallId, TalkId};
use pawdium_shared::talks::facts::CachedCallFacts;
use pawdium_shared::talks::{Phase, TalkRow, TalkState, Totals, Voters, lists, order, results};
use pawdium_widgets::markdown;

use super::access::{SeenCall, find_call, find_talk};
use super::present::{self, Counted};
use super::shared_order::SharedOrder;
use super::show::{BoardQuery, Part, number, totals_of};
use super::talk::Loaded;
use super::{list, results as result_page};
use crate::baked::Asked;
use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::hubs::access::find_visible_hub;
use crate::hubs::head;
use crate::state::App;
use crate::views::baked::{BakedCall, BakedCalls, BakedHtml, BakedOneTalk, BakedTalk, TalkSheet};
use crate::views::talks::board::{Barrier, VoteControl};

/// How many orders of a list of talks are baked.
pub const ORDERS: u32 = order::SHARED as u32;

/// A call's page for everybody.
///
/// # Errors
/// [`Error::NotFound`] also if not everybody may see it, or if anybody may vote there now; or a database error.
pub async fn bake_call(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let seen = find_public(&app, asked.name()).await?;
    let (call, viewer) = (&seen.call, &seen.viewer);
    if call.phase == Phase::Voting && call.voters == Voters::Anybody && !seen.hub.is_archived() {
        return Err(Error::NotFound);
    }
    if Totals::visible_to(call, false) {
        depend_on(CachedCallFacts(call.id));
    }
    let query: BoardQuery = asked.query()?;
    let order = SharedOrder::numbered(asked.variant).number();
    let mut db = app.db.acquire().await?;
    let mut rows = lists::talks_for(&mut db, call, viewer).await?;
    lists::share_order(call, order, &mut rows);
    let turnout = results::find(&mut db, call.id).await?.map(|result| result.voters);
    let head = present::public_head(&mut db, &seen).await?;
    drop(db);
    rows.retain(|row| row.talk.state == TalkState::Shown);
    let photos = present::photos(&app, &rows).await?;
    let counted = Counted::of(&rows, turnout);
    let part = Part::of(call, &query, rows.len(), true);
    let talk = |row: &TalkRow| BakedTalk::of(present::card(call, row, &photos, &counted, VoteControl::None));
    let barrier = (call.phase == Phase::Voting).then_some(Barrier::LogIn);
    let page = BakedCall {
        text: markdown::render(&call.text),
        rules: present::rules(call, &seen.hub),
        totals: totals_of(call, &rows, barrier),
        turnout: turnout.filter(|_| call.phase.is_over()).map(i64::from),
        list: TalkSheet {
            talks: rows[part.places.clone()].iter().map(talk).collect(),
            count: number(rows.len()),
            first: number(part.places.start + 1),
            part: part.address(),
            is_shuffled: part.is_shuffled,
            paging: part.paging,
        },
        head,
    };
    asked.bake(&app, page)
}

/// A talk's page for everybody. Where guests vote, they do it on the call's page.
///
/// # Errors
/// [`Error::NotFound`] also if not everybody may see it; or a database error.
pub async fn bake_talk(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let id = asked.name().parse().map(TalkId).map_err(|_| Error::NotFound)?;
    let (talk, seen) = find_talk(&app, &Visitor::nobody(), id).await?;
    depend_on(ShownHub(seen.hub.id));
    if Totals::visible_to(&seen.call, false) {
        depend_on(CachedCallFacts(seen.call.id));
    }
    let order = SharedOrder::numbered(asked.variant).number();
    let loaded = Loaded::find(&app, &talk, &seen, Some(order)).await?;
    let head = present::public_head(&mut *app.db.acquire().await?, &seen).await?;
    let page = BakedOneTalk {
        talk: BakedTalk::of(loaded.card(&seen.call, VoteControl::None)),
        revisions: loaded.revisions,
        around: loaded.around,
        pitched: loaded.pitched,
        head,
    };
    asked.bake(&app, page)
}

/// The calls of a public hub for everybody.
///
/// # Errors
/// [`Error::NotFound`] also if the hub isn't public; or a database error.
pub async fn bake_calls(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let hub = find_visible_hub(&app, &Visitor::nobody(), asked.name()).await?;
    // Votes change nothing in the list before the close, so not even its age may tell of them.
    let (loaded, _) = gathering(list::load(&app, &Visitor::nobody(), &hub)).await;
    let listed = loaded?;
    for call in listed.groups.iter().filter(|group| group.phase.is_over()).flat_map(|group| &group.calls) {
        depend_on(CachedCallFacts(CallId(call.id)));
    }
    let head = head::load_public(&app, &hub, asked.path()).await?;
    asked.bake(&app, BakedCalls { head, groups: listed.groups, zone: listed.zone })
}

/// The results of a call for everybody.
///
/// # Errors
/// [`Error::NotFound`] also if not everybody may see them, or before they are frozen; or a database error.
pub async fn bake_results(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let seen = find_public(&app, asked.name()).await?;
    if seen.call.frozen_at.is_none() {
        return Err(Error::NotFound);
    }
    let page = result_page::load(&app, &seen).await?;
    asked.bake(&app, page)
}

/// A call that everybody may see.
async fn find_public(app: &App, name: &str) -> Result<SeenCall, Error> {
    let id = name.parse().map(CallId).map_err(|_| Error::NotFound)?;
    let seen = find_call(app, &Visitor::nobody(), id).await?;
    // It goes stale with whatever happens in the hub but votes.
    depend_on(ShownHub(seen.hub.id));
    Ok(seen)
}
