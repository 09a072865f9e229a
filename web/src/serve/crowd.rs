//! Who is connected: since when, and how often from one address.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use parking_lot::{Mutex, MutexGuard};
use pawdium_shared::config::WebConfig;
use tokio::time::Instant;

use crate::http::client::Client;

/// All connections.
pub(super) struct Crowd {
    /// The most from one address; 0 is no limit.
    most: usize,
    /// Whom the limit does not bind: everybody comes through them.
    proxies: Vec<IpNet>,
    present: Arc<Mutex<Present>>,
}

#[derive(Default)]
struct Present {
    admitted: u64,
    /// By number, so the first one is the oldest.
    since: BTreeMap<u64, Instant>,
    from: HashMap<IpAddr, usize>,
}

impl Crowd {
    pub(super) fn new(config: &WebConfig) -> Self {
        Self {
            most: config.connections_per_address,
            proxies: config.trusted_proxies.clone(),
            present: Arc::default(),
        }
    }

    /// A place for a connection, which it holds until it ends. None: there are too many from its address.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let is_bound = self.most > 0 && !self.proxies.iter().any(|network| network.contains(&address));
        let counted = is_bound.then(|| Client(address).counted());
        let mut present = lock(&self.present);
        if let Some(counted) = counted {
            let count = present.from.entry(counted).or_default();
            if *count >= self.most {
                return None;
            }
            *count += 1;
        }
        present.admitted += 1;
        let number = present.admitted;
        present.since.insert(number, Instant::now());
        Some(Place { number, counted, present: Arc::clone(&self.present) })
    }

    /// Since when the oldest connection is there; none when there is none.
    pub(super) fn oldest(&self) -> Option<Instant> {
        lock(&self.present).since.values().next().copied()
    }
}

fn lock(present: &Mutex<Present>) -> MutexGuard<'_, Present> {
    present.lock()
}

/// One connection's place.
pub(super) struct Place {
    number: u64,
    counted: Option<IpAddr>,
    present: Arc<Mutex<Present>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut present = lock(&self.present);
        present.since.remove(&self.number);
        if let Some(address) = self.counted
            && let Some(count) = present.from.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                present.from.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_has_so_many_places_and_gets_them_back() {
        let config = WebConfig { connections_per_address: 2, ..WebConfig::default() };
        let crowd = Crowd::new(&config);
        let places: Vec<_> = (0..2).map(|_| crowd.admit(ip("2001:db8::1")).expect("a place")).collect();
        assert!(crowd.admit(ip("2001:db8::2")).is_none(), "the same customer's");
        let other = crowd.admit(ip("203.0.113.9")).expect("a place");
        let proxy: Vec<_> = (0..5).map(|_| crowd.admit(ip("127.0.0.1")).expect("exempt")).collect();
        drop(places);
        assert!(crowd.admit(ip("2001:db8::2")).is_some());
        assert!(crowd.oldest().is_some());
        drop((other, proxy));
        assert!(crowd.oldest().is_none() && lock(&crowd.present).from.is_empty());
    }
}
