//! Deserializers for values that serde can't read itself.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use lettre::Address;
use lettre::message::Mailbox;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::Url;

/// A list of addresses (`10.0.0.7`) and networks (`10.0.0.0/8`).
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts
        .iter()
        .map(|text| network(text).ok_or_else(|| D::Error::custom(format!("{text:?} is neither"))))
        .collect()
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The loopback networks.
pub(super) fn loopback() -> Vec<IpNet> {
    let v4 = Ipv4Net::new_assert(std::net::Ipv4Addr::new(127, 0, 0, 0), 8);
    let v6 = Ipv6Net::from(std::net::Ipv6Addr::LOCALHOST);
    vec![v4.into(), v6.into()]
}

/// `Name <address>`, or an address alone.
pub(super) fn mailbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mailbox, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// Parses a URL that is a literal in this program.
pub(super) fn known_url(text: &str) -> Url {
    text.parse().expect("a default URL is well-formed")
}

/// Builds an address from literals in this program.
pub(super) fn known_address(user: &str, domain: &str) -> Address {
    Address::new(user, domain).expect("a default address is well-formed")
}
