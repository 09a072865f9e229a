//! The limit on a client's live streams, because each costs memory while it is open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::Error;

/// The `Retry-After` of a refused stream, in seconds.
const RETRY: u64 = 10;

/// The open streams of this process by client address.
#[derive(Clone, Debug)]
pub struct Streams {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

impl Streams {
    /// At most `most` streams for each address; 0 is no limit.
    #[must_use]
    pub fn up_to(most: u32) -> Self {
        let most = if most == 0 { usize::MAX } else { usize::try_from(most).unwrap_or(usize::MAX) };
        Self { open: Arc::default(), most }
    }

    /// Counts a stream for this address until the returned value is dropped.
    ///
    /// # Errors
    /// [`Error::TooMany`] if the address is at its limit.
    pub fn open(&self, address: IpAddr) -> Result<OpenStream, Error> {
        let mut open = self.open.lock();
        let count = open.entry(address).or_default();
        if *count >= self.most {
            return Err(Error::TooMany(RETRY));
        }
        *count += 1;
        Ok(OpenStream { streams: self.clone(), address })
    }
}

/// An open stream, counted until it is dropped.
#[derive(Debug)]
pub struct OpenStream {
    streams: Streams,
    address: IpAddr,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_so_many_and_no_more() {
        let streams = Streams::up_to(2);
        let (near, far) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let first = streams.open(near).expect("the first");
        let second = streams.open(near).expect("the second");
        assert!(matches!(streams.open(near), Err(Error::TooMany(_))));
        let other = streams.open(far).expect("another's");
        drop(first);
        let third = streams.open(near).expect("one has ended");
        drop((second, third, other));
        assert!(streams.open.lock().is_empty(), "closed streams aren't kept");
    }
}
