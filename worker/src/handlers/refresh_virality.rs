//! Folding views, shares and link ratings into the photos' counters.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::events::Event;
use pawdium_shared::jobs::ranking::RefreshVirality;
use pawdium_shared::ranking::refresh;

use crate::env::Env;

/// So many photos are one event at most, which bounds its payload and what one job drops.
const PHOTOS: usize = 200;

/// Folds batch by batch, each in a transaction of its own, until nothing is left.
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
