//! Folding views, shares and link ratings into the photos' counters.

use pawdium_queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::cache::Event;
use pawdium_shared::jobs::cache::InvalidateCache;
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
        let events: Vec<_> = gained
            .chunks(PHOTOS)
            .map(|photos| InvalidateCache::of(Event::ViralityMoved { photos: photos.to_vec() }))
            .collect();
        InvalidateCache::enqueue_all(&mut tx, &events).await?;
        tx.commit().await?;
    }
}
