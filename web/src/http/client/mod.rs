//! The client's address, as far as it can be trusted.

mod extract;

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use pawdium_shared::accounts::Origin;
use pawdium_shared::accounts::agent::Agent;

use super::pins::Pins;

/// The address that a request comes from, and what sent it if it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client(pub IpAddr, Option<Agent>);

impl Client {
    /// The address that limits count by. IPv6 addresses are cut to a /64, because a customer has a whole one.
    #[must_use]
    pub fn counted(self) -> IpAddr {
        match self.0 {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
            address @ IpAddr::V4(_) => address,
        }
    }

    /// The client at an address.
    #[must_use]
    pub const fn at(address: IpAddr) -> Self {
        Self(address, None)
    }

    /// From where a session is used, as far as the site remembers it.
    #[must_use]
    pub fn origin(self) -> Origin {
        Origin::of(self.0, self.1)
    }

    /// A keyed digest of the address's network, an IPv4 /24 or an IPv6 /48. It reveals nothing without the site's
    /// secret. `None` for private addresses, which all of a site's visitors may have.
    #[must_use]
    pub fn network(self, pins: &Pins) -> Option<i32> {
        let (network, is_public) = match self.0 {
            IpAddr::V4(address) => (
                IpNet::new(address.into(), 24),
                !(address.is_private() || address.is_loopback() || address.is_link_local()),
            ),
            IpAddr::V6(address) => (
                IpNet::new(address.into(), 48),
                !(address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local()),
            ),
        };
        let network = network.ok().filter(|_| is_public)?.trunc();
        let [a, b, c, d, ..] = pins.digest(&format!("network {network}"));
        Some(i32::from_be_bytes([a, b, c, d]))
    }
}

/// The last address that isn't a trusted proxy. Each trusted proxy is believed about the hop before it.
fn believe(peer: IpAddr, forwarded: &[&str], trusted: &[IpNet]) -> IpAddr {
    let mut address = peer.to_canonical();
    for hop in forwarded.iter().rev() {
        if !trusted.iter().any(|network| network.contains(&address)) {
            break;
        }
        let Ok(previous) = hop.trim().parse::<IpAddr>() else { break };
        address = previous.to_canonical();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["127.0.0.0/8".parse().expect("a network")];
        assert_eq!(believe(ip("127.0.0.1"), &["203.0.113.9"], &trusted), ip("203.0.113.9"));
        assert_eq!(believe(ip("203.0.113.9"), &["10.0.0.1"], &trusted), ip("203.0.113.9"));
        assert_eq!(believe(ip("127.0.0.1"), &["10.0.0.1", " 203.0.113.9"], &trusted), ip("203.0.113.9"));
        assert_eq!(believe(ip("127.0.0.1"), &["nonsense"], &trusted), ip("127.0.0.1"));
        assert_eq!(believe(ip("::ffff:127.0.0.1"), &[], &trusted), ip("127.0.0.1"));
    }

    #[test]
    fn a_network_is_told_by_its_prefix_and_an_inner_one_is_none() {
        let pins = Pins::new(&"a secret of at least thirty-two characters".to_owned().into());
        let network = |text| Client::at(ip(text)).network(&pins);
        assert!(network("203.0.113.9").is_some());
        assert_eq!(network("203.0.113.9"), network("203.0.113.200"));
        assert_ne!(network("203.0.113.9"), network("203.0.114.9"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("2001:db8:1::1"), network("2001:db8:2::1"));
        for inner in ["127.0.0.1", "10.1.2.3", "192.168.1.9", "::1", "fd00::1", "fe80::1"] {
            assert_eq!(network(inner), None, "{inner}");
        }
    }

    #[test]
    fn a_whole_ipv6_network_counts_as_one() {
        assert_eq!(
            Client::at(ip("2001:db8::1:2:3:4")).counted(),
            Client::at(ip("2001:db8::9:8:7:6")).counted()
        );
        assert_ne!(Client::at(ip("2001:db8::1")).counted(), Client::at(ip("2001:db8:0:1::1")).counted());
    }
}
