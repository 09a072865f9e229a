//! The buttons of a hub's head: subscribe, star, join, ask, leave.

use axum::extract::{Form, OriginalUri, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::Act;
use pawdium_shared::hubs::members::Taken;
use pawdium_shared::hubs::{Hub, HubRole, requests};
use pawdium_shared::ids::HubId;
use serde::Deserialize;

use super::access::{find_hub_at, find_hub_to_leave, find_profile, find_visible_hub};
use super::acts;
use crate::accounts::local;
use crate::error::Error;
use crate::http::acts::require;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::visitor::Visitor;
use crate::state::App;

/// The form of a button.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoleForm {
    act: String,
    next: Option<String>,
}

/// `POST /h/{slug}/roles/{role}`: `act` is take or drop.
pub async fn change(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path((slug, role)): Path<(String, HubRole)>,
    OriginalUri(uri): OriginalUri,
    Form(form): Form<RoleForm>,
) -> Result<(CookieJar, Redirect), Error> {
    let hub = match form.act.as_str() {
        "drop" => find_hub_to_leave(&app, &visitor, &slug, &uri).await?,
        _ => find_hub_at(&app, &visitor, &slug, &uri).await?,
    };
    let notice = match form.act.as_str() {
        "take" => match take(&app, &visitor, hub.id, role).await? {
            Taken::Pending => Some(Notice::HubAsked),
            Taken::Yes => role.is_membership().then_some(Notice::HubJoined),
        },
        "drop" => drop_role(&app, &visitor, &hub, role).await?,
        _ => return Err(Error::Field { field: "act", message: "Choose take or drop.".to_owned() }),
    };
    // A member who leaves a private hub can't see it any more.
    let next = match find_visible_hub(&app, &visitor, &slug).await {
        Err(Error::NotFound) => "/hubs".to_owned(),
        _ => form.next.map_or_else(|| hub.path(), |next| local(Some(&next)).to_owned()),
    };
    let jar = notice.into_iter().fold(jar, |jar, notice| jar.add(notice.cookie()));
    Ok((jar, Redirect::to(&next)))
}

/// `POST /members/{name}/roles/{role}`: subscribes to what a member does.
pub async fn follow(
    State(app): State<App>,
    visitor: Visitor,
    Path((name, role)): Path<(String, HubRole)>,
    Form(form): Form<RoleForm>,
) -> Result<Redirect, Error> {
    let profile = find_profile(&app, &name).await?;
    if role != HubRole::Subscriber {
        return Err(Error::Forbidden("You can only subscribe to a member."));
    }
    if profile.profile_of == Some(visitor.id()) {
        return Err(Error::Forbidden("You can't subscribe to yourself."));
    }
    match form.act.as_str() {
        "take" => drop(take(&app, &visitor, profile.id, role).await?),
        "drop" => acts::drop_role(&app, &visitor, profile.id, role).await?,
        _ => return Err(Error::Field { field: "act", message: "Choose take or drop.".to_owned() }),
    }
    Ok(Redirect::to(&form.next.map_or_else(|| profile.path(), |next| local(Some(&next)).to_owned())))
}

/// Takes a role, which silenced members may not, though they may leave through the same route.
async fn take(app: &App, visitor: &Visitor, hub: HubId, role: HubRole) -> Result<Taken, Error> {
    if let Some(user) = &visitor.user {
        require(app, user, Act::Publish).await?;
    }
    acts::take(app, visitor, hub, role).await
}

/// Ends a role. Answers with what to say about it: nothing if the button says it.
async fn drop_role(app: &App, visitor: &Visitor, hub: &Hub, role: HubRole) -> Result<Option<Notice>, Error> {
    let was_waiting = requests::is_waiting(&mut *app.db.acquire().await?, hub.id, visitor.id()).await?;
    match acts::drop_role(app, visitor, hub.id, role).await {
        Err(Error::Conflict(_)) => Ok(Some(Notice::LastOwner)),
        Err(error) => Err(error),
        Ok(()) if !role.is_membership() => Ok(None),
        Ok(()) if was_waiting => Ok(Some(Notice::RequestWithdrawn)),
        Ok(()) => Ok(Some(Notice::HubLeft)),
    }
}
