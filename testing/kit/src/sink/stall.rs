//! Silence at a chosen place of the conversation.

use tokio::sync::watch;

/// Where clients are left without an answer, and how many are.
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
        // The sender is here.
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting > 0).await;
    }

    pub(super) fn go_on(&self) {
        self.at.send_replace(None);
    }

    /// Waits here while this is where clients are left waiting.
    pub(super) async fn pass(&self, stage: &str) {
        let mut at = self.at.subscribe();
        let stalls = |at: Option<&'static str>| at.is_some_and(|at| at.eq_ignore_ascii_case(stage));
        if stalls(*at.borrow()) {
            self.waiting.send_modify(|waiting| *waiting += 1);
            let _ = at.wait_for(|at| !stalls(*at)).await;
        }
    }
}
