//! Ends this process if it hangs.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

/// A time limit that applies until it is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Watchdog(#[expect(dead_code, reason = "the thread waits for its drop")] Sender<()>);

impl Watchdog {
    /// Ends the process unless the watchdog is dropped within `limit`.
    pub(crate) fn watch(limit: Duration) -> Self {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            if receiver.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                eprintln!("chaos: still running after {limit:?}");
                std::process::exit(1);
            }
        });
        Self(sender)
    }
}
