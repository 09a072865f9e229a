//! The life of a service: told to stop by a signal, and telling systemd how it is.

use std::future::Future;
use std::io;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// The exit status of a process that a second signal cut short: 128 + SIGINT, as shells have it.
const CUT_SHORT: i32 = 130;

/// A token that the first SIGTERM or SIGINT cancels. The second one ends the process at once, so that nobody has to
/// reach for SIGKILL.
///
/// # Errors
/// When the handlers can't be installed.
pub fn on_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            }
        };
        let name = next().await;
        info!(signal = name, "told to stop");
        told.cancel();
        let name = next().await;
        warn!(signal = name, "told to stop again, so ending at once");
        std::process::exit(CUT_SHORT);
    });
    Ok(stop)
}

/// Tells the service manager how this process is (`sd_notify(3)`). Outside systemd, where `NOTIFY_SOCKET` is not set,
/// every call does nothing.
#[derive(Clone, Debug)]
pub struct Notifier {
    watchdog: Option<Duration>,
}

impl Notifier {
    /// Reads what the service manager expects of this process.
    #[must_use]
    pub fn new() -> Self {
        Self { watchdog: sd_notify::watchdog_enabled() }
    }

    /// Start-up is over; `status` is what `systemctl status` then shows.
    pub fn ready(&self, status: &str) {
        send(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// Changes what `systemctl status` shows.
    pub fn status(&self, status: &str) {
        send(&[NotifyState::Status(status)]);
    }

    /// The process has begun to stop.
    pub fn stopping(&self, status: &str) {
        send(&[NotifyState::Stopping, NotifyState::Status(status)]);
    }

    /// Feeds the watchdog at half of its period for as long as `is_alive` says so, until `stop`. A check that hangs
    /// feeds nothing either, and systemd then restarts the process. Where no watchdog is asked for, returns at once.
    ///
    /// `stop` should be cancelled when the work has ended, not when it is told to end: the watchdog still watches a
    /// drain.
    pub async fn feed_watchdog<C, F>(&self, stop: CancellationToken, is_alive: C)
    where
        C: Fn() -> F,
        F: Future<Output = bool>,
    {
        let Some(period) = self.watchdog else { return };
        let mut tick = tokio::time::interval(period / 2);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let feed = async {
            loop {
                tick.tick().await;
                if is_alive().await {
                    send(&[NotifyState::Watchdog]);
                } else {
                    warn!("the liveness check failed, so the watchdog is not fed");
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = feed => {}
        }
    }
}

impl Default for Notifier {
    fn default() -> Self {
        Self::new()
    }
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "the service manager could not be told");
    }
}
