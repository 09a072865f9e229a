//! Takes away and gives back what sanctions take.

use anyhow::Error;
use pawdium_queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::jobs::sanctions::SettleSanctions;
use pawdium_shared::moderation::sanctions::settle;
use tracing::info;

use crate::env::Env;

/// The most members for whom one job enqueues others. The next tick finds the rest.
const MEMBERS: i64 = 500;

/// Settles the sanctions of one member, or enqueues the jobs of all for whom it is due.
pub async fn settle_sanctions(job: SettleSanctions, env: &Env, _: &Claim) -> Result<(), JobError> {
    if let Some(user) = job.user {
        settle::settle(&env.db, user).await.map_err(|error| JobError::retry(Error::from(error)))?;
        info!(%user, "settled sanctions");
        return Ok(());
    }
    let mut tx = env.db.begin().await?;
    let due = settle::list_due(&mut tx, MEMBERS).await?;
    for user in due {
        SettleSanctions { user: Some(user) }.enqueue(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(())
}
