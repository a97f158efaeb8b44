//! ICE server URIs: `stun:`, `stuns:` (RFC 7064), `turn:`, `turns:` (RFC 7065, RFC 7350).

mod host;
mod refusal;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

use refusal::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scheme {
    Stun,
    Stuns,
    Turn,
    Turns,
}

impl Scheme {
    /// `stun`, `stuns`, `turn`, `turns`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Stun => "stun",
            Scheme::Stuns => "stuns",
            Scheme::Turn => "turn",
            Scheme::Turns => "turns",
        }
    }

    /// The scheme of that name, in any case.
    fn named(name: &str) -> Option<Scheme> {
        [Scheme::Stun, Scheme::Stuns, Scheme::Turn, Scheme::Turns]
            .into_iter()
            .find(|scheme| scheme.as_str().eq_ignore_ascii_case(name))
    }

    #[must_use]
    pub fn is_turn(self) -> bool {
        matches!(self, Scheme::Turn | Scheme::Turns)
    }

    #[must_use]
    pub fn is_secure(self) -> bool {
        matches!(self, Scheme::Stuns | Scheme::Turns)
    }
}

/// Between us and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
    Dtls,
}

impl Transport {
    /// `udp`, `tcp`, `tls`, `dtls`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            Transport::Dtls => "dtls",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Host {
    Ip(IpAddr),
    /// In A-labels, lower case, without a trailing dot.
    Name(String),
}

/// A parsed URI. `Display` prints it as browsers do, IPv6 in brackets, the transport always said
/// for `turn:` and `turns:`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IceUri {
    pub scheme: Scheme,
    pub host: Host,
    /// As written; `None` leaves it to SRV records or the default (RFC 7064 §3.2, RFC 5928).
    pub port: Option<u16>,
    /// `?transport=` as written, `udp` or `tcp`.
    pub query: Option<Query>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Query {
    Udp,
    Tcp,
}

impl IceUri {
    /// How the server is talked to: the scheme and `?transport=` (RFC 7065 §4, RFC 7350 §4.6);
    /// without a query `stun` and `turn` are UDP, `stuns` and `turns` TLS.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match (self.scheme.is_secure(), self.query) {
            (false, Some(Query::Tcp)) => Transport::Tcp,
            (false, _) => Transport::Udp,
            (true, Some(Query::Udp)) => Transport::Dtls,
            (true, _) => Transport::Tls,
        }
    }

    /// 3478, or 5349 for `stuns` and `turns`.
    #[must_use]
    pub fn default_port(&self) -> u16 {
        if self.scheme.is_secure() { 5349 } else { 3478 }
    }
}

impl fmt::Display for Host {
    /// IPv6 in brackets, as in a URI.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Host::Ip(ip) => write!(f, "{ip}"),
            Host::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for IceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.scheme.as_str(), self.host, self.port.unwrap_or(self.default_port()))?;
        match self.transport() {
            _ if !self.scheme.is_turn() => Ok(()),
            Transport::Udp | Transport::Dtls => f.write_str("?transport=udp"),
            Transport::Tcp | Transport::Tls => f.write_str("?transport=tcp"),
        }
    }
}

/// A message that says what is wrong and shows the right form. Never contains user info.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadUri(pub String);

/// A parsed URI and what a browser would think of it, where that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub uri: IceUri,
    /// For instance "browsers refuse a scheme or a transport in capitals".
    pub warnings: Vec<String>,
}

/// Parses strictly by the RFCs.
///
/// What the RFCs allow and browsers do not, and the other way round, is a warning: capitals, a
/// colon without a port, `stuns:`, TLS to an IP address.
pub fn parse(text: &str) -> Result<Parsed, BadUri> {
    read(text).map_err(|refusal| BadUri(refusal.explain(text)))
}

/// Whether the text begins with one of the four schemes, in any case.
#[must_use]
pub fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| Scheme::named(scheme).is_some())
}

