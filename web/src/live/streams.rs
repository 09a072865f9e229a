//! How many streams this process has open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;

/// The open streams.
#[derive(Clone, Debug)]
pub struct Streams {
    most: usize,
    open: Arc<AtomicUsize>,
}

impl Streams {
    /// At most `most` streams; 0 is no limit.
    #[must_use]
    pub fn up_to(most: usize) -> Self {
        Self { most: if most == 0 { usize::MAX } else { most }, open: Arc::default() }
    }

    /// Counts a stream until the returned value is dropped.
    ///
    /// # Errors
    /// [`Error::Crowded`] if there are too many.
    pub(super) fn open(&self) -> Result<OpenStream, Error> {
        let stream = OpenStream(Arc::clone(&self.open));
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        if before < self.most { Ok(stream) } else { Err(Error::Crowded) }
    }
}

/// An open stream, counted until it is dropped.
#[derive(Debug)]
pub(super) struct OpenStream(Arc<AtomicUsize>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_open_and_no_more() {
        let streams = Streams::up_to(2);
        let first = streams.open().expect("the first");
        let second = streams.open().expect("the second");
        assert!(matches!(streams.open(), Err(Error::Crowded)));
        drop(first);
        let third = streams.open().expect("one has ended");
        drop((second, third));
        assert_eq!(streams.open.load(Ordering::Relaxed), 0, "closed streams aren't counted");
    }
}
