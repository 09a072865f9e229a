//! What mails about requests in hubs, drafts and archives are about, as things are when they are sent.

use chrono::{DateTime, Utc};
use pawdium_shared::exports::{self, ExportState};
use pawdium_shared::hubs::{HubRole, queries, requests};
use pawdium_shared::ids::{ExportId, HubId, NotificationId, UserId};
use pawdium_shared::photos::expiry;
use sqlx::PgConnection;

use crate::mails::Expiring;

/// The hub of a mail, who asks, the drafts that it names, or until when an archive is there, and where the mail's button
/// leads. Of a daily mail, its lines, and the last notification that it tells of.
#[derive(Debug, Default)]
pub(super) struct About {
    pub(super) hub: String,
    pub(super) askers: String,
    pub(super) path: String,
    pub(super) drafts: Vec<Expiring>,
    pub(super) until: String,
    pub(super) lines: Vec<String>,
    pub(super) through: Option<NotificationId>,
    /// The last report that a moderator's digest counts.
    pub(super) through_report: Option<i64>,
}

/// The drafts that are about to expire. `None` if none are any more.
pub(super) async fn expiring(
    db: &mut PgConnection,
    owner: UserId,
    now: DateTime<Utc>,
    days: u32,
) -> sqlx::Result<Option<About>> {
    let found = expiry::list(db, owner, expiry::warned_before(now, days)).await?;
    let drafts: Vec<_> = found
        .into_iter()
        .map(|draft| Expiring {
            on: expiry::expires_at(draft.touched_at, days).format("%-d %B %Y").to_string(),
            title: draft.title,
        })
        .collect();
    let about = About { path: "/drafts".to_owned(), drafts, ..About::default() };
    Ok(Some(about).filter(|about| !about.drafts.is_empty()))
}

/// The archive that can be downloaded. `None` if it can't be any more.
pub(super) async fn archived(
    db: &mut PgConnection,
    export: ExportId,
    owner: UserId,
) -> sqlx::Result<Option<About>> {
    let found = exports::find(db, export, owner).await?;
    let until =
        found.filter(|export| export.state == ExportState::Ready).and_then(|export| export.expires_at);
    Ok(until.map(|until| About {
        path: "/settings/account".to_owned(),
        until: until.format("%-d %B %Y").to_string(),
        ..About::default()
    }))
}

/// The requests that wait for an owner. `None` if none do, or the hub is gone, or the user is no owner of it.
pub(super) async fn asked(db: &mut PgConnection, hub: HubId, owner: UserId) -> sqlx::Result<Option<About>> {
    let Some(found) = queries::find(db, hub).await?.filter(|hub| !hub.is_archived()) else { return Ok(None) };
    let is_owner = queries::list_roles(db, hub, owner).await?.contains(&HubRole::Owner);
    let waiting = requests::list(db, hub).await?;
    let Some(first) = waiting.first().filter(|_| is_owner) else { return Ok(None) };
    let askers = match waiting.len() - 1 {
        0 => first.name.clone(),
        1 => format!("{} and 1 other", first.name),
        others => format!("{} and {others} others", first.name),
    };
    Ok(Some(About { path: format!("{}/members", found.path()), hub: found.name, askers, ..About::default() }))
}

/// The hub that has answered. `None` if it is gone.
pub(super) async fn answered(
    db: &mut PgConnection,
    hub: HubId,
    is_accepted: bool,
) -> sqlx::Result<Option<About>> {
    let found = queries::find(db, hub).await?;
    Ok(found.map(|hub| About {
        path: if is_accepted { hub.path() } else { "/hubs".to_owned() },
        hub: hub.name,
        ..About::default()
    }))
}
