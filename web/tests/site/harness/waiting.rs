//! Waiting for what other processes do in their own time.

use std::time::{Duration, Instant};

/// Long enough for what happens by itself, recovery from a killed worker included, also on a busy machine.
pub(crate) const SOON: Duration = Duration::from_mins(1);

/// Asks until there is an answer.
///
/// # Panics
/// When there is none after `patience`; the message says what was waited for.
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
