//! Stalls the conversation at a chosen stage.

use tokio::sync::watch;

/// The stage at which clients stall, and how many have.
#[derive(Debug, Default)]
pub(super) struct Stalls {
    at: watch::Sender<Option<&'static str>>,
    waiting: watch::Sender<usize>,
}

impl Stalls {
    pub(super) fn stall_at(&self, stage: &'static str) {
        self.waiting.send_replace(0);
        self.at.send_replace(Some(stage));
    }

    pub(super) async fn stalled(&self) {
        // The sender is in scope, so the channel stays open.
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting > 0).await;
    }

    pub(super) fn go_on(&self) {
        self.at.send_replace(None);
    }

    /// Waits here while this is the stalled stage.
    pub(super) async fn pass(&self, stage: &str) {
        let mut at = self.at.subscribe();
        let stalls = |at: Option<&'static str>| at.is_some_and(|at| at.eq_ignore_ascii_case(stage));
        if stalls(*at.borrow()) {
            self.waiting.send_modify(|waiting| *waiting += 1);
            let _ = at.wait_for(|at| !stalls(*at)).await;
        }
    }
}
