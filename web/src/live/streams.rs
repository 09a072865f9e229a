//! The open streams of this process: how many, and whether their clients read.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use pawdium_shared::live::Progress;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::serve::Line;

/// How long a client may take nothing of what it is sent.
const UNREAD: Duration = Duration::from_secs(30);

/// How often to check that.
const CHECK: Duration = Duration::from_secs(2);

/// How long a stopping process waits for clients to take the end of their streams.
const LAST_FRAME: Duration = Duration::from_millis(1500);

/// The open streams.
#[derive(Clone, Debug)]
pub struct Streams(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    begun: u64,
    /// `None` while a stream is being prepared.
    streams: HashMap<u64, Option<(Progress, Line)>>,
}

impl Streams {
    /// At most `most` streams; 0 is no limit. Call it inside a runtime.
    #[must_use]
    pub fn start(most: usize, stop: CancellationToken) -> Self {
        let most = if most == 0 { usize::MAX } else { most };
        let streams = Self(Arc::new(Inner { most, open: Mutex::default() }));
        tokio::spawn(streams.clone().check(stop));
        streams
    }

    /// Counts a stream until the returned value is dropped.
    ///
    /// # Errors
    /// [`Error::Crowded`] if there are too many.
    pub(super) fn open(&self) -> Result<OpenStream, Error> {
        let mut open = self.0.open.lock();
        if open.streams.len() >= self.0.most {
            return Err(Error::Crowded);
        }
        open.begun += 1;
        let number = open.begun;
        open.streams.insert(number, None);
        Ok(OpenStream { streams: self.clone(), number })
    }

    /// Closes connections whose clients don't read, and all when the process stops.
    async fn check(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(CHECK);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => self.hang_up(|progress| progress.is_stuck(UNREAD)),
            }
        }
        tokio::time::sleep(LAST_FRAME).await;
        self.hang_up(|_| true);
    }

    fn hang_up(&self, on: impl Fn(&Progress) -> bool) {
        let open = self.0.open.lock();
        for (progress, line) in open.streams.values().flatten() {
            if on(progress) {
                line.hang_up();
            }
        }
    }
}

/// An open stream, counted until it is dropped.
#[derive(Debug)]
pub(super) struct OpenStream {
    streams: Streams,
    number: u64,
}

impl OpenStream {
    /// Has the connection closed if the client doesn't read.
    pub(super) fn check(&self, progress: Progress, line: Line) {
        self.streams.0.open.lock().streams.insert(self.number, Some((progress, line)));
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.streams.0.open.lock().streams.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_are_open_and_no_more() {
        let streams = Streams::start(2, CancellationToken::new());
        let first = streams.open().expect("the first");
        let second = streams.open().expect("the second");
        assert!(matches!(streams.open(), Err(Error::Crowded)));
        drop(first);
        let third = streams.open().expect("one has ended");
        drop((second, third));
        assert!(streams.0.open.lock().streams.is_empty(), "closed streams aren't kept");
    }
}
