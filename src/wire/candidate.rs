//! ICE candidates: types, priorities, foundations (RFC 8445 §5.1) and candidate lines (RFC 8839 §5.1).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CandidateType {
    Host,
    Srflx,
    Prflx,
    Relay,
}

impl CandidateType {
    /// 126, 100, 110, 0 (RFC 8445 §5.1.2.2).
    #[must_use]
    pub fn preference(self) -> u8 {
        match self {
            CandidateType::Host => 126,
            CandidateType::Srflx => 100,
            CandidateType::Prflx => 110,
            CandidateType::Relay => 0,
        }
    }

    /// `host`, `srflx`, `prflx`, `relay`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            CandidateType::Host => "host",
            CandidateType::Srflx => "srflx",
            CandidateType::Prflx => "prflx",
            CandidateType::Relay => "relay",
        }
    }

    fn named(name: &str) -> Option<CandidateType> {
        [CandidateType::Host, CandidateType::Srflx, CandidateType::Prflx, CandidateType::Relay]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// Who opens the connection of a TCP candidate (RFC 6544 §4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TcpType {
    Active,
    Passive,
    So,
}

impl TcpType {
    /// `active`, `passive`, `so`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            TcpType::Active => "active",
            TcpType::Passive => "passive",
            TcpType::So => "so",
        }
    }

    fn named(name: &str) -> Option<TcpType> {
        [TcpType::Active, TcpType::Passive, TcpType::So].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A candidate as it stands on a line. Extensions that are not understood are kept, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// 1 to 32 of `A–Z a–z 0–9 + /`.
    pub foundation: String,
    /// 1 to 256.
    pub component: u16,
    /// `udp` or `tcp`, lower case.
    pub transport: String,
    pub priority: u32,
    /// An IP address, or a `.local` name.
    pub address: String,
    pub port: u16,
    pub kind: CandidateType,
    /// raddr and rport; 0 for an rport that is missing.
    pub related: Option<(String, u16)>,
    /// `None` on a TCP line is read as passive by libwebrtc.
    pub tcp_type: Option<TcpType>,
    /// Names and values; a last name without a value has an empty one.
    pub extensions: Vec<(String, String)>,
}

/// `2^24 · type + 2^8 · local + (256 − component)` (RFC 8445 §5.1.2.1).
#[must_use]
pub fn priority(kind: CandidateType, local_preference: u16, component: u16) -> u32 {
    u32::from(kind.preference()) << 24 | u32::from(local_preference) << 8 | u32::from(256u16.saturating_sub(component))
}

/// The priority of a TCP candidate: `2^13 · direction + other` in place of the local preference (RFC 6544 §4.2), where
/// active is 6, passive 4, simultaneous-open 2, and `other` at most 8191. The type's own preference is below the one of
/// every direct UDP path, as browsers have it: 90 for host candidates.
#[must_use]
pub fn tcp_host_priority(kind: TcpType, other: u16, component: u16) -> u32 {
    let direction = match kind {
        TcpType::Active => 6,
        TcpType::Passive => 4,
        TcpType::So => 2,
    };
    let local = direction << 13 | u32::from(other.min(8191));
    90 << 24 | local << 8 | u32::from(256u16.saturating_sub(component))
}

/// The same for equal type, base address, server address and transport, different otherwise
/// (RFC 8445 §5.1.1.3): a decimal number as Chromium prints it. Ports do not matter.
#[must_use]
pub fn foundation(kind: CandidateType, base: IpAddr, server: Option<SocketAddr>, transport: &str) -> String {
    let server = server.map(|server| server.ip().to_string()).unwrap_or_default();
    let transport = transport.to_ascii_lowercase();
    crc32fast::hash(format!("{} {base} {server} {transport}", kind.as_str()).as_bytes()).to_string()
}

/// Why a line is no candidate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCandidate(pub String);

impl FromStr for Candidate {
    type Err = BadCandidate;
    /// Reads a line with or without `a=` and `candidate:` in front.
    fn from_str(line: &str) -> Result<Candidate, BadCandidate> {
        let line = line.trim_matches([' ', '\t', '\r', '\n']);
        if line.contains(['\r', '\n']) {
            return bad("there is more than one line");
        }
        let line = line.strip_prefix("a=").unwrap_or(line);
        let line = line.strip_prefix("candidate:").unwrap_or(line);
        let mut fields = line.split([' ', '\t']).filter(|field| !field.is_empty());
        let mut next = |name| fields.next().ok_or_else(|| BadCandidate(format!("the {name} is missing")));

        let mut candidate = Candidate {
            foundation: next("foundation").and_then(read_foundation)?,
            component: next("component").and_then(|text| read_number(text, "component", 1, 256))?,
            transport: next("transport").and_then(read_transport)?,
            priority: next("priority").and_then(|text| read_number(text, "priority", 0, u32::MAX))?,
            address: next("address").and_then(read_address)?,
            port: next("port").and_then(|text| read_number(text, "port", 0, u16::MAX))?,
            kind: next("word typ").and_then(|word| match word {
                "typ" => next("type").and_then(read_type),
                _ => bad(&format!("where typ should stand there is {}", shown(word))),
            })?,
            related: None,
            tcp_type: None,
            extensions: Vec::new(),
        };
        candidate.read_extensions(fields)?;
        Ok(candidate)
    }
}

