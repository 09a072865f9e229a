//! Finds the client of a request.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use pawdium_shared::accounts::agent::Agent;

use super::{Client, believe};
use crate::state::App;

impl FromRequestParts<App> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self::named(app, &parts.extensions, &parts.headers))
    }
}

impl Client {
    /// The client of a request with these headers, and what sent it.
    #[must_use]
    pub fn named(app: &App, extensions: &Extensions, headers: &HeaderMap) -> Self {
        let agent = headers.get(USER_AGENT).and_then(|agent| Agent::of(agent.as_bytes()));
        Self(Self::of(app, extensions, headers).0, agent)
    }

    /// The client of a request with these headers, without what sent it.
    #[must_use]
    pub fn of(app: &App, extensions: &Extensions, headers: &HeaderMap) -> Self {
        let peer = extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::from([127, 0, 0, 1]), |info| info.0.ip());
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        Self::at(believe(peer, &forwarded, &app.config.web.trusted_proxies))
    }
}
