//! Waiting for other processes.

use std::time::{Duration, Instant};

/// Long enough for everything automatic, including recovery from a killed worker, even on a busy machine.
pub(crate) const SOON: Duration = Duration::from_mins(1);

/// Polls until there is a result.
///
/// # Panics
/// If there is none after `patience`.
#[track_caller]
pub(crate) fn eventually<T>(
    what: &str,
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move {
        let begin = Instant::now();
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            assert!(begin.elapsed() < patience, "{place}: waited {patience:?} in vain until {what}");
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }
}
