//! The configuration in the words of the report, for rules to look at.

use crate::commands::servers::Named;
use crate::commands::turn::facts;
use crate::report::{Configuration, Configured, CredentialKind};
use crate::wire::uri::Host;

/// Without any secret.
pub fn configuration(named: &Named, ignored: &[String]) -> Configuration {
    let servers = named.servers.iter().map(|server| {
        let uri = &server.uri;
        let username = server.credentials.as_ref().map(|keys| keys.username.clone());
        Configured {
            url: uri.to_string(),
            scheme: uri.scheme.as_str().into(),
            host: match &uri.host {
                Host::Ip(ip) => ip.to_string(),
                Host::Name(name) => name.clone(),
            },
            port: uri.port.unwrap_or(uri.default_port()),
            transport: facts::protocol(uri.transport()),
            of_bare_host: named.hosts.iter().any(|uris| uris.contains(uri)),
            credential_kind: match &username {
                None => CredentialKind::None,
                Some(name) if is_timed(name) => CredentialKind::TimeLimited,
                Some(_) => CredentialKind::Password,
            },
            username,
        }
    });
    Configuration {
        source: named.source.into(),
        servers: servers.collect(),
        repeated: named.repeated.clone(),
        relay_only: named.relay_only,
        ignored: ignored.to_vec(),
    }
}

/// `1700000000` or `1700000000:alice`.
fn is_timed(name: &str) -> bool {
    let first = name.split(':').next().unwrap_or_default();
    first.len() >= 10 && first.bytes().all(|byte| byte.is_ascii_digit())
}
