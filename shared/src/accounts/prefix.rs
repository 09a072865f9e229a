//! The part of an address that the site stores of a session: its network, never the whole address.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// An IPv4 /24 or an IPv6 /48.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix(IpNet);

impl Prefix {
    /// The network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let bits = if address.is_ipv4() { 24 } else { 48 };
        Self(IpNet::new(address, bits).map_or_else(|_| IpNet::from(address), |network| network.trunc()))
    }

    /// The network as people read it: `192.0.2.x`, or what it is if others have the same addresses.
    #[must_use]
    pub fn words(self) -> String {
        match self.0 {
            IpNet::V4(network) => {
                let address = network.network();
                if address.is_private() || address.is_loopback() || address.is_link_local() {
                    return LOCAL.to_owned();
                }
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.x")
            }
            IpNet::V6(network) => {
                let address = network.network();
                if address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local() {
                    return LOCAL.to_owned();
                }
                let [a, b, c, ..] = address.segments();
                // The loopback address is cut to nothing.
                if (a, b, c) == (0, 0, 0) { LOCAL.to_owned() } else { format!("{a:x}:{b:x}:{c:x}:x") }
            }
        }
    }
}

/// What is said of networks that are not on the Internet.
const LOCAL: &str = "a local network";

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Prefix {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse::<IpNet>()?.trunc()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_only_the_network_is_left() {
        for (address, stored, words) in [
            ("192.0.2.77", "192.0.2.0/24", "192.0.2.x"),
            ("::ffff:192.0.2.77", "192.0.2.0/24", "192.0.2.x"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48", "2001:db8:1:x"),
            ("10.1.2.3", "10.1.2.0/24", "a local network"),
            ("127.0.0.1", "127.0.0.0/24", "a local network"),
            ("::1", "::/48", "a local network"),
            ("fd00::1", "fd00::/48", "a local network"),
            ("fe80::1", "fe80::/48", "a local network"),
        ] {
            let prefix = Prefix::of(address.parse().expect("an address"));
            assert_eq!((prefix.to_string().as_str(), prefix.words().as_str()), (stored, words));
            assert_eq!(stored.parse(), Ok(prefix));
        }
    }
}
