//! Adds views, shares and link ratings to the photos' counters.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::events::Event;
use pawdium_shared::jobs::ranking::RefreshVirality;
use pawdium_shared::ranking::refresh;

use crate::env::Env;

/// The most photos per event, which bounds its payload and the work of its job.
const PHOTOS: usize = 200;

/// Counts moments in batches, each in its own transaction, until none are left.
pub async fn refresh_virality(job: RefreshVirality, env: &Env, claim: &Claim) -> Result<(), JobError> {
    loop {
        let mut tx = env.db.begin().await?;
        let gained = refresh::fold_moments(&mut tx).await?;
        if gained.is_empty() {
            claim.complete(&mut tx, &job).await?;
            tx.commit().await?;
            return Ok(());
        }
        let events = gained.chunks(PHOTOS).map(|photos| Event::ViralityMoved { photos: photos.to_vec() });
        Event::record_all(&mut tx, events.collect()).await?;
        tx.commit().await?;
    }
}
