//! Who sees which call. Every handler of a call or a talk begins here.

use pawdium_shared::accounts::User;
use pawdium_shared::hubs::{self, Hub, HubRole};
use pawdium_shared::ids::{CallId, HubId, TalkId};
use pawdium_shared::talks::{Call, Talk, TalkState, Totals, Viewer, facts, queries};

use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;

/// A call that a visitor may see, with its hub.
#[derive(Clone, Debug)]
pub struct SeenCall {
    /// The call.
    pub call: Call,
    /// Its hub.
    pub hub: Hub,
    /// Who looks at it.
    pub viewer: Viewer,
    /// The visitor's roles in the hub.
    pub roles: Vec<HubRole>,
}

impl SeenCall {
    /// Refuses everybody but the hub's owners.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn require_owner(&self) -> Result<(), Error> {
        if self.is_owner() { Ok(()) } else { Err(hubs::Refusal::NotOwner.into()) }
    }

    /// Whether the visitor belongs to the hub.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.roles.iter().copied().any(HubRole::is_membership)
    }

    /// Whether the visitor owns the hub.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.roles.contains(&HubRole::Owner)
    }
}

/// Finds a call.
///
/// # Errors
/// [`Error::NotFound`] also for a call of a hub that the visitor may not see, and for a draft, unless the visitor owns
/// the hub or moderates the site.
pub async fn find_call(app: &App, visitor: &Visitor, call: CallId) -> Result<SeenCall, Error> {
    let mut db = app.db.acquire().await?;
    // A call that doesn't exist takes the same statements as one that the visitor may not see.
    let call = queries::find(&mut db, call).await?;
    let hub_id = call.as_ref().map_or(HubId(0), |call| call.hub);
    let hub = hubs::queries::find(&mut db, hub_id).await?;
    let roles = match &visitor.user {
        Some(user) => hubs::queries::list_roles(&mut db, hub_id, user.id).await?,
        None => Vec::new(),
    };
    let (Some(call), Some(hub)) = (call, hub) else { return Err(Error::NotFound) };
    let is_member = roles.iter().copied().any(HubRole::is_membership);
    let viewer = viewer_of(visitor, &roles);
    let sees_hub = hub.is_public() || is_member || visitor.moderates();
    if sees_hub && viewer.may_see(&call) {
        Ok(SeenCall { call, hub, viewer, roles })
    } else {
        Err(Error::NotFound)
    }
}

/// Finds a call whose votes the visitor may follow: of which they may know how many a talk has, or whose hub they own.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find_standing(app: &App, visitor: &Visitor, call: CallId) -> Result<SeenCall, Error> {
    let seen = find_call(app, visitor, call).await?;
    let has_voted = match seen.viewer.user {
        Some(user) => facts::has_voted(&mut *app.db.acquire().await?, call, user).await?,
        None => false,
    };
    let may_know = seen.is_owner() || Totals::visible_to(&seen.call, has_voted);
    if may_know { Ok(seen) } else { Err(Error::NotFound) }
}

/// A visitor with these roles in a hub, as a viewer of its calls.
#[must_use]
pub fn viewer_of(visitor: &Visitor, roles: &[HubRole]) -> Viewer {
    Viewer {
        user: visitor.user.as_ref().map(|user| user.id),
        key: visitor.key,
        runs_it: roles.contains(&HubRole::Owner) || visitor.moderates(),
    }
}

/// Finds a talk with its call.
///
/// # Errors
/// [`Error::NotFound`] also if the visitor may not see the call. A talk that waits or is hidden is seen by its author and
/// those who run the call, a withdrawn one by its author.
pub async fn find_talk(app: &App, visitor: &Visitor, talk: TalkId) -> Result<(Talk, SeenCall), Error> {
    let talk = queries::find_talk(&mut *app.db.acquire().await?, talk).await?;
    let seen = find_call(app, visitor, talk.as_ref().map_or(CallId(0), |talk| talk.call)).await?;
    let talk = talk.ok_or(Error::NotFound)?;
    if may_see_talk(&talk, visitor.user.as_ref(), &seen.viewer) {
        Ok((talk, seen))
    } else {
        Err(Error::NotFound)
    }
}

fn may_see_talk(talk: &Talk, user: Option<&User>, viewer: &Viewer) -> bool {
    let is_own = user.is_some_and(|user| Some(user.id) == talk.author);
    match talk.state {
        TalkState::Shown => true,
        TalkState::Waiting | TalkState::Hidden => is_own || viewer.runs_it,
        TalkState::Withdrawn => is_own,
    }
}
