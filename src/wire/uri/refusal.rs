//! Why a text is no ICE server URI, and what to write instead.
//!
//! Passwords turn up in URIs, so nothing here repeats what was written except a scheme that is
//! known, a host that looks like one, and a port of digits.

use std::net::Ipv6Addr;

use super::{Scheme, read};

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Empty,
    UserInfo,
    Quotes,
    /// White space, invisible or control characters.
    Character(char),
    NoScheme,
    Scheme,
    Slashes,
    Path,
    Fragment,
    StunQuery,
    Parameter,
    Transport,
    NoHost,
    Bracket,
    NoBrackets,
    Colons,
    Ipv6,
    Ipv4,
    Percent,
    HostCharacter,
    EmptyLabel,
    Idn,
    TooLong,
    PortText,
    PortZero,
    PortRange,
}

/// Finds what makes a text unlike any URI, before it is taken apart.
pub(super) fn refuse_what_is_no_uri(text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    // Before anything else, so that no other message is about a text with a password in it.
    if text.contains('@') {
        return Err(Refusal::UserInfo);
    }
    if text.contains(is_quote) {
        return Err(Refusal::Quotes);
    }
    match text.chars().find(|&c| is_unseen(c)) {
        Some(c) => Err(Refusal::Character(c)),
        None => Ok(()),
    }
}

