//! Single flight: what many ask for at the same time is loaded once in this process.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::fragments::Stamp;

/// What is loaded: its group, its part, and the stamp that it will be stored under. After a drop the stamp is another, so
/// nobody who asks later joins a flight that may bring what was before.
pub(super) type Key = (String, String, Stamp);

/// What a flight brings: JSON, or that there is nothing.
#[derive(Clone, Debug)]
pub(super) struct Brought(pub(super) Option<Arc<str>>);

/// The flights that are under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<Key, watch::Receiver<Option<Brought>>>>>);

/// The first who asks starts a flight; the others join it.
pub(super) enum Seat {
    First(Flight),
    Joined(Passenger),
}

/// A flight under way. It ends when it is dropped: landed or not.
#[derive(Debug)]
pub(super) struct Flight {
    flights: Flights,
    key: Key,
    brought: watch::Sender<Option<Brought>>,
}

/// Somebody who waits for a flight to land.
#[derive(Debug)]
pub(super) struct Passenger(watch::Receiver<Option<Brought>>);

impl Flights {
    pub(super) fn board(&self, key: Key) -> Seat {
        let mut flights = self.0.lock();
        if let Some(flight) = flights.get(&key) {
            return Seat::Joined(Passenger(flight.clone()));
        }
        let (brought, landing) = watch::channel(None);
        flights.insert(key.clone(), landing);
        Seat::First(Flight { flights: self.clone(), key, brought })
    }
}

impl Flight {
    /// Says what was loaded. Until the flight is dropped, those who ask get this.
    pub(super) fn land(&self, json: Option<Arc<str>>) {
        self.brought.send_replace(Some(Brought(json)));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.0.lock().remove(&self.key);
    }
}

impl Passenger {
    /// What the flight brings. `None`: it didn't land, because loading failed.
    pub(super) async fn arrive(mut self) -> Option<Brought> {
        self.0.wait_for(Option::is_some).await.ok().and_then(|brought| brought.clone())
    }
}
