//! Cleaning up.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use pawdium_queue::{Claim, JobError, cron, groups, inspect, ledger, partition, schedules};
use pawdium_shared::accounts::{factors, links, networks, queries, sessions, tokens};
use pawdium_shared::hubs::activity;
use pawdium_shared::jobs::upkeep::Purge;
use pawdium_shared::moderation::undo;
use pawdium_shared::photos::transitions::{list_abandoned, purge_originals};
use pawdium_shared::photos::{self, avatars, crops, lineage};
use pawdium_shared::ranking::refresh;
use pawdium_shared::ratings::cast;
use pawdium_shared::{acts, comments, exports, imports, notifications};
use pawdium_widgets::layout;
use sqlx::PgConnection;
use tracing::{error, info};

use super::abandon_photo::abandon;
use super::{remove_files, settle_import};
use crate::env::Env;

/// The number of rows or files per statement.
const BATCH: u16 = 1000;

/// The number of imports per transaction; each may have ten thousand files.
const IMPORTS: i64 = 10;

/// The minimum age of a purged picture that no photo refers to, and of an archive that no export names. Storing a
/// picture again updates its time, and its photo refers to it within minutes.
const PICTURE_AGE: TimeDelta = TimeDelta::hours(2);

/// The minimum age of a purged unfinished file. Requests and jobs end within minutes, so its writer is gone.
const UNFINISHED_AGE: Duration = Duration::from_hours(1);

/// The minimum age of a purged anonymous user who has nothing.
const ANONYMOUS_AGE: TimeDelta = TimeDelta::days(30);

/// How many days past ticks and removed schedules are kept.
const TICK_DAYS: i32 = 7;

/// How many days the queues' statistics per minute are kept.
const MINUTE_DAYS: i32 = 14;

/// How many days the names of past workers are kept: longer than any job's history.
const WORKER_DAYS: i32 = 40;

/// How many days an account's networks are kept after their last use.
const NETWORK_DAYS: i32 = 90;

/// How many days used keys and links are kept: longer than a ballot or a mailed link is valid.
const SPENT_DAYS: i32 = 2;

/// How many days feeds tell what happened in hubs.
const ACTIVITY_DAYS: i32 = 90;

/// How many days the texts of comments that moderators have removed are kept.
const COMMENT_DAYS: i32 = acts::DAYS;

/// How many days members find what they were notified of.
const NOTIFICATION_DAYS: i32 = 90;

/// How many days the archive of an import is kept after its end, so that its owner can try again.
const ARCHIVE_DAYS: i32 = 7;

/// How many days the receipts of an import are kept after its end.
const RECEIPT_DAYS: i32 = 90;

/// How many days counted moments are kept.
const MOMENT_DAYS: i32 = 2;

/// Deletes expired and unneeded data. A retry repeats all of it, which is safe. Deletes no files if the media store
/// doesn't belong to this database.
pub async fn purge(_: Purge, env: &Env, _: &Claim) -> Result<(), JobError> {
    fail_abandoned_photos(env).await?;
    purge_imports(env).await?;
    purge_rows(env).await?;
    if let Err(mismatch) = lineage::check(&mut *env.db.acquire().await?, &env.store).await? {
        error!(%mismatch, "purged no files: {}", lineage::ADVICE);
        return Err(JobError::give_up(anyhow::anyhow!("{mismatch}; {}", lineage::ADVICE)));
    }
    let originals = purge_stored_originals(env).await?;
    let pictures = purge_pictures(env).await? + purge_withheld(env).await?;
    let archives = purge_archives(env).await?;
    let unfinished = env.store.remove_unfinished(UNFINISHED_AGE).await?;
    info!(originals, pictures, archives, unfinished, "purged files");
    Ok(())
}