/// Whether a text that begins with none of the four schemes was meant to have one, as `http://h`
/// and `stunn:h` do, and `host`, `host:3478` and `[::1]:3478` do not.
pub(super) fn seems_to_have_a_scheme(text: &str) -> bool {
    text.contains("//")
        || text.split_once(':').is_some_and(|(before, after)| {
            closest(before).is_some() && !after.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// The text as far as no password can be in it.
pub(super) fn shown(text: &str) -> String {
    let text = text.trim();
    if text.contains('@') {
        return "…".to_owned();
    }
    let (scheme, rest) = match text.split_once(':') {
        Some((name, rest)) if Scheme::named(name).is_some() || closest(name).is_some() => (Some(name), rest),
        Some((name, rest)) if rest.starts_with("//") && is_word(name) => (Some(name), rest),
        _ => (None, text),
    };
    let bare = rest.trim_start_matches('/');
    let slashes = &rest[..rest.len() - bare.len()];
    let end = bare.find(|c: char| "?/#,".contains(c) || c.is_whitespace() || is_quote(c)).unwrap_or(bare.len());
    let (authority, rest) = bare.split_at(end);
    let mut out = scheme.map(|scheme| format!("{scheme}:")).unwrap_or_default() + slashes;
    out.push_str(&shown_authority(authority));
    match rest.strip_prefix("?transport=") {
        _ if rest.is_empty() => {}
        Some("udp" | "tcp" | "tls" | "dtls" | "sctp") => out.push_str(rest),
        _ if out.ends_with('…') => {}
        _ => out.extend([&rest[..rest.chars().next().map_or(0, char::len_utf8)], "…"]),
    }
    out
}

/// Host and port. What stands in the place of the port and is no number may be a password.
fn shown_authority(authority: &str) -> String {
    let with_port = authority.rsplit_once(':').filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok());
    if authority.parse::<Ipv6Addr>().is_ok() || with_port.is_some_and(|(_, port)| is_number(port)) {
        return authority.to_owned();
    }
    let (host, port) = match authority.find(']') {
        Some(end) => authority.split_at(end + 1),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let host = if host.is_empty() || can_be_shown(host) { host } else { "…" };
    match port.strip_prefix(':') {
        None if port.is_empty() => host.to_owned(),
        Some(number) if number.is_empty() || is_number(number) => format!("{host}{port}"),
        Some(_) => format!("{host}:…"),
        None => format!("{host}…"),
    }
}

/// Digits, and no more of them than a port has.
fn is_number(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl Refusal {
    /// The message for that text.
    pub(super) fn explain(self, text: &str) -> String {
        let parts = Parts::of(text);
        let Parts { scheme, host, .. } = &parts;
        let right = || parts.right(&parts.port());
        let default_port = if parts.is_secure() { ":5349" } else { ":3478" };
        match self {
            Refusal::Empty => "it is empty; write stun:stun.example.org or turn:turn.example.org".to_owned(),
            Refusal::UserInfo => format!(
                "user name and password do not go into the URI; write {} and give them with --username and --credential-file",
                right()
            ),
            Refusal::Quotes => format!("there are quotation marks in it; write {}", right()),
            Refusal::Character(c) => format!("there is {} in it; write {}", named(c), without_unseen(text, &right())),
            Refusal::NoScheme => {
                let port = parts.port();
                format!("the scheme is missing; write stun:{host}{port} or turn:{host}{port}")
            }
            Refusal::Scheme => parts.explain_scheme(text),
            Refusal::Slashes => format!("there is no // in these URIs; write {}", right()),
            Refusal::Path => format!("nothing follows host and port but ?transport=, no /; write {}", right()),
            Refusal::Fragment => format!("there is no # in these URIs; write {}", right()),
            Refusal::StunQuery => {
                format!("{scheme}: takes no ?, it has no transport to choose; write {scheme}:{host}{}", parts.port())
            }
            Refusal::Parameter => parts.explain_parameter(),
            Refusal::Transport => parts.explain_transport(),
            Refusal::NoHost => format!("the host is missing; write {scheme}:{host}{}", parts.port()),
            Refusal::Bracket => {
                format!(
                    "the brackets around the IPv6 address are not closed; write {scheme}:[2001:db8::1]{default_port}"
                )
            }
            Refusal::NoBrackets => parts.explain_brackets(),
            Refusal::Colons => {
                format!("there is more than one colon after the scheme; write {scheme}:{host}{default_port}")
            }
            Refusal::Ipv6 => {
                format!("what stands in the brackets is no IPv6 address; write it as in {scheme}:[2001:db8::1]")
            }
            Refusal::Ipv4 => format!(
                "a host that ends in a number must be an IPv4 address, four numbers from 0 to 255; write it as in {scheme}:192.0.2.1"
            ),
            Refusal::Percent => format!(
                "there is a % in the host; an address with a zone (%eth0) cannot stand in these URIs, choose the interface with --interface and write {scheme}:[2001:db8::1] or a name"
            ),
            Refusal::HostCharacter => format!(
                "there is a character in the host that no host name has; write one server only, as in {}",
                right()
            ),
            Refusal::EmptyLabel => format!(
                "two dots in the host have nothing between them, or it begins with one; write it as in {scheme}:{}",
                parts.example()
            ),
            Refusal::Idn => {
                format!("the host is no valid domain name (IDNA); write it as in {scheme}:{}", parts.example())
            }
            Refusal::TooLong => {
                "the host is longer than a domain name can be: 253 characters, 63 between two dots".to_owned()
            }
            Refusal::PortText => format!("the port is not a number; write {}", parts.right(default_port)),
            Refusal::PortZero => format!("port 0 cannot be reached; write {}", parts.right(default_port)),
            Refusal::PortRange => format!("the port is over 65535; write {}", parts.right(default_port)),
        }
    }
}

/// What of a bad URI can be shown, loosely taken apart.
struct Parts<'a> {
    scheme: &'static str,
    host: String,
    /// Host and port as written.
    authority: &'a str,
    /// What follows the host's colon.
    port: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Parts<'a> {
        let text = text.trim_matches(|c: char| is_unseen(c) || is_quote(c));
        let (name, rest) = match text.split_once(':') {
            Some((name, rest)) if Scheme::named(name).is_some() || rest.starts_with("//") => (name, rest),
            Some((name, rest)) if closest(name).is_some() => (name, rest),
            _ => ("", text),
        };
        let scheme = Scheme::named(name).or(closest(name)).map_or("stun", Scheme::as_str);
        let rest = rest.trim().trim_start_matches('/');
        // Behind the last @ stands the host, unless what looks like a query or a path holds that @.
        let rest = match rest.rsplit_once('@') {
            Some((user, _)) if user.contains(['?', '/', '#']) => "",
            Some((_, host)) => host,
            None => rest,
        };
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = authority.split(['/', '#', ',']).next().unwrap_or_default();
        let (host, port) = match authority.find(']') {
            Some(end) => (&authority[..=end], authority[end + 1..].strip_prefix(':').unwrap_or_default()),
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        let mut parts = Parts { scheme, host: host.to_owned(), authority, port, query };
        if let Ok(ip) = authority.parse::<Ipv6Addr>() {
            parts.host = format!("[{ip}]");
            parts.port = "";
        } else if !can_be_shown(host) {
            parts.host = parts.example().to_owned();
        }
        parts
    }

    fn is_turn(&self) -> bool {
        self.scheme.starts_with("turn")
    }

    fn is_secure(&self) -> bool {
        self.scheme.ends_with('s')
    }

    fn example(&self) -> &'static str {
        if self.is_turn() { "turn.example.org" } else { "stun.example.org" }
    }

    /// `:3478` if a usable port was written, or nothing.
    fn port(&self) -> String {
        match self.port.parse::<u16>() {
            Ok(port) if port > 0 && self.port.bytes().all(|byte| byte.is_ascii_digit()) => format!(":{port}"),
            _ => String::new(),
        }
    }

    /// The right form, with `?transport=` if there was a usable one.
    fn right(&self, port: &str) -> String {
        let query = match self.query {
            "transport=udp" | "transport=tcp" if self.is_turn() => format!("?{}", self.query),
            _ => String::new(),
        };
        format!("{}:{}{port}{query}", self.scheme, self.host)
    }

    fn explain_scheme(&self, text: &str) -> String {
        let name = text.split_once(':').map_or("", |(name, _)| name).to_ascii_lowercase();
        let (host, port) = (&self.host, self.port());
        match name.as_str() {
            "http" | "https" | "ws" | "wss" => format!(
                "{name}: is the web's; a STUN server is written stun:{host}, a TURN server turn:{host} or turns:{host}"
            ),
            _ if closest(&name).is_some() => format!("this scheme is unknown; write {}", self.right(&port)),
            _ if has_no_scheme(text) => Refusal::NoScheme.explain(text),
            _ => "this scheme is unknown; write stun:, stuns:, turn: or turns: and the host".to_owned(),
        }
    }

    fn explain_parameter(&self) -> String {
        let Parts { scheme, host, .. } = self;
        let port = self.port();
        let name = self.query.split('=').next().unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "username" | "user" | "password" | "credential" | "pass" => format!(
                "user name and password do not go into the URI; write {scheme}:{host}{port} and give them with --username and --credential-file"
            ),
            _ => format!(
                "nothing but ?transport=udp or ?transport=tcp may follow; write {scheme}:{host}{port}?transport=udp"
            ),
        }
    }

    fn explain_transport(&self) -> String {
        let host = format!("{}{}", self.host, self.port());
        let scheme = self.scheme;
        let value = self.query.split_once('=').map_or("", |(_, value)| value).to_ascii_lowercase();
        match value.as_str() {
            "tls" => format!("TLS is the scheme, not the transport; write turns:{host}?transport=tcp"),
            "dtls" => format!("DTLS is the scheme, not the transport; write turns:{host}?transport=udp"),
            "sctp" => format!("there is no TURN over SCTP; write {scheme}:{host}?transport=udp or ?transport=tcp"),
            _ if value.contains(['&', '?']) => {
                format!("nothing may follow the transport; write {scheme}:{host}?transport=udp or ?transport=tcp")
            }
            _ => format!("the transport is udp or tcp; write {scheme}:{host}?transport=udp or ?transport=tcp"),
        }
    }

    fn explain_brackets(&self) -> String {
        let scheme = self.scheme;
        let whole = self.authority.parse::<Ipv6Addr>().ok();
        let with_port = self
            .authority
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host.parse::<Ipv6Addr>().ok()?, port.parse::<u16>().ok()?)));
        match (whole, with_port) {
            (Some(whole), Some((host, port))) => format!(
                "an IPv6 address needs brackets; write {scheme}:[{whole}], or {scheme}:[{host}]:{port} if {port} is the port"
            ),
            (Some(whole), None) => format!("an IPv6 address needs brackets; write {scheme}:[{whole}]"),
            (None, Some((host, port))) => format!("an IPv6 address needs brackets; write {scheme}:[{host}]:{port}"),
            (None, None) => format!("an IPv6 address needs brackets; write it as in {scheme}:[2001:db8::1]:3478"),
        }
    }
}