impl Candidate {
    /// Reads pairs of name and value. What browsers write in other places than the grammar has it,
    /// or twice, is kept as an extension.
    fn read_extensions<'a>(&mut self, fields: impl Iterator<Item = &'a str>) -> Result<(), BadCandidate> {
        let mut fields = fields.peekable();
        while let Some(name) = fields.next() {
            let value = fields.next();
            match (name, value) {
                ("raddr", Some(address)) if self.related.is_none() => {
                    let port = match fields.next_if_eq(&"rport") {
                        Some(_) => read_number(fields.next().unwrap_or_default(), "rport", 0, u16::MAX)?,
                        None => 0,
                    };
                    self.related = Some((address.to_owned(), port));
                }
                ("tcptype", Some(kind)) if self.tcp_type.is_none() && TcpType::named(kind).is_some() => {
                    self.tcp_type = TcpType::named(kind);
                }
                _ => self.extensions.push((name.to_owned(), value.unwrap_or_default().to_owned())),
            }
        }
        Ok(())
    }

    /// The value of an extension, for instance `network-cost`.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<&str> {
        self.extensions.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Candidate {
    /// `candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 10.0.0.2 rport 46154`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Candidate { foundation, component, transport, priority, address, port, kind, .. } = self;
        write!(f, "candidate:{foundation} {component} {transport} {priority} {address} {port} typ {}", kind.as_str())?;
        if let Some((address, port)) = &self.related {
            write!(f, " raddr {address} rport {port}")?;
        }
        if let Some(tcp_type) = self.tcp_type {
            write!(f, " tcptype {}", tcp_type.as_str())?;
        }
        for (name, value) in &self.extensions {
            let space = if value.is_empty() { "" } else { " " };
            write!(f, " {name}{space}{value}")?;
        }
        Ok(())
    }
}

fn bad<T>(message: &str) -> Result<T, BadCandidate> {
    Err(BadCandidate(message.to_owned()))
}

/// A field of a stranger's line as it can be shown: short, and without control characters.
fn shown(field: &str) -> String {
    let start: String = field.chars().take(40).collect();
    let dots = if start.len() < field.len() { "…" } else { "" };
    format!("`{}{dots}`", start.escape_debug())
}

fn read_foundation(text: &str) -> Result<String, BadCandidate> {
    let fine = text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
    if fine {
        Ok(text.to_owned())
    } else {
        bad(&format!("the foundation {} is not 1 to 32 letters, digits, + and /", shown(text)))
    }
}

/// Reads digits, no sign, and checks the range.
fn read_number<N>(text: &str, name: &str, least: N, most: N) -> Result<N, BadCandidate>
where
    N: FromStr + PartialOrd + fmt::Display,
{
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<N>().ok()).flatten();
    match digits {
        Some(number) if number >= least && number <= most => Ok(number),
        _ => bad(&format!("the {name} {} is not a number from {least} to {most}", shown(text))),
    }
}

fn read_transport(text: &str) -> Result<String, BadCandidate> {
    let transport = text.to_ascii_lowercase();
    match transport.as_str() {
        "udp" | "tcp" => Ok(transport),
        _ => bad(&format!("the transport {} is neither udp nor tcp", shown(text))),
    }
}

/// RFC 8839 §5.1 has names ignored; those of multicast DNS are what browsers hide addresses behind.
fn read_address(text: &str) -> Result<String, BadCandidate> {
    let local = text.to_ascii_lowercase().ends_with(".local") && text.bytes().all(|byte| byte.is_ascii_graphic());
    if local || text.parse::<IpAddr>().is_ok() {
        Ok(text.to_owned())
    } else {
        bad(&format!("the address {} is neither an IP address nor a name in .local", shown(text)))
    }
}

