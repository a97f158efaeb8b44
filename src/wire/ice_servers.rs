//! `--ice-servers`: an `RTCConfiguration`, its `iceServers` array, or what provider APIs return.

use super::uri::Parsed;

/// One entry. `Debug` does not show the credential.
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    pub urls: Vec<Parsed>,
    pub username: Option<String>,
    pub credential: Option<String>,
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IceServer {{ urls: {:?}, username: {:?}, credential: … }}", self.urls, self.username)
    }
}

/// A parsed configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceServers {
    pub servers: Vec<IceServer>,
    /// `iceTransportPolicy` was `relay`.
    pub relay_only: bool,
    pub warnings: Vec<String>,
}

/// What is wrong, where (line and column for broken JSON, `iceServers[1].urls[0]` otherwise), and
/// what to write instead. Never contains a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadIceServers(pub String);

/// Reads JSON. Accepts `iceServers`/`ice_servers`, `urls`/`url`/`uris` (string or array),
/// `credential`/`password`, a bare array, a single server object, and the reply of the TURN REST API
/// (`username`, `password`, `ttl`, `uris`).
pub fn parse(json: &str) -> Result<IceServers, BadIceServers> {
    let _ = json;
    todo!()
}
