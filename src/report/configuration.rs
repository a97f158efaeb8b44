use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RelayProtocol;

/// What the run was told to check: the configuration itself, without any secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// `command-line`, `ice-servers`, `config`, `default`.
    pub source: String,
    /// Each URL once, in the order in which they stand.
    pub servers: Vec<Configured>,
    /// URLs that stand there twice with the same credentials.
    pub repeated: Vec<String>,
    /// `iceTransportPolicy: relay`.
    pub relay_only: bool,
    /// Findings that were left out (`--ignore`).
    pub ignored: Vec<String>,
}

/// A server of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Configured {
    pub url: String,
    /// `stun`, `stuns`, `turn`, `turns`.
    pub scheme: String,
    pub host: String,
    pub port: u16,
    pub transport: RelayProtocol,
    /// It stands for one of the transports of a bare host; nobody has written it as it is here.
    pub of_bare_host: bool,
    pub credential_kind: CredentialKind,
    /// The user name; never a password.
    pub username: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    None,
    Password,
    /// The user name begins with a time.
    TimeLimited,
}