fn read_type(text: &str) -> Result<CandidateType, BadCandidate> {
    match CandidateType::named(text) {
        Some(kind) => Ok(kind),
        None => bad(&format!("the type {} is none of host, srflx, prflx, relay", shown(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Candidate {
        line.parse().unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    #[test]
    fn priorities_are_those_of_the_rfc() {
        for (kind, expected) in [
            (CandidateType::Host, 2_130_706_431),
            (CandidateType::Prflx, 1_862_270_975),
            (CandidateType::Srflx, 1_694_498_815),
            (CandidateType::Relay, 16_777_215),
        ] {
            assert_eq!(priority(kind, 65535, 1), expected);
            assert_eq!(priority(kind, 65535, 2), expected - 1);
        }
        assert_eq!(priority(CandidateType::Host, 0x7f1e, 1), 2_122_260_223);
        assert_eq!(priority(CandidateType::Relay, 0, 256), 0);
        assert_eq!(priority(CandidateType::Relay, 0, 65535), 0);
    }

    #[test]
    fn foundations_differ_by_type_base_server_and_transport_and_not_by_port() {
        let base: IpAddr = "10.0.0.2".parse().unwrap();
        let server = |text: &str| Some(text.parse().unwrap());
        let one = foundation(CandidateType::Srflx, base, server("192.0.2.1:3478"), "udp");
        assert!(one.parse::<u32>().is_ok());
        assert_eq!(one, foundation(CandidateType::Srflx, base, server("192.0.2.1:5349"), "UDP"));
        for other in [
            foundation(CandidateType::Relay, base, server("192.0.2.1:3478"), "udp"),
            foundation(CandidateType::Srflx, "10.0.0.3".parse().unwrap(), server("192.0.2.1:3478"), "udp"),
            foundation(CandidateType::Srflx, base, server("192.0.2.2:3478"), "udp"),
            foundation(CandidateType::Srflx, base, None, "udp"),
            foundation(CandidateType::Srflx, base, server("192.0.2.1:3478"), "tcp"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn lines_are_printed_as_they_were_read() {
        for line in [
            "candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 10.0.0.2 rport 46154",
            "candidate:1 1 udp 2113937151 6f0e-1.local 50000 typ host generation 0 ufrag xY+/ network-cost 999",
            "candidate:2 2 tcp 1518280447 10.0.0.2 9 typ host tcptype active generation 0 network-id 1 network-cost 10",
            "candidate:3 1 udp 50339839 2001:db8::9 61234 typ relay raddr :: rport 9 generation 0",
            "candidate:4 1 udp 1 192.0.2.1 1 typ prflx raddr 0.0.0.0 rport 0 odd",
        ] {
            assert_eq!(read(line).to_string(), line);
            assert_eq!(read(&format!("a={line}\r\n")).to_string(), line);
            assert_eq!(read(line.strip_prefix("candidate:").unwrap()).to_string(), line);
        }
    }

    #[test]
    fn fields_are_where_they_belong() {
        let candidate =
            read("candidate:0 1 UDP 2122252543 192.0.2.1 5000 typ srflx raddr 10.0.0.1 rport 4000 x y tcptype so");
        assert_eq!(candidate.transport, "udp");
        assert_eq!(candidate.kind, CandidateType::Srflx);
        assert_eq!(candidate.related, Some(("10.0.0.1".into(), 4000)));
        assert_eq!(candidate.tcp_type, Some(TcpType::So));
        assert_eq!(candidate.extension("x"), Some("y"));
        assert_eq!(candidate.extension("z"), None);
    }

    #[test]
    fn misplaced_and_doubled_extensions_are_kept() {
        let start = "candidate:0 1 udp 1 192.0.2.1 5000 typ srflx";
        assert_eq!(read(&format!("{start} rport 5")).extensions, [("rport".into(), "5".into())]);
        assert_eq!(read(&format!("{start} raddr 10.0.0.1")).related, Some(("10.0.0.1".into(), 0)));
        assert_eq!(read(&format!("{start} tcptype odd")).extension("tcptype"), Some("odd"));
        assert_eq!(read(&format!("{start} raddr a rport 1 raddr b rport 2")).extensions.len(), 2);
        assert_eq!(read(&format!("{start} raddr")).extensions, [("raddr".into(), String::new())]);
    }

    #[test]
    fn bad_lines_say_what_is_wrong() {
        for (line, part) in [
            ("", "foundation is missing"),
            ("candidate:1 1 udp 1 192.0.2.1 1", "word typ is missing"),
            ("candidate:1 1 udp 1 192.0.2.1 1 typ", "type is missing"),
            ("candidate:1 1 udp 1 192.0.2.1 1 type host", "where typ should stand"),
            ("candidate:1 1 udp 1 192.0.2.1 1 typ local", "`local` is none of"),
            ("candidate:1 0 udp 1 192.0.2.1 1 typ host", "component `0`"),
            ("candidate:1 257 udp 1 192.0.2.1 1 typ host", "component `257`"),
            ("candidate:1 +1 udp 1 192.0.2.1 1 typ host", "component `+1`"),
            ("candidate:1 1 sctp 1 192.0.2.1 1 typ host", "transport `sctp`"),
            ("candidate:1 1 udp 4294967296 192.0.2.1 1 typ host", "priority"),
            ("candidate:1 1 udp 1 192.0.2.1 65536 typ host", "port `65536`"),
            ("candidate:1 1 udp 1 example.org 1 typ host", "address `example.org`"),
            ("candidate:1 1 udp 1 fe80::1%eth0 1 typ host", "address"),
            ("candidate:1_ 1 udp 1 192.0.2.1 1 typ host", "foundation `1_`"),
            ("candidate:123456789012345678901234567890123 1 udp 1 192.0.2.1 1 typ host", "foundation"),
            ("candidate:1 1 udp 1 192.0.2.1 1 typ srflx raddr 1.2.3.4 rport x", "rport `x`"),
            ("candidate:1 1 udp 1 192.0.2.1 1 typ host\r\na=candidate:2", "more than one line"),
        ] {
            let error = line.parse::<Candidate>().unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
