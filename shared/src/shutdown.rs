//! The lifecycle of a service: stop signals and status reports to systemd.

use std::future::Future;
use std::io;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// The exit status after a second signal: 128 + SIGINT, as in shells.
const CUT_SHORT: i32 = 130;

/// Returns a token that the first SIGTERM or SIGINT cancels. The second signal ends the process at once, so that
/// operators don't need SIGKILL.
///
/// # Errors
/// If the signal handlers can't be installed.
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
        info!(signal = name, "stopping after a signal");
        told.cancel();
        let name = next().await;
        warn!(signal = name, "exiting at once after a second signal");
        std::process::exit(CUT_SHORT);
    });
    Ok(stop)
}

/// Reports the state of this process to the service manager (`sd_notify(3)`). Outside systemd, where `NOTIFY_SOCKET` is
/// not set, it does nothing.
#[derive(Clone, Debug)]
pub struct Notifier {
    watchdog: Option<Duration>,
}

impl Notifier {
    /// Reads the service manager's settings for this process.
    #[must_use]
    pub fn new() -> Self {
        Self { watchdog: sd_notify::watchdog_enabled() }
    }

    /// Reports that start-up is complete. `systemctl status` shows `status`.
    pub fn ready(&self, status: &str) {
        send(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// Changes what `systemctl status` shows.
    pub fn status(&self, status: &str) {
        send(&[NotifyState::Status(status)]);
    }

    /// Reports that the process is stopping.
    pub fn stopping(&self, status: &str) {
        send(&[NotifyState::Stopping, NotifyState::Status(status)]);
    }

    /// Feeds the watchdog at half its period while `is_alive` returns true, until `stop`. If a check hangs, the
    /// watchdog starves and systemd restarts the process. Returns at once if no watchdog is configured.
    ///
    /// Cancel `stop` when the work has ended, not when shutdown begins, so that the watchdog also covers the drain.
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
                    warn!("the liveness check failed, so the watchdog starves");
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
        warn!(%error, "couldn't notify the service manager");
    }
}
