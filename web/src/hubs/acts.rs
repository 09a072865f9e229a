//! What people do with hubs, from pages and through the API. Each act is one transaction.

use pawdium_shared::accounts::{Gated, Name, queries as accounts};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::hubs::members::Taken;
use pawdium_shared::hubs::{
    Hub, HubChanges, HubName, HubRole, Joining, NewHub, Slug, Summary, Visibility, changes, members, requests,
};
use pawdium_shared::ids::{HubId, UserId};

use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// What somebody writes about a hub, unchecked. `None` is left out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'a> {
    pub(super) slug: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) summary: Option<&'a str>,
    pub(super) join: Option<&'a str>,
    pub(super) visibility: Option<&'a str>,
    pub(super) archived: Option<bool>,
    pub(super) time_zone: Option<&'a str>,
}

impl Wanted<'_> {
    /// Checks the fields that a change gives.
    pub(super) fn changes(self) -> Result<HubChanges, Error> {
        Ok(HubChanges {
            slug: self.slug.map(Slug::choose).transpose()?,
            name: self.name.map(HubName::new).transpose()?,
            summary: self.summary.map(Summary::new).transpose()?,
            joining: self.join.map(joining).transpose()?,
            visibility: self.visibility.map(visibility).transpose()?,
            archived: self.archived,
            time_zone: self.time_zone.map(str::to_owned),
        })
    }

    /// Checks all fields of a new hub. A hub is public and open unless something else is said.
    pub(super) fn new_hub(self) -> Result<NewHub, Error> {
        Ok(NewHub {
            slug: Slug::choose(self.slug.unwrap_or_default())?,
            name: HubName::new(self.name.unwrap_or_default())?,
            summary: Summary::new(self.summary.unwrap_or_default())?,
            joining: self.join.map(joining).transpose()?.unwrap_or_default(),
            visibility: self.visibility.map(visibility).transpose()?.unwrap_or_default(),
        })
    }
}

fn joining(text: &str) -> Result<Joining, Error> {
    let message = || "Choose open, request or invite.".to_owned();
    text.parse().map_err(|_| Error::Field { field: "join", message: message() })
}

fn visibility(text: &str) -> Result<Visibility, Error> {
    let message = || "Choose public or private.".to_owned();
    text.parse().map_err(|_| Error::Field { field: "visibility", message: message() })
}

/// Makes a hub, whose owner the visitor is.
pub(super) async fn create(
    app: &App,
    visitor: &Visitor,
    client: Client,
    wanted: Wanted<'_>,
) -> Result<HubId, Error> {
    let owner = visitor.verified(app, Gated::Hubs)?.id;
    let new = wanted.new_hub()?;
    let mut tally = limits::count(app, Limited::Hub, client.counted()).await?;
    tally.also(app, Limited::Hub, &format!("user:{owner}")).await?;
    let made = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let hub = changes::create(&mut tx, owner, &new).await?;
        tx.commit().await?;
        Ok(hub)
    });
    match made.await {
        Err(error @ Error::Taken { .. }) => {
            tally.give_back(app).await;
            Err(error)
        }
        made => made,
    }
}

/// Changes a hub that the visitor owns.
pub(super) async fn update(
    app: &App,
    visitor: &Visitor,
    hub: HubId,
    wanted: Wanted<'_>,
) -> Result<Hub, Error> {
    let actor = visitor.member()?.id;
    let wanted = wanted.changes()?;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let changed = changes::update(&mut tx, hub, actor, &wanted).await?;
        tx.commit().await?;
        Ok(changed)
    })
    .await
}

/// Deletes a hub.
pub(super) async fn delete(app: &App, visitor: &Visitor, hub: HubId) -> Result<(), Error> {
    let actor = visitor.member()?;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        changes::delete(&mut tx, hub, actor).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Gives the visitor a role.
pub(super) async fn take(app: &App, visitor: &Visitor, hub: HubId, role: HubRole) -> Result<Taken, Error> {
    let user = visitor.member()?.id;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let taken = members::take(&mut tx, hub, user, role).await?;
        tx.commit().await?;
        Ok(taken)
    })
    .await
}

/// Ends a role of the visitor.
pub(super) async fn drop_role(app: &App, visitor: &Visitor, hub: HubId, role: HubRole) -> Result<(), Error> {
    let user = visitor.member()?.id;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        members::drop_role(&mut tx, hub, user, role).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// What an owner does with somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Make them a member or an owner.
    Set(HubRole),
    /// Remove them.
    Remove,
    /// Answer their request.
    Answer {
        /// Whether they become a member.
        accept: bool,
    },
}

/// Does something with a person, as the visitor, who must own the hub.
pub(super) async fn act_on(
    app: &App,
    visitor: &Visitor,
    hub: HubId,
    name: &str,
    act: Act,
) -> Result<(), Error> {
    let actor = visitor.member()?.id;
    let person = find_person(app, name).await?;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        match act {
            Act::Set(role) => members::set(&mut tx, hub, actor, person, role).await?,
            Act::Remove => members::remove(&mut tx, hub, actor, person).await?,
            Act::Answer { accept } => requests::answer(&mut tx, hub, actor, person, accept).await?,
        }
        Ok(tx.commit().await?)
    })
    .await
}

async fn find_person(app: &App, name: &str) -> Result<UserId, Error> {
    let name = Name::new(name).map_err(|_| Error::NotFound)?;
    let user = accounts::find_by_name(&mut *app.db.acquire().await?, name.as_str()).await?;
    Ok(user.ok_or(Error::NotFound)?.id)
}
