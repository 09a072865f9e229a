//! The life of a worker process, from registration to sign-off.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use pawdium_queue::{Capacity, Process, Queue, Runner};
use pawdium_shared::config::Config;
use pawdium_shared::db::{self, Db};
use pawdium_shared::queues;
use pawdium_shared::shutdown::Notifier;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::env::Env;
use crate::register::{queues, runner};

/// Delay between two attempts to register while the database is down.
const RETRY: Duration = Duration::from_secs(1);

/// Timeout for writing the last outcomes and signing off. After that the lease expires by itself.
const SIGN_OFF: Duration = Duration::from_secs(5);

/// Runs the site's jobs until `stop`. Running jobs then get `worker.drain_seconds` to finish; the rest are handed back.
///
/// # Errors
/// If the configuration is unusable, or a queue's worker fails.
pub async fn serve(config: &Config, stop: CancellationToken) -> anyhow::Result<()> {
    let db = db::connect(&config.database, "pawdium-worker").context("database.url")?;
    let env = Arc::new(Env::new(config, db.clone())?);
    env.redis.prepare();
    tokio::spawn(env.store.clone().report());
    // Check this before new photos make a restored database look current.
    tokio::spawn(note_mark(Arc::clone(&env)));
    let drain = Duration::from_secs(config.worker.drain_seconds);
    let (notifier, ended) = (Notifier::new(), CancellationToken::new());
    // Report readiness before the database answers, because a restart by the service manager would not help.
    notifier.ready("waiting for the database");
    let feeding = notifier.feed_watchdog(ended.clone(), async || true);
    let running = async {
        let waiting = db::wait_until_usable(&db, |reason| notifier.status(reason));
        let served = match stop.run_until_cancelled(waiting).await {
            Some(()) => {
                let may_take =
                    db::takes(config.database.max_connections) + Process::connections(&queues::ALL);
                db::warn_of_narrow_room(&db, may_take).await;
                run(&db, &runner(env), &queues(&config.worker), drain, stop.clone()).await
            }
            None => Ok(()),
        };
        ended.cancel();
        served
    };
    tokio::join!(running, feeding).0
}

/// Runs the jobs of some queues with any handlers until `stop`. Running jobs then get `drain` to finish; the rest are
/// handed back.
///
/// # Errors
/// If a queue's worker fails.
pub async fn run<E: Send + Sync + 'static>(
    db: &Db,
    runner: &Runner<E>,
    queues: &[(Queue, Capacity)],
    drain: Duration,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let Some(process) = stop.run_until_cancelled(register(db)).await else { return Ok(()) };

    let broken = CancellationToken::new();
    let monitor = pawdium_queue::monitor(&process, runner, queues, &broken);
    let told = stop.clone().cancelled_owned();
    let mut workers = tokio::spawn(monitor.run_with_signal(async move {
        told.await;
        Ok(())
    }));
    let notifier = Notifier::new();
    notifier.status("running jobs");

    tokio::select! {
        () = stop.cancelled() => {}
        () = broken.cancelled() => bail!("a queue's worker failed"),
    }
    notifier.stopping("finishing what runs");
    process.stop_claiming();
    if tokio::time::timeout(drain, &mut workers).await.is_err() {
        warn!(seconds = drain.as_secs(), "handing back the jobs that are still running");
        process.abort_running();
        let _ = tokio::time::timeout(SIGN_OFF, workers).await;
    }
    if tokio::time::timeout(SIGN_OFF, process.leave()).await.is_err() {
        warn!("couldn't sign off in time; other workers take over when the lease expires");
    }
    info!("stopped");
    Ok(())
}

/// Checks the owner of the media store once the database has its schema.
async fn note_mark(env: Arc<Env>) {
    loop {
        if let Ok(mut db) = env.db.acquire().await
            && db::is_migrated(&env.db).await.unwrap_or(false)
        {
            env.keeper.note(&mut db, &env.store).await;
            return;
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Registers this process once the database has its schema.
async fn register(db: &Db) -> Process {
    let mut told = String::new();
    loop {
        match Process::start((**db).clone(), &queues::ALL).await {
            Ok(process) => return process,
            Err(error) => {
                let text = error.to_string();
                if text != told {
                    warn!(error = text, "can't register in the database; will keep trying");
                    told = text;
                }
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}
