//! From where a session or an account is used, as far as the site remembers it.

use std::net::IpAddr;

use super::agent::Agent;
use super::prefix::Prefix;

/// A browser and its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The browser; `None` if the client doesn't name it.
    pub agent: Option<Agent>,
    /// The network.
    pub prefix: Prefix,
}

impl Origin {
    /// The origin of what this browser sends from this address.
    #[must_use]
    pub fn of(address: IpAddr, agent: Option<Agent>) -> Self {
        Self { agent, prefix: Prefix::of(address) }
    }

    /// The browser in words, also for a client that doesn't name it.
    #[must_use]
    pub fn device(&self) -> String {
        self.agent.map_or_else(|| UNKNOWN.to_owned(), |agent| agent.to_string())
    }
}

/// What is said of a client that doesn't name itself.
pub const UNKNOWN: &str = "An unknown device";