async fn fail_abandoned_photos(env: &Env) -> sqlx::Result<()> {
    let photos = list_abandoned(&mut *env.db.acquire().await?).await?;
    for photo in photos {
        abandon(env, photo).await?;
    }
    let crops = crops::list_abandoned(&mut *env.db.acquire().await?).await?;
    for photo in crops {
        abandon(env, photo).await?;
    }
    let mut tx = env.db.begin().await?;
    avatars::fail_abandoned(&mut tx).await?;
    tx.commit().await
}

async fn purge_rows(env: &Env) -> sqlx::Result<()> {
    let mut db = env.db.acquire().await?;
    let draft_days = i32::try_from(env.upkeep.draft_days).unwrap_or(i32::MAX);
    let mut history = 0;
    loop {
        let purged = inspect::purge_history(&mut db, BATCH.into()).await?;
        history += purged;
        if purged < BATCH.into() {
            break;
        }
    }
    let sessions = sessions::purge(&mut db).await?;
    let tokens = tokens::purge(&mut db).await?;
    let links = links::purge(&mut db).await?;
    let factors = factors::purge(&mut db).await?;
    let networks = networks::purge(&mut db, NETWORK_DAYS).await?;
    let spent = queries::purge_spent(&mut db, SPENT_DAYS).await? + cast::purge(&mut db, SPENT_DAYS).await?;
    let originals = purge_originals(&mut db, draft_days).await?;
    let anonymous = queries::purge_anonymous(&env.db, Utc::now() - ANONYMOUS_AGE).await?;
    queries::purge_merged(&mut db).await?;
    let ticks = cron::purge_ticks(&mut db, TICK_DAYS).await?;
    schedules::purge(&mut db, TICK_DAYS).await?;
    let partitions = partition::purge_partitions(&env.db).await?;
    let groups = groups::purge_groups(&mut db, TICK_DAYS).await?;
    let minutes = ledger::purge_minutes(&mut db, MINUTE_DAYS).await?;
    let workers = inspect::purge_workers(&mut db, WORKER_DAYS).await?;
    let activities = purge_activities(&mut db).await?;
    let moments = refresh::purge_moments(&mut db, MOMENT_DAYS).await?;
    let widgets = layout::purge_removed(&mut db).await?;
    let acts = undo::finish(&env.db).await?;
    let comments = comments::leaving::purge(&mut db, COMMENT_DAYS).await?;
    let notifications = notifications::purge(&mut db, NOTIFICATION_DAYS).await?;
    let exports = exports::upkeep::purge(&mut db).await?;
    drop(db);
    expire_exports(env).await?;
    info!(
        sessions,
        tokens,
        links,
        factors,
        networks,
        spent,
        originals,
        anonymous,
        ticks,
        moments,
        widgets,
        activities,
        comments,
        acts,
        notifications,
        exports,
        "purged rows"
    );
    info!(history, partitions, groups, minutes, workers, "purged rows of the queues");
    Ok(())
}

/// Settles imports whose jobs are gone, gives up old archives, and forgets old receipts.
async fn purge_imports(env: &Env) -> sqlx::Result<()> {
    let abandoned = imports::upkeep::list_abandoned(&mut *env.db.acquire().await?).await?;
    for job in abandoned {
        settle_import::settle(env, &job).await?;
    }
    let (mut archives, mut receipts) = (0, 0);
    loop {
        let mut tx = env.db.begin().await?;
        let given_up = imports::upkeep::give_up_archives(&mut tx, ARCHIVE_DAYS, IMPORTS).await?;
        let purged = imports::upkeep::purge(&mut tx, RECEIPT_DAYS, IMPORTS).await?;
        tx.commit().await?;
        (archives, receipts) = (archives + given_up, receipts + purged);
        if given_up + purged == 0 {
            info!(archives, receipts, "purged imports");
            return Ok(());
        }
    }
}

/// Deletes what feeds don't tell any more, a batch a statement, so that no transaction is long.
async fn purge_activities(db: &mut PgConnection) -> sqlx::Result<u64> {
    let mut deleted = 0;
    loop {
        let purged = activity::purge(db, ACTIVITY_DAYS, BATCH.into()).await?;
        deleted += purged;
        if purged < BATCH.into() {
            return Ok(deleted);
        }
    }
}

