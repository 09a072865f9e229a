//! The life of a scheduler process.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use pawdium_queue::cron::{last_tick, take_tick};
use pawdium_queue::schedules;
use pawdium_shared::config::Config;
use pawdium_shared::db::{self, Db};
use pawdium_shared::shutdown::Notifier;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::schedule::{Schedule, table};
use crate::tick::due;

/// The longest sleep. What was asked for by hand, and time that was set or passed in a suspended machine, is noticed after
/// it.
const NAP: Duration = Duration::from_millis(1500);

/// Between two announcements of what this scheduler fires.
const ANNOUNCE: Duration = Duration::from_mins(1);

/// Between two attempts while the database is away.
const RETRY: Duration = Duration::from_secs(1);

/// How long the database may take over one schedule.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fires schedules until `stop`.
///
/// # Errors
/// When the configuration can't be used.
pub async fn serve(config: &Config, stop: CancellationToken) -> anyhow::Result<()> {
    let db = db::connect(&config.database, "pawdium-scheduler").context("database.url")?;
    let schedules = table(config.metrics.as_ref());
    let notifier = Notifier::new();
    let ended = CancellationToken::new();
    notifier.ready("waiting for the database");
    // Everything runs on one thread and waits under timeouts, so whoever gets to feed the watchdog is alive.
    let feeding = notifier.feed_watchdog(ended.clone(), async || true);
    let running = async {
        let waiting = db::wait_until_usable(&db, |reason| notifier.status(reason));
        if stop.run_until_cancelled(waiting).await.is_some() {
            notifier.status("enqueueing what is due");
            db::warn_of_narrow_room(&db, db::takes(1)).await;
            run(&db, &schedules, Utc::now, &stop).await;
        }
        notifier.stopping("stopping");
        ended.cancel();
    };
    tokio::join!(feeding, running);
    info!("stopped");
    Ok(())
}

/// Fires what is due and what is asked for, sleeps until the next tick, and so on until `stop`. While the database is
/// away it keeps trying, and what was missed is dealt with by each schedule's policy. The time is what `clock` says, which
/// may jump.
pub async fn run(
    db: &Db,
    schedules: &[Schedule],
    clock: impl Fn() -> DateTime<Utc>,
    stop: &CancellationToken,
) {
    let mut seen = HashMap::new();
    let mut announced: Option<Instant> = None;
    let mut away = false;
    loop {
        // What is cut short rolls back, and another scheduler or the next start fires it.
        let firing = async {
            // The next tick is another one as soon as one has fired.
            if fire_due(db, schedules, &clock, &mut seen).await?
                || announced.is_none_or(|last| last.elapsed() >= ANNOUNCE)
            {
                in_time(announce(db, schedules, clock())).await.context("announcing the schedules")?;
                announced = Some(Instant::now());
            }
            in_time(fire_requested(db, schedules, clock())).await.context("firing what is asked for")
        };
        let Some(fired) = stop.run_until_cancelled(firing).await else { return };
        let pause = match fired {
            Ok(()) => {
                if away {
                    info!("the database is back");
                }
                away = false;
                until_next(schedules, clock())
            }
            Err(error) => {
                if !away {
                    warn!(error = format!("{error:#}"), "couldn't enqueue what is due; will keep trying");
                }
                away = true;
                RETRY
            }
        };
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

/// The last tick of each schedule that this process has seen dealt with, so that the database is asked once a tick.
type Seen = HashMap<&'static str, DateTime<Utc>>;

/// Fires what is due. True: there was a tick that this process had not seen yet.
async fn fire_due(
    db: &Db,
    schedules: &[Schedule],
    clock: impl Fn() -> DateTime<Utc>,
    seen: &mut Seen,
) -> anyhow::Result<bool> {
    let mut ticked = false;
    for schedule in schedules {
        let now = clock();
        let Some(latest) = schedule.when.at_or_before(now) else { continue };
        if seen.get(schedule.name) == Some(&latest) {
            continue;
        }
        in_time(fire(db, schedule, now)).await.with_context(|| format!("firing {}", schedule.name))?;
        seen.insert(schedule.name, latest);
        ticked = true;
    }
    Ok(ticked)
}

async fn in_time<T>(asking: impl Future<Output = sqlx::Result<T>>) -> anyhow::Result<T> {
    Ok(tokio::time::timeout(PATIENCE, asking).await.context("the database didn't answer in time")??)
}

async fn announce(db: &Db, schedules: &[Schedule], now: DateTime<Utc>) -> sqlx::Result<()> {
    let announcements: Vec<_> = schedules.iter().map(|schedule| schedule.announcement(now)).collect();
    schedules::announce(&mut *db.acquire().await?, &announcements).await
}

/// Fires what somebody asked for by hand, as of its last tick, each with its job in one transaction.
async fn fire_requested(db: &Db, schedules: &[Schedule], now: DateTime<Utc>) -> sqlx::Result<()> {
    let names: Vec<_> = schedules.iter().map(|schedule| schedule.name).collect();
    let requested = schedules::list_requested(&mut *db.acquire().await?, &names).await?;
    for schedule in schedules.iter().filter(|schedule| requested.iter().any(|name| name == schedule.name)) {
        let mut tx = db.begin().await?;
        if schedules::take_request(&mut tx, schedule.name).await? {
            schedule.enqueue(&mut tx, schedule.when.at_or_before(now).unwrap_or(now)).await?;
            tx.commit().await?;
            info!(schedule = schedule.name, "fired by hand");
        }
    }
    Ok(())
}

/// Fires a schedule's due ticks, each with its job in one transaction; those that another scheduler took are left alone.
async fn fire(db: &Db, schedule: &Schedule, now: DateTime<Utc>) -> sqlx::Result<()> {
    let last = last_tick(&mut *db.acquire().await?, schedule.name, now).await?;
    for tick in due(&schedule.when, schedule.missed, last, now) {
        let mut tx = db.begin().await?;
        if take_tick(&mut tx, schedule.name, tick).await? {
            schedule.enqueue(&mut tx, tick).await?;
            tx.commit().await?;
            debug!(schedule = schedule.name, %tick, "fired");
        }
    }
    Ok(())
}

/// How long to sleep: until the first tick to come, but no longer than a nap.
fn until_next(schedules: &[Schedule], now: DateTime<Utc>) -> Duration {
    schedules
        .iter()
        .filter_map(|schedule| (schedule.when.after(now)? - now).to_std().ok())
        .min()
        .map_or(NAP, |until| until.min(NAP))
}
