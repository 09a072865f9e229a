//! A request's connection, for handlers that keep it open.

use std::sync::Arc;

use tokio::sync::Notify;

use super::limit::Slot;

/// The connection of a request.
#[derive(Clone, Debug)]
pub struct Line(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    slot: Slot,
    hung_up: Notify,
}

impl Line {
    pub(super) fn new(slot: Slot) -> Self {
        Self(Arc::new(Inner { slot, hung_up: Notify::new() }))
    }

    /// Exempts the connection from the limit of its address: many people may share one, each with a stream.
    pub fn is_no_longer_counted(&self) {
        self.0.slot.release_count();
    }

    /// Closes the connection, whatever is still unsent.
    pub fn hang_up(&self) {
        self.0.hung_up.notify_one();
    }

    /// Waits until it is to be closed.
    pub(super) async fn hung_up(&self) {
        self.0.hung_up.notified().await;
    }
}