/// Expires archives, a batch a transaction.
async fn expire_exports(env: &Env) -> sqlx::Result<()> {
    loop {
        let mut tx = env.db.begin().await?;
        let expired = exports::upkeep::expire(&mut tx).await?;
        tx.commit().await?;
        if expired == 0 {
            return Ok(());
        }
    }
}

/// Deletes archives that no export names: those of killed jobs.
async fn purge_archives(env: &Env) -> anyhow::Result<u64> {
    let before = Utc::now() - PICTURE_AGE;
    let mut deleted = 0;
    let old = env.store.list_exports().try_filter(|stored| is_older(stored.last_modified, before));
    let mut chunks = std::pin::pin!(old.map_ok(|stored| stored.key.to_string()).try_chunks(BATCH.into()));
    while let Some(keys) = chunks.try_next().await? {
        let unnamed = exports::upkeep::list_unnamed(&mut *env.db.acquire().await?, &keys).await?;
        for key in unnamed {
            env.store.delete_export(&key.parse()?).await?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// Deletes originals that no photo needs.
async fn purge_stored_originals(env: &Env) -> anyhow::Result<u64> {
    let before = Utc::now() - TimeDelta::hours(env.upkeep.incoming_hours.into());
    let mut deleted = 0;
    let old = env.store.list_originals().try_filter(|stored| is_older(stored.last_modified, before));
    let mut chunks = std::pin::pin!(old.map_ok(|stored| stored.key.to_string()).try_chunks(BATCH.into()));
    while let Some(keys) = chunks.try_next().await? {
        let unneeded = {
            let mut db = env.db.acquire().await?;
            let unneeded = photos::queries::unneeded_originals(&mut db, &keys).await?;
            imports::queries::unneeded(&mut db, &unneeded).await?
        };
        for key in unneeded {
            env.store.delete_original(&key.parse()?).await?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// Deletes pictures that no photo refers to, and withholds those that only hidden photos refer to.
async fn purge_pictures(env: &Env) -> anyhow::Result<u64> {
    let before = Utc::now() - PICTURE_AGE;
    let mut deleted = 0;
    let old = env.store.list_pictures().try_filter(|stored| is_older(stored.last_modified, before));
    let mut chunks = std::pin::pin!(old.map_ok(|stored| stored.key.to_string()).try_chunks(BATCH.into()));
    while let Some(keys) = chunks.try_next().await? {
        let unshown = photos::queries::list_unshown(&mut *env.db.acquire().await?, &keys).await?;
        for key in unshown {
            let parsed = key.parse()?;
            // It may have been stored again since it was listed.
            let found = env.store.find_picture(&parsed).await?;
            if found.is_some_and(|found| found.last_modified < before) {
                deleted += u64::from(remove_files::settle(env, &key).await?);
            }
        }
    }
    Ok(deleted)
}

/// Deletes withheld pictures that no photo refers to, and serves those that one shows.
async fn purge_withheld(env: &Env) -> anyhow::Result<u64> {
    let before = Utc::now() - PICTURE_AGE;
    let mut deleted = 0;
    let old = env.store.list_withheld().try_filter(|stored| is_older(stored.last_modified, before));
    let mut chunks = std::pin::pin!(old.map_ok(|stored| stored.key.to_string()).try_chunks(BATCH.into()));
    while let Some(keys) = chunks.try_next().await? {
        let stray = photos::queries::list_not_withheld(&mut *env.db.acquire().await?, &keys).await?;
        for key in stray {
            deleted += u64::from(remove_files::settle(env, &key).await?);
        }
    }
    Ok(deleted)
}

fn is_older(written: DateTime<Utc>, than: DateTime<Utc>) -> std::future::Ready<bool> {
    std::future::ready(written < than)
}