/// Parses the value of `--stun` or `--turn`: `host`, `host:port` or a URI of that kind. For a bare
/// host the scheme is `stun` or `turn`, and the port `None`.
pub fn parse_target(text: &str, turn: bool) -> Result<Parsed, BadUri> {
    if has_scheme(text) || refusal::seems_to_have_a_scheme(text) {
        let parsed = parse(text)?;
        return match (parsed.uri.scheme.is_turn(), turn) {
            (true, false) => Err(BadUri(format!("this is a TURN server; write --turn {text}"))),
            (false, true) => Err(BadUri(format!("this is a STUN server; write --stun {text}"))),
            _ => Ok(parsed),
        };
    }
    parse(&format!("{}:{text}", if turn { "turn" } else { "stun" }))
}

/// What of a text that is taken for a URI can be shown: scheme, host and port; `…` stands for
/// whatever a password may be in.
#[must_use]
pub fn shown(text: &str) -> String {
    refusal::shown(text)
}

fn read(text: &str) -> Result<Parsed, Refusal> {
    refusal::refuse_what_is_no_uri(text)?;
    let (name, rest) = text.split_once(':').ok_or(Refusal::NoScheme)?;
    let scheme = Scheme::named(name).ok_or(Refusal::Scheme)?;
    if rest.starts_with("//") {
        return Err(Refusal::Slashes);
    }
    if rest.contains('#') {
        return Err(Refusal::Fragment);
    }
    let (authority, query) = match rest.split_once('?') {
        Some((authority, query)) => (authority, Some(query)),
        None => (rest, None),
    };
    if authority.contains('/') {
        return Err(Refusal::Path);
    }
    let mut capitals = name.bytes().any(|byte| byte.is_ascii_uppercase());
    let query = query.map(|query| read_query(scheme, query, &mut capitals)).transpose()?;
    let (host, port) = host::read(authority)?;
    let mut warnings = Vec::new();
    if capitals {
        warnings.push("browsers refuse a scheme or a transport in capitals".to_owned());
    }
    if authority.ends_with(':') {
        warnings.push("there is a colon and no port after it; the port is left to the default".to_owned());
    }
    let uri = IceUri { scheme, host, port, query };
    warnings.extend(differences(&uri));
    Ok(Parsed { uri, warnings })
}

fn read_query(scheme: Scheme, query: &str, capitals: &mut bool) -> Result<Query, Refusal> {
    if !scheme.is_turn() {
        return Err(Refusal::StunQuery);
    }
    let (name, value) = query.split_once('=').unwrap_or((query, ""));
    if !name.eq_ignore_ascii_case("transport") {
        return Err(Refusal::Parameter);
    }
    *capitals |= query.bytes().any(|byte| byte.is_ascii_uppercase());
    match value.to_ascii_lowercase().as_str() {
        "udp" => Ok(Query::Udp),
        "tcp" => Ok(Query::Tcp),
        _ => Err(Refusal::Transport),
    }
}

