//! Hubs that the site hides from all but their members until moderators have judged them.

use sqlx::PgConnection;

use super::changes::listed;
use super::locks::lock;
use super::refusal::Refusal;
use super::types::Visibility;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::HubId;

/// Whether a hub is hidden until moderators have judged it. Its owners can't make it public then.
pub async fn is_quarantined(db: &mut PgConnection, hub: HubId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from cases where about = 'hub' and thing_id = $1 and state = 'open'
                                               and hidden_at is not null) as "is!""#,
        hub.0,
    )
    .fetch_one(db)
    .await
}

/// Hides a public hub. Returns false if it isn't public.
///
/// # Errors
/// [`Refusal::Gone`].
pub async fn quarantine(db: &mut Tx, hub: HubId) -> Result<bool, Refusal> {
    change(db, hub, Visibility::Public, Visibility::Private).await
}

/// Shows a hub to everybody again. Returns false if they see it already, or if it is gone.
///
/// # Errors
/// When the database fails.
pub async fn show(db: &mut Tx, hub: HubId) -> Result<bool, Refusal> {
    match change(db, hub, Visibility::Private, Visibility::Public).await {
        Err(Refusal::Gone) => Ok(false),
        changed => changed,
    }
}

async fn change(db: &mut Tx, hub: HubId, from: Visibility, to: Visibility) -> Result<bool, Refusal> {
    let before = lock(db, hub).await?;
    if before.visibility != from || before.profile_of.is_some() {
        return Ok(false);
    }
    sqlx::query!("update hubs set visibility = $2 where id = $1", hub.0, to.name())
        .execute(&mut **db)
        .await?;
    let mut events = vec![Event::HubChanged { hub }];
    events.extend(listed(db, hub).await?);
    Event::record_all(db, events).await?;
    Ok(true)
}
