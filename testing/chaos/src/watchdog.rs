//! Ends this process when what it does hangs.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

/// Watches until it is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Watchdog(#[expect(dead_code, reason = "its end is what the thread waits for")] Sender<()>);

impl Watchdog {
    /// Lets what begins now take as long as `limit`.
    pub(crate) fn watch(limit: Duration) -> Self {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            if receiver.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                eprintln!("chaos: hangs after {limit:?}");
                std::process::exit(1);
            }
        });
        Self(sender)
    }
}
