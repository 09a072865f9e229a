//! Open connections: their age, and how many one address has.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use parking_lot::{Mutex, MutexGuard};
use pawdium_shared::config::WebConfig;
use tokio::time::Instant;

use crate::http::client::Client;

/// Limits the connections of one address and tracks the age of all.
pub(super) struct ConnectionLimit {
    /// The most from one address; 0 is no limit.
    most: usize,
    /// Exempt from the limit, because all visitors come through them.
    proxies: Vec<IpNet>,
    open: Arc<Mutex<OpenConnections>>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    admitted: u64,
    /// Keyed by sequence number, so the first entry is the oldest.
    since: BTreeMap<u64, Instant>,
    from: HashMap<IpAddr, usize>,
}

impl ConnectionLimit {
    pub(super) fn new(config: &WebConfig) -> Self {
        Self {
            most: config.connections_per_address,
            proxies: config.trusted_proxies.clone(),
            open: Arc::default(),
        }
    }

    /// A slot for a connection, held until the connection ends. `None` if the address already has too many.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Slot> {
        let address = address.to_canonical();
        let is_bound = self.most > 0 && !self.proxies.iter().any(|network| network.contains(&address));
        let counted = is_bound.then(|| Client::at(address).counted());
        let mut open = lock(&self.open);
        if let Some(counted) = counted {
            let count = open.from.entry(counted).or_default();
            if *count >= self.most {
                return None;
            }
            *count += 1;
        }
        open.admitted += 1;
        let number = open.admitted;
        open.since.insert(number, Instant::now());
        Some(Slot { number, counted: Mutex::new(counted), open: Arc::clone(&self.open) })
    }

    /// When the oldest open connection was accepted.
    pub(super) fn oldest(&self) -> Option<Instant> {
        lock(&self.open).since.values().next().copied()
    }
}

fn lock(open: &Mutex<OpenConnections>) -> MutexGuard<'_, OpenConnections> {
    open.lock()
}

/// One open connection.
#[derive(Debug)]
pub(super) struct Slot {
    number: u64,
    /// The address that it counts for.
    counted: Mutex<Option<IpAddr>>,
    open: Arc<Mutex<OpenConnections>>,
}

impl Slot {
    /// No longer counts for its address.
    pub(super) fn release_count(&self) {
        let Some(address) = self.counted.lock().take() else { return };
        let mut open = lock(&self.open);
        if let Some(count) = open.from.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.from.remove(&address);
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.release_count();
        lock(&self.open).since.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_has_a_limited_number_of_slots_and_gets_them_back() {
        let config = WebConfig { connections_per_address: 2, ..WebConfig::default() };
        let limit = ConnectionLimit::new(&config);
        let slots: Vec<_> = (0..2).map(|_| limit.admit(ip("2001:db8::1")).expect("a slot")).collect();
        assert!(limit.admit(ip("2001:db8::2")).is_none(), "the same customer's");
        let other = limit.admit(ip("203.0.113.9")).expect("a slot");
        let proxy: Vec<_> = (0..5).map(|_| limit.admit(ip("127.0.0.1")).expect("exempt")).collect();
        slots[0].release_count();
        let streaming = limit.admit(ip("2001:db8::2")).expect("the first counts no longer");
        assert!(limit.admit(ip("2001:db8::2")).is_none());
        drop((slots, streaming));
        assert!(limit.admit(ip("2001:db8::2")).is_some());
        assert!(limit.oldest().is_some());
        drop((other, proxy));
        assert!(limit.oldest().is_none() && lock(&limit.open).from.is_empty());
    }
}
