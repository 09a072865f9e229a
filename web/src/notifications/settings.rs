//! What members want to be notified of, and whom they don't want to meet.

use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::{Name, blocks, queries};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::events::Event;
use pawdium_shared::notifications::{self, Choices, Kind};
use serde::Deserialize;
use strum::VariantArray as _;

use crate::error::Error;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Field;
use crate::views::notifications::{
    BlockedMemberLine, BlockedMembersPage, KindChoice, NotificationSettingsPage,
};

/// `GET /settings/notifications`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Result<Response, Error> {
    let Ok(member) = viewing.visitor.member() else {
        return Ok(Redirect::to("/login?next=%2Fsettings%2Fnotifications").into_response());
    };
    let choices = notifications::choices_of(&mut *app.db.acquire().await?, member.id).await?;
    let kind = |kind: &Kind| KindChoice {
        name: kind.name(),
        title: kind.title(),
        is_on: !choices.off.contains(kind),
    };
    Ok(Page(NotificationSettingsPage {
        kinds: Kind::VARIANTS.iter().map(kind).collect(),
        digest: choices.digest,
        is_verified: member.verified,
        chrome: viewing.chrome,
    })
    .into_response())
}

/// `POST /settings/notifications`: the names of the kinds that the member wants, and `digest`.
pub async fn save(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<(CookieJar, Redirect), Error> {
    let user = visitor.member()?.id;
    let has = |name: &str| form.iter().any(|(field, _)| field == name);
    let off = Kind::VARIANTS.iter().copied().filter(|kind| !has(kind.name())).collect();
    let choices = Choices { off, digest: has("digest") };
    let mut tx = app.db.begin().await?;
    notifications::choose(&mut tx, user, &choices).await?;
    tx.commit().await?;
    Ok((jar.add(Notice::NotificationsSaved.cookie()), Redirect::to("/settings/notifications")))
}

/// `GET /settings/blocked`
pub async fn blocked(State(app): State<App>, viewing: Viewing) -> Result<Response, Error> {
    if viewing.visitor.member().is_err() {
        return Ok(Redirect::to("/login?next=%2Fsettings%2Fblocked").into_response());
    }
    Ok(Page(show_blocked(&app, viewing, Field::default()).await?).into_response())
}

async fn show_blocked(app: &App, viewing: Viewing, name: Field) -> Result<BlockedMembersPage, Error> {
    let user = viewing.visitor.member()?.id;
    let members = blocks::list(&mut *app.db.acquire().await?, user).await?;
    let lines =
        members.into_iter().map(|member| BlockedMemberLine { name: member.name, at: member.blocked_at });
    Ok(BlockedMembersPage { chrome: viewing.chrome, lines: lines.collect(), name })
}

/// The form of a block.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BlockForm {
    name: String,
    /// `block` or `unblock`.
    act: String,
}

/// `POST /settings/blocked`: blocks a member, or unblocks them.
pub async fn change_block(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Form(form): Form<BlockForm>,
) -> Result<Response, Error> {
    viewing.visitor.member()?;
    let changed = match form.act.as_str() {
        "block" => set_block(&app, &viewing.visitor, &form.name, true).await,
        "unblock" => set_block(&app, &viewing.visitor, &form.name, false).await,
        _ => return Err(Error::Refused("Choose block or unblock.".to_owned())),
    };
    match changed {
        Ok(()) => {
            let notice = if form.act == "block" { Notice::MemberBlocked } else { Notice::MemberUnblocked };
            Ok((jar.add(notice.cookie()), Redirect::to("/settings/blocked")).into_response())
        }
        Err(error @ Error::Field { .. }) => {
            let name = Field::refused(form.name, error.to_string());
            Ok((error.status(), Page(show_blocked(&app, viewing, name).await?)).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn set_block(app: &App, visitor: &Visitor, name: &str, is_blocked: bool) -> Result<(), Error> {
    let user = visitor.member()?.id;
    let refused = |message: &str| Error::Field { field: "name", message: message.to_owned() };
    let unknown = || refused("There is no member with this name.");
    let name = Name::new(name.trim()).map_err(|_| unknown())?;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let other = queries::find_by_name(&mut tx, name.as_str()).await?.ok_or_else(unknown)?.id;
        if other == user {
            return Err(refused("You can't block yourself."));
        }
        if !is_blocked {
            blocks::unblock(&mut tx, user, other).await?;
        } else if !blocks::block(&mut tx, user, other).await? {
            return Err(unknown());
        }
        Event::NotificationsChanged { users: vec![user.min(other), user.max(other)] }.record(&mut tx).await?;
        Ok(tx.commit().await?)
    })
    .await
}
