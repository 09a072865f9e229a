//! The main loop of a scheduler.

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

/// The longest sleep. After it, the scheduler notices requested runs, and a clock that was set or a machine that was
/// suspended.
const NAP: Duration = Duration::from_millis(1500);

/// The time between two announcements of the schedules.
const ANNOUNCE: Duration = Duration::from_mins(1);

/// The time between two attempts while the database is away.
const RETRY: Duration = Duration::from_secs(1);

/// How long the database may take over one schedule.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fires schedules until `stop`.
///
/// # Errors
/// If the configuration is invalid.
pub async fn serve(config: &Config, stop: CancellationToken) -> anyhow::Result<()> {
    let db = db::connect(&config.database, "pawdium-scheduler").context("database.url")?;
    let schedules = table(config.metrics.as_ref());
    let notifier = Notifier::new();
    let ended = CancellationToken::new();
    notifier.ready("waiting for the database");
    // All tasks run on one thread and wait with timeouts, so the watchdog is fed if and only if they are alive.
    let feeding = notifier.feed_watchdog(ended.clone(), async || true);
    let running = async {
        let waiting = db::wait_until_usable(&db, |reason| notifier.status(reason));
        if stop.run_until_cancelled(waiting).await.is_some() {
            notifier.status("enqueueing due jobs");
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

/// Fires due ticks and requested runs until `stop`, and sleeps in between. While the database is away it keeps trying, and
/// each schedule's policy decides what happens to missed ticks. The time of `clock` may jump.
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
        // If this is cut short, it rolls back, and another scheduler or the next start fires the tick.
        let firing = async {
            // After a tick has fired, the announcement needs the next one.
            if fire_due(db, schedules, &clock, &mut seen).await?
                || announced.is_none_or(|last| last.elapsed() >= ANNOUNCE)
            {
                in_time(announce(db, schedules, clock())).await.context("announcing the schedules")?;
                announced = Some(Instant::now());
            }
            in_time(fire_requested(db, schedules, clock())).await.context("firing requested runs")
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
                    warn!(
                        error = format!("{error:#}"),
                        "failed to enqueue due jobs; trying again until it succeeds"
                    );
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

/// The last tick of each schedule that this process has handled, so that it asks the database once per tick.
type Seen = HashMap<&'static str, DateTime<Utc>>;

/// Fires due ticks. Returns whether there was a new one.
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

/// Fires requested runs. Each takes its request and enqueues its job, for the schedule's last tick, in one transaction.
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

/// Fires a schedule's due ticks, except those that another scheduler has taken. Each is taken and enqueues its job in one
/// transaction.
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

/// How long to sleep: until the next tick, but at most [`NAP`].
fn until_next(schedules: &[Schedule], now: DateTime<Utc>) -> Duration {
    schedules
        .iter()
        .filter_map(|schedule| (schedule.when.after(now)? - now).to_std().ok())
        .min()
        .map_or(NAP, |until| until.min(NAP))
}
