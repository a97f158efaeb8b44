//! What a server URL of the report says; the report writes transport and port out.

use crate::report::RelayProtocol;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub text: &'a str,
    pub scheme: &'a str,
    /// IPv6 without brackets.
    pub host: &'a str,
    pub port: Option<u16>,
    pub query: Option<&'a str>,
}

impl<'a> Url<'a> {
    pub(super) fn read(text: &'a str) -> Url<'a> {
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        let (place, query) = match rest.split_once('?') {
            Some((place, query)) => (place, Some(query)),
            None => (rest, None),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((host, after)) => (host, after.strip_prefix(':')),
            None => match place.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        Url { text, scheme, host, port: port.and_then(|port| port.parse().ok()), query }
    }

    pub(super) fn transport(&self) -> RelayProtocol {
        let over_udp = self.query == Some("transport=udp");
        match (self.scheme.ends_with('s'), self.query == Some("transport=tcp")) {
            (true, _) if over_udp => RelayProtocol::Dtls,
            (true, _) => RelayProtocol::Tls,
            (false, true) => RelayProtocol::Tcp,
            (false, false) => RelayProtocol::Udp,
        }
    }

    pub(super) fn is_turn(&self) -> bool {
        self.scheme.starts_with("turn")
    }

    /// The host is an address, not a name.
    pub(super) fn is_address(&self) -> bool {
        self.host.parse::<std::net::IpAddr>().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_reports_write() {
        let url = Url::read("turn:[2001:db8::9]:3478?transport=tcp");
        assert_eq!((url.host, url.port, url.transport()), ("2001:db8::9", Some(3478), RelayProtocol::Tcp));
        let url = Url::read("turns:turn.example.org:443?transport=tcp");
        assert_eq!((url.host, url.port, url.transport()), ("turn.example.org", Some(443), RelayProtocol::Tls));
        assert_eq!(Url::read("stun:a.example:3478").transport(), RelayProtocol::Udp);
        assert_eq!(Url::read("turns:a.example:5349?transport=udp").transport(), RelayProtocol::Dtls);
    }
}