/// The scheme that a name may be a slip of: one letter more, less or different, or two swapped.
fn closest(name: &str) -> Option<Scheme> {
    let name = name.to_ascii_lowercase();
    [Scheme::Turns, Scheme::Stuns, Scheme::Turn, Scheme::Stun]
        .into_iter()
        .map(|scheme| (slips(&name, scheme.as_str()), scheme))
        .filter(|(slips, _)| *slips == 1)
        .map(|(_, scheme)| scheme)
        .next_back()
}

/// 0 for the same, 1 for one slip, 2 for more.
fn slips(written: &str, meant: &str) -> u8 {
    let (written, meant) = (written.as_bytes(), meant.as_bytes());
    if written == meant {
        return 0;
    }
    let start = written.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (written, meant) = (&written[start..], &meant[start..]);
    let end = written.iter().rev().zip(meant.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&written[..written.len() - end], &meant[..meant.len() - end]) {
        ([], [_]) | ([_], [] | [_]) => 1,
        ([a, b], [c, d]) if (a, b) == (d, c) => 1,
        _ => 2,
    }
}

/// `example.org:3478`, `[::1]:3478`, `2001:db8::1`: a host where a scheme should stand.
fn has_no_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(before, after)| {
        before.contains(['.', '['])
            || after.split('?').next().unwrap_or_default().bytes().all(|byte| byte.is_ascii_digit())
    }) || text.parse::<Ipv6Addr>().is_ok()
}

fn can_be_shown(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(inside) => inside.strip_suffix(']').is_some_and(|inside| inside.parse::<Ipv6Addr>().is_ok()),
        None => !host.is_empty() && host.len() <= 253 && host.chars().all(|c| c.is_alphanumeric() || ".-_".contains(c)),
    }
}

/// The text without white space around it and invisible characters in it, where that makes it a URI.
/// White space within is left: behind it a user name and a password may stand.
fn without_unseen(text: &str, otherwise: &str) -> String {
    let cleaned: String = text.trim().chars().filter(|&c| c.is_whitespace() || !is_unseen(c)).collect();
    match read(&cleaned) {
        Ok(_) => cleaned,
        Err(_) => otherwise.to_owned(),
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}')
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn named(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        '\t' => "a tab".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        '\u{a0}' => "a non-breaking space (U+00A0)".to_owned(),
        c if c.is_control() => format!("a control character (U+{:04X})", u32::from(c)),
        c => format!("an invisible character (U+{:04X})", u32::from(c)),
    }
}
