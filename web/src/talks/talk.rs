//! One talk.

use axum::extract::{Query, State};
use axum_extra::extract::CookieJar;
use pawdium_shared::ids::TalkId;
use pawdium_shared::talks::hiding::HiddenBy;
use pawdium_shared::talks::{Call, Phase, Talk, TalkRow, TalkState, lists, queries, results};
use serde::Deserialize;
use sqlx::PgConnection;

use super::access::{SeenCall, find_talk};
use super::present::{self, Counted, Photos};
use super::shared_order::SharedOrder;
use super::show::Voting;
use crate::error::Error;
use crate::http::device::Device;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::Field;
use crate::views::talks::board::{TalkCard, VoteControl};
use crate::views::talks::talk::{Around, Moderation, Revision, TalkPage};
use crate::views::talks::{CallTab, When};

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

/// What a talk's page shows of it and of those around it.
pub(super) struct Loaded {
    /// All talks that the viewer sees, in their order.
    pub(super) rows: Vec<TalkRow>,
    /// The talk.
    pub(super) row: TalkRow,
    /// Its picture.
    pub(super) photos: Photos,
    /// What is counted.
    pub(super) counted: Counted,
    /// When it was pitched.
    pub(super) pitched: When,
    /// What it said before.
    pub(super) revisions: Vec<Revision>,
    /// Its neighbours.
    pub(super) around: Around,
}

impl Loaded {
    /// Loads a talk for the viewer of its call. `order`: one that visitors share who have none of their own.
    pub(super) async fn find(
        app: &App,
        talk: &Talk,
        seen: &SeenCall,
        order: Option<u8>,
    ) -> Result<Self, Error> {
        let call = &seen.call;
        let mut db = app.db.acquire().await?;
        let mut rows = lists::talks_for(&mut db, call, &seen.viewer).await?;
        if let Some(order) = order {
            lists::share_order(call, order, &mut rows);
        }
        let voters = results::find(&mut db, call.id).await?.map(|result| result.voters);
        let revisions = revisions(&mut db, talk, seen).await?;
        let pitched = present::moments(&mut db, &call.time_zone, &[talk.created_at]).await?;
        drop(db);
        let row = rows.iter().find(|row| row.talk.id == talk.id).cloned().unwrap_or_else(|| withdrawn(talk));
        let listed: Vec<i64> =
            rows.iter().filter(|row| row.talk.state == TalkState::Shown).map(|row| row.talk.id.0).collect();
        Ok(Self {
            photos: present::photos(app, std::slice::from_ref(&row)).await?,
            counted: Counted::of(&rows, voters),
            around: Around::of(talk.id.0, &listed),
            pitched: pitched.into_iter().next().ok_or(Error::NotFound)?,
            revisions,
            rows,
            row,
        })
    }

    /// The talk with what the viewer may do about voting for it.
    pub(super) fn card(&self, call: &Call, vote: VoteControl) -> TalkCard {
        present::card(call, &self.row, &self.photos, &self.counted, vote)
    }
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
    let loaded = Loaded::find(app, &talk, &seen, order.of(&viewing.visitor)).await?;
    let control = match call.phase {
        // Guests vote on the call's page, which keeps a key and a device for them.
        Phase::Voting if viewing.visitor.user.is_none() => VoteControl::None,
        _ => {
            let device = Device::of(app, &CookieJar::new());
            Voting::of(app, &seen, &viewing.visitor, device, &loaded.rows)
                .control(&loaded.row, &format!("/talks/{}", talk.id))
        }
    };
    let mut db = app.db.acquire().await?;
    let head = present::head(&mut db, &seen, CallTab::Below).await?;
    let kept_hidden = match (talk.state, viewing.visitor.member()) {
        (TalkState::Hidden, Ok(member)) if seen.viewer.runs_it => {
            HiddenBy::find(&mut db, &talk).await?.permits(member, &talk).err()
        }
        _ => None,
    };
    drop(db);
    let can_change = call.phase <= Phase::Pitch && !seen.hub.is_archived();
    let is_own = loaded.row.is_own;
    Ok(TalkPage {
        chrome: viewing.chrome,
        may_edit: is_own && can_change && matches!(talk.state, TalkState::Shown | TalkState::Waiting),
        moderation: moderation(&seen, talk.state).filter(|_| kept_hidden.is_none()),
        kept_hidden: kept_hidden.map(|refusal| refusal.to_string()),
        talk: loaded.card(call, control),
        revisions: loaded.revisions,
        around: loaded.around,
        pitched: loaded.pitched,
        head,
        is_hiding: reason.error.is_some(),
        reason,
    })
}

/// What a talk said before, the latest first. Where owners approve talks, others don't read what was never approved.
async fn revisions(db: &mut PgConnection, talk: &Talk, seen: &SeenCall) -> sqlx::Result<Vec<Revision>> {
    let is_own = talk.author.is_some() && talk.author == seen.viewer.user;
    if talk.revision == 1 {
        return Ok(Vec::new());
    }
    let all = queries::list_revisions(db, talk.id, is_own || seen.viewer.runs_it).await?.into_iter();
    let earlier = all.filter(|one| one.revision < talk.revision);
    Ok(earlier.map(|one| Revision { at: one.at, title: one.title, text: one.description }).collect())
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
