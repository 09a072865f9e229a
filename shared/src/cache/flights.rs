//! Single flight: concurrent requests for the same data share one load per process.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::fragments::Stamp;

/// What is loaded: the group, the part, and the stamp to store it under. A drop changes the stamp, so later requests
/// don't join a flight that may return old data.
pub(super) type Key = (String, String, Stamp);

/// The result of a flight: JSON, or `None` if there is nothing.
#[derive(Clone, Debug)]
pub(super) struct Loaded(pub(super) Option<Arc<str>>);

/// The current flights.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<Key, watch::Receiver<Option<Loaded>>>>>);

/// The first request starts a flight; later ones join it.
pub(super) enum Join {
    Leader(Flight),
    Follower(Waiting),
}

/// A current flight. Dropping it ends the flight, with or without a result.
#[derive(Debug)]
pub(super) struct Flight {
    flights: Flights,
    key: Key,
    loaded: watch::Sender<Option<Loaded>>,
    lingers: AtomicBool,
}

/// Waits for a flight to end.
#[derive(Debug)]
pub(super) struct Waiting(watch::Receiver<Option<Loaded>>);

impl Flights {
    pub(super) fn join(&self, key: Key) -> Join {
        let mut flights = self.0.lock();
        if let Some(flight) = flights.get(&key) {
            return Join::Follower(Waiting(flight.clone()));
        }
        let (loaded, receiver) = watch::channel(None);
        flights.insert(key.clone(), receiver);
        Join::Leader(Flight { flights: self.clone(), key, loaded, lingers: AtomicBool::new(false) })
    }
}

impl Flight {
    /// Sets the result. Requests that arrive before the flight is dropped also get it.
    pub(super) fn complete(&self, json: Option<Arc<str>>) {
        self.loaded.send_replace(Some(Loaded(json)));
    }

    /// Lets requests join the flight for some time after it has ended.
    pub(super) fn linger(&self, time: Duration) {
        self.lingers.store(true, Ordering::Relaxed);
        let (flights, key) = (self.flights.clone(), self.key.clone());
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            flights.0.lock().remove(&key);
        });
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.lingers.load(Ordering::Relaxed) {
            self.flights.0.lock().remove(&self.key);
        }
    }
}

impl Waiting {
    /// The result of the flight; `None` if loading failed.
    pub(super) async fn result(mut self) -> Option<Loaded> {
        self.0.wait_for(Option::is_some).await.ok().and_then(|loaded| loaded.clone())
    }
}
