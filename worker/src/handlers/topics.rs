//! Counts of topics, what belongs together, and names in photos.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::events::Event;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::topics::{CountTopics, RelateTopics, RewriteTags};
use pawdium_shared::topics::upkeep;
use tracing::{error, info};

use crate::env::Env;

/// Adds up what has changed until little is left, and adopts photos of an earlier version. With `all` also recounts:
/// drift is corrected and logged as an error, because it means that some code forgot a count.
pub async fn count_topics(job: CountTopics, env: &Env, _: &Claim) -> Result<(), JobError> {
    loop {
        let mut tx = env.db.begin().await?;
        let taken = upkeep::add_up(&mut tx).await?;
        if taken > 0 {
            Event::TopicsCounted.record(&mut tx).await?;
        }
        tx.commit().await?;
        if taken < 1000 {
            break;
        }
    }
    loop {
        let mut tx = env.db.begin().await?;
        let adopted = upkeep::adopt(&mut tx, job.all).await?;
        tx.commit().await?;
        if adopted == 0 {
            break;
        }
        info!(photos = adopted, "gave topics to photos of an earlier version");
    }
    if !job.all {
        return Ok(());
    }
    let mut tx = env.db.begin().await?;
    let drift = upkeep::recount(&mut tx).await?;
    tx.commit().await?;
    if drift != upkeep::Drift::default() {
        error!(counts = drift.counts, shown = drift.shown, "counts of topics had drifted");
    }
    Ok(())
}

/// Computes which topics belong together, in one transaction.
pub async fn relate_topics(_: RelateTopics, env: &Env, _: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let pairs = upkeep::relate(&mut tx).await?;
    tx.commit().await?;
    info!(pairs, "related topics");
    Ok(())
}

/// Writes names in batches, a transaction each.
pub async fn rewrite_tags(job: RewriteTags, env: &Env, _: &Claim) -> Result<(), JobError> {
    let mut after = PhotoId(0);
    loop {
        let mut tx = env.db.begin().await?;
        let last = upkeep::rewrite(&mut tx, &job.topics, after).await?;
        tx.commit().await?;
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}