/// Where browsers do something else than the RFCs say.
fn differences(uri: &IceUri) -> Vec<String> {
    let mut warnings = Vec::new();
    if uri.scheme == Scheme::Stuns {
        warnings.push("browsers treat stuns: as STUN over UDP without TLS, on port 3478".to_owned());
    }
    if uri.scheme.is_secure() && matches!(uri.host, Host::Ip(_)) {
        warnings.push(format!(
            "{}: with an IP address leaves no name to verify the certificate against (RFC 7350 §4.6.1); browsers accept it",
            uri.scheme.as_str()
        ));
    }
    if uri.transport() == Transport::Dtls {
        warnings.push("browsers do not speak DTLS to a TURN server: they use TLS over TCP instead".to_owned());
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Parsed {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn error(text: &str) -> String {
        match parse(text) {
            Ok(parsed) => panic!("{text} is {:?}", parsed.uri),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn valid_uris_mean_what_the_rfcs_say() {
        for (text, transport, port, printed) in [
            ("stun:example.org", Transport::Udp, None, "stun:example.org:3478"),
            ("stuns:example.org", Transport::Tls, None, "stuns:example.org:5349"),
            ("stun:example.org:8000", Transport::Udp, Some(8000), "stun:example.org:8000"),
            ("stun:192.0.2.1", Transport::Udp, None, "stun:192.0.2.1:3478"),
            ("stun:[2001:db8::1]", Transport::Udp, None, "stun:[2001:db8::1]:3478"),
            ("stun:[2001:DB8:0::1]:3478", Transport::Udp, Some(3478), "stun:[2001:db8::1]:3478"),
            ("turn:example.org", Transport::Udp, None, "turn:example.org:3478?transport=udp"),
            ("turns:example.org", Transport::Tls, None, "turns:example.org:5349?transport=tcp"),
            ("turn:example.org:8000", Transport::Udp, Some(8000), "turn:example.org:8000?transport=udp"),
            ("turn:example.org?transport=udp", Transport::Udp, None, "turn:example.org:3478?transport=udp"),
            ("turn:example.org?transport=tcp", Transport::Tcp, None, "turn:example.org:3478?transport=tcp"),
            ("turns:example.org?transport=tcp", Transport::Tls, None, "turns:example.org:5349?transport=tcp"),
            ("turns:example.org?transport=udp", Transport::Dtls, None, "turns:example.org:5349?transport=udp"),
            (
                "turn:[2001:db8::1]:3478?transport=tcp",
                Transport::Tcp,
                Some(3478),
                "turn:[2001:db8::1]:3478?transport=tcp",
            ),
            ("stun:ex_ample.org", Transport::Udp, None, "stun:ex_ample.org:3478"),
        ] {
            let Parsed { uri, .. } = parsed(text);
            assert_eq!((uri.transport(), uri.port), (transport, port), "{text}");
            assert_eq!(uri.to_string(), printed);
            assert_eq!(parsed(printed).uri.to_string(), printed);
        }
    }

    #[test]
    fn what_browsers_take_otherwise_is_a_warning() {
        for (text, part) in [
            ("TURN:Example.ORG?TRANSPORT=UDP", Some("capitals")),
            ("turn:example.org?transport=TCP", Some("capitals")),
            ("turn:example.org:?transport=udp", Some("colon")),
            ("stun:[2001:db8::1]:", Some("colon")),
            ("stuns:example.org", Some("stuns:")),
            ("turns:192.0.2.1", Some("IP address")),
            ("turns:[2001:db8::1]", Some("IP address")),
            ("turns:example.org?transport=udp", Some("DTLS")),
            ("stun:EXAMPLE.org", None),
            ("turn:192.0.2.1", None),
            ("turns:example.org?transport=tcp", None),
        ] {
            let warnings = parsed(text).warnings;
            assert_eq!(warnings.len(), usize::from(part.is_some()), "{text}: {warnings:?}");
            assert!(warnings.iter().all(|warning| warning.contains(part.unwrap())), "{text}: {warnings:?}");
        }
    }

    #[test]
    fn names_are_a_labels_in_lower_case_without_a_trailing_dot() {
        for (text, name) in [
            ("stun:bücher.example", "xn--bcher-kva.example"),
            ("stun:BÜCHER.example.", "xn--bcher-kva.example"),
            ("stun:Example.ORG.", "example.org"),
            ("stun:xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("stun:localhost", "localhost"),
            ("stun:例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ] {
            assert_eq!(parsed(text).uri.host, Host::Name(name.into()), "{text}");
        }
    }

    #[test]
    fn refusals_show_the_right_form() {
        for (text, right) in [
            ("", "write stun:stun.example.org"),
            ("stun://example.org", "write stun:example.org"),
            ("turn://example.org:8000?transport=tcp", "write turn:example.org:8000?transport=tcp"),
            (
                "turn:user:pass@example.org",
                "write turn:example.org and give them with --username and --credential-file",
            ),
            ("turn:user@example.org:80?transport=udp", "write turn:example.org:80?transport=udp and"),
            ("stun:example.org?transport=udp", "write stun:example.org"),
            ("stuns:example.org:443?x", "write stuns:example.org:443"),
            ("turn:example.org?transport=tls", "write turns:example.org?transport=tcp"),
            ("turn:example.org:443?transport=dtls", "write turns:example.org:443?transport=udp"),
            ("turn:example.org?transport=sctp", "no TURN over SCTP; write turn:example.org?transport=udp"),
            ("turn:example.org?transport=", "write turn:example.org?transport=udp or"),
            ("turn:example.org?transport=udp&x=1", "nothing may follow the transport"),
            ("turn:example.org?proto=udp", "write turn:example.org?transport=udp"),
            ("turn:example.org?", "write turn:example.org?transport=udp"),
            ("turn:example.org?username=a", "--username and --credential-file"),
            ("turn:example.org/", "write turn:example.org"),
            ("turn:example.org/x?transport=tcp", "write turn:example.org?transport=tcp"),
            ("turn:example.org#x", "write turn:example.org"),
            ("stun:2001:db8::1", "write stun:[2001:db8::1]"),
            ("turn:2001:db8::1:3478", "write turn:[2001:db8::1:3478], or turn:[2001:db8::1]:3478 if 3478 is the port"),
            ("turn:2001:db8:1:2:3:4:5:6:3478", "write turn:[2001:db8:1:2:3:4:5:6]:3478"),
            ("stun:[2001:db8::1", "not closed; write stun:[2001:db8::1]:3478"),
            ("stun:[2001:db8::1]x", "not closed"),
            ("stun:[fe80::1%eth0]", "zone"),
            ("stun:[fe80::1%25eth0]", "zone"),
            ("stun:fe80::1%eth0", "zone"),
            ("stun:[example.org]", "no IPv6 address"),
            ("stun:[]", "no IPv6 address"),
            ("stun:", "the host is missing; write stun:stun.example.org"),
            ("turn::3478", "write turn:turn.example.org:3478"),
            ("turns:?transport=tcp", "write turns:turn.example.org"),
            ("stun:host:0", "write stun:host:3478"),
            ("turns:host:65536", "write turns:host:5349"),
            ("turn:host:70000?transport=tcp", "write turn:host:3478?transport=tcp"),
            ("stun:host:34x8", "write stun:host:3478"),
            ("stun:host:-1", "write stun:host:3478"),
            ("stun:host:+1", "write stun:host:3478"),
            ("stun:a:b:c", "more than one colon"),
            ("stun:exa mple.org", "a space"),
            (" stun:example.org", "a space in it; write stun:example.org"),
            ("stun: example.org", "a space in it; write stun:example.org"),
            ("stun:example.org\u{a0}", "a non-breaking space (U+00A0) in it; write stun:example.org"),
            ("stun:exam\u{200b}ple.org", "an invisible character (U+200B) in it; write stun:example.org"),
            ("stun:example.org\r\n", "a line break in it; write stun:example.org"),
            ("stun:exa\u{7}mple.org", "a control character (U+0007)"),
            ("\"stun:example.org\"", "quotation marks in it; write stun:example.org"),
            ("stun:ex_ample..org", "two dots"),
            ("stun:.example.org", "two dots"),
            ("stun:256.1.1.1", "IPv4"),
            ("stun:1.2.3", "IPv4"),
            ("stun:example.org,stun:b.example", "one server only, as in stun:example.org"),
            ("stun:xn--a", "IDNA"),
            ("http://example.org", "http: is the web's; a STUN server is written stun:example.org"),
            ("https://example.org:8443/turn?x", "turns:example.org"),
            ("example.org:3478", "scheme is missing; write stun:example.org:3478 or turn:example.org:3478"),
            ("example.org", "write stun:example.org or turn:example.org"),
            ("localhost:3478", "write stun:localhost:3478"),
            ("[2001:db8::1]:3478", "write stun:[2001:db8::1]:3478"),
            ("2001:db8::1", "write stun:[2001:db8::1]"),
            ("stunn:x", "unknown; write stun:x"),
            ("trun:x:80?transport=tcp", "unknown; write turn:x:80?transport=tcp"),
            ("turnss:x", "unknown; write turns:x"),
            ("sip:x", "write stun:, stuns:, turn: or turns:"),
        ] {
            let error = error(text);
            assert!(error.contains(right), "{text}: {error}");
        }
        let long = format!("stun:{}.example.org", "a".repeat(64));
        assert!(!parse(&long).unwrap_err().0.is_empty());
    }

    #[test]
    fn refusals_do_not_repeat_passwords() {
        for text in [
            "turn:alice:s3cret@example.org",
            "turn://alice:s3cret@example.org/?x",
            "turn:alice:s3cret@",
            "turn:alice:p@s3cret@example.org",
            "turn:alice:p/@s3cret",
            "turn:example.org?username=alice&credential=s3cret",
            "turn:example.org?user=a@b&credential=s3cret",
            "turn:example.org?credential=x@s3cret",
            "turn:example.org alice s3cret",
            "turn:example.org:3478 alice:s3cret",
            "turn:alice:s3cret",
            "turn:alice:x:s3cret:y",
            "alice:s3cret@example.org",
            "https://alice:s3cret@example.org",
            "turn:example.org?s3cret",
            "turn:example.org#s3cret",
            "turn:example.org/s3cret",
        ] {
            assert!(!error(text).contains("s3cret"), "{text}: {}", error(text));
        }
    }

    #[test]
    fn what_is_shown_of_a_uri_has_no_password_in_it() {
        for (text, shows) in [
            ("turn:example.org:80?transport=tcp", "turn:example.org:80?transport=tcp"),
            ("stun:[2001:db8::1]:3478", "stun:[2001:db8::1]:3478"),
            ("stun:2001:db8::1", "stun:2001:db8::1"),
            ("turn:example.org?transport=sctp", "turn:example.org?transport=sctp"),
            ("stun.example.org:70000", "stun.example.org:70000"),
            ("http://stun.example.org", "http://stun.example.org"),
            ("turn:alice:s3cret@example.org", "…"),
            ("turn:192.0.2.1?username=u&password=s3cret", "turn:192.0.2.1?…"),
            ("turn:192.0.2.1?transport=udp&password=s3cret", "turn:192.0.2.1?…"),
            ("turn:alice:s3cret", "turn:alice:…"),
            ("alice:s3cret", "alice:…"),
            ("turn:192.0.2.1:3478:alice:s3cret", "turn:192.0.2.1:…"),
            ("stun:[::1]s3cret", "stun:[::1]…"),
            ("https://api.example/?apiKey=s3cret", "https://api.example/…"),
            ("turn:example.org alice s3cret", "turn:example.org …"),
            ("turn:ex%mple", "turn:…"),
        ] {
            assert_eq!(shown(text), shows, "{text}");
        }
    }

    #[test]
    fn targets_may_be_bare() {
        for (text, turn, printed, port) in [
            ("example.org", false, "stun:example.org:3478", None),
            ("example.org", true, "turn:example.org:3478?transport=udp", None),
            ("example.org:80", true, "turn:example.org:80?transport=udp", Some(80)),
            ("localhost:3478", false, "stun:localhost:3478", Some(3478)),
            ("[2001:db8::1]:3479", false, "stun:[2001:db8::1]:3479", Some(3479)),
            ("turns:example.org", true, "turns:example.org:5349?transport=tcp", None),
            ("stun.l.example:19302", false, "stun:stun.l.example:19302", Some(19302)),
            ("stun", false, "stun:stun:3478", None),
        ] {
            let parsed = parse_target(text, turn).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((parsed.uri.to_string().as_str(), parsed.uri.port), (printed, port));
        }
    }

    #[test]
    fn targets_of_the_other_kind_and_bad_ones_are_refused() {
        for (text, turn, part) in [
            ("turn:example.org", false, "write --turn turn:example.org"),
            ("stun:example.org", true, "write --stun stun:example.org"),
            ("http://example.org", false, "stun:example.org"),
            ("stunn:example.org", false, "write stun:example.org"),
            ("2001:db8::1", true, "write turn:[2001:db8::1]"),
            ("example.org:0", true, "write turn:example.org:3478"),
            ("alice:x@example.org", true, "write turn:example.org and give them with --username"),
            ("", true, "turn:turn.example.org"),
        ] {
            let error = parse_target(text, turn).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
