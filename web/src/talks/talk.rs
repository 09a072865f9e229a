//! One talk.

use axum::extract::{Query, State};
use axum_extra::extract::CookieJar;
use pawdium_shared::ids::TalkId;
use pawdium_shared::talks::{Phase, Talk, TalkRow, TalkState, lists, queries, results};
use serde::Deserialize;

use super::access::{SeenCall, find_talk};
use super::present::{self, Counted};
use super::shared_order::SharedOrder;
use super::show::Voting;
use crate::error::Error;
use crate::http::device::Device;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::Field;
use crate::views::talks::CallTab;
use crate::views::talks::board::VoteControl;
use crate::views::talks::talk::{Around, Moderation, Revision, TalkPage};

/// The query of a talk's page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TalkQuery {
    /// Whether the form that hides it is unfolded.
    hide: Option<String>,
}

/// `GET /talks/{talk}`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    order: SharedOrder,
    Path(id): Path<TalkId>,
    Query(query): Query<TalkQuery>,
) -> Result<Page<TalkPage>, Error> {
    let (talk, seen) = find_talk(&app, &viewing.visitor, id).await?;
    let mut page = load(&app, viewing, talk, seen, order, Field::default()).await?;
    page.is_hiding |= query.hide.is_some();
    let refused = page.chrome.flash.take_if(|flash| flash.talk == Some(id.0));
    page.talk.refused = refused.map(|flash| flash.text);
    Ok(Page(page))
}

/// Loads a talk's page. `reason` is what an owner has written in the form that hides it.
pub(super) async fn load(
    app: &App,
    viewing: Viewing,
    talk: Talk,
    seen: SeenCall,
    order: SharedOrder,
    reason: Field,
) -> Result<TalkPage, Error> {
    let call = &seen.call;
    let mut db = app.db.acquire().await?;
    let mut rows = lists::talks_for(&mut db, call, &seen.viewer).await?;
    if let Some(order) = order.of(&viewing.visitor) {
        lists::share_order(call, order, &mut rows);
    }
    let voters = results::find(&mut db, call.id).await?.map(|result| result.voters);
    let revisions = match talk.revision {
        1 => Vec::new(),
        _ => queries::list_revisions(&mut db, talk.id).await?,
    };
    let head = present::head(&mut db, &seen, CallTab::Below).await?;
    let pitched = present::moments(&mut db, &call.time_zone, &[talk.created_at]).await?;
    drop(db);
    let row = rows.iter().find(|row| row.talk.id == talk.id).cloned().unwrap_or_else(|| withdrawn(&talk));
    let photos = present::photos(app, std::slice::from_ref(&row)).await?;
    let listed: Vec<i64> =
        rows.iter().filter(|row| row.talk.state == TalkState::Shown).map(|row| row.talk.id.0).collect();
    let control = match call.phase {
        // Guests vote on the call's page, which keeps a key and a device for them.
        Phase::Voting if viewing.visitor.user.is_none() => VoteControl::None,
        _ => {
            let device = Device::of(app, &CookieJar::new());
            Voting::of(app, &seen, &viewing.visitor, device, &rows)
                .control(&row, &format!("/talks/{}", talk.id))
        }
    };
    let can_change = call.phase <= Phase::Pitch && !seen.hub.is_archived();
    let is_hiding = reason.error.is_some();
    Ok(TalkPage {
        chrome: viewing.chrome,
        may_edit: row.is_own && can_change && matches!(talk.state, TalkState::Shown | TalkState::Waiting),
        moderation: moderation(&seen, talk.state),
        revisions: revisions
            .into_iter()
            .filter(|one| one.revision < talk.revision)
            .map(|one| Revision { at: one.at, title: one.title, text: one.description })
            .collect(),
        around: Around::of(talk.id.0, &listed),
        pitched: pitched.into_iter().next().ok_or(Error::NotFound)?,
        talk: present::card(call, &row, &photos, &Counted::of(&rows, voters), control),
        head,
        reason,
        is_hiding,
    })
}

/// A talk that its author has withdrawn, as they see it.
fn withdrawn(talk: &Talk) -> TalkRow {
    TalkRow { talk: talk.clone(), votes: None, guest_votes: None, voted: false, is_own: true, place: None }
}

fn moderation(seen: &SeenCall, state: TalkState) -> Option<Moderation> {
    if !seen.viewer.runs_it {
        return None;
    }
    match state {
        TalkState::Waiting => Some(Moderation::Waiting),
        TalkState::Shown => Some(Moderation::Shown),
        TalkState::Hidden => Some(Moderation::Hidden),
        TalkState::Withdrawn => None,
    }
}
