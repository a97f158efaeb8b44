//! Host and port of an ICE server URI (RFC 3986 §3.2.2, §3.2.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Host;
use super::refusal::Refusal;

/// Reads `host [ ":" port ]`; a port may be empty after its colon, which is the default.
pub(super) fn read(authority: &str) -> Result<(Host, Option<u16>), Refusal> {
    let (host, port) = split(authority)?;
    if host.is_empty() {
        return Err(Refusal::NoHost);
    }
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inside) => Host::Ip(IpAddr::V6(inside.parse().map_err(|_| Refusal::Ipv6)?)),
        None => read_name(host)?,
    };
    Ok((host, port.map(read_port).transpose()?))
}

fn split(authority: &str) -> Result<(&str, Option<&str>), Refusal> {
    if authority.contains('%') {
        return Err(Refusal::Percent);
    }
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or(Refusal::Bracket)?;
        let (host, rest) = authority.split_at(end + 1);
        return match rest.strip_prefix(':') {
            _ if rest.is_empty() => Ok((host, None)),
            Some("") => Ok((host, None)),
            Some(port) => Ok((host, Some(port))),
            None => Err(Refusal::Bracket),
        };
    }
    match authority.split_once(':') {
        None => Ok((authority, None)),
        Some((_, port)) if port.contains(':') => Err(without_brackets(authority)),
        Some((host, "")) => Ok((host, None)),
        Some((host, port)) => Ok((host, Some(port))),
    }
}

/// Two colons or more: an IPv6 address that lacks its brackets, or something else.
fn without_brackets(authority: &str) -> Refusal {
    let whole = authority.parse::<Ipv6Addr>();
    let with_port = authority.rsplit_once(':').and_then(|(host, _)| host.parse::<Ipv6Addr>().ok());
    if whole.is_ok() || with_port.is_some() { Refusal::NoBrackets } else { Refusal::Colons }
}

fn read_port(port: &str) -> Result<u16, Refusal> {
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::PortText);
    }
    match port.parse() {
        Ok(0) => Err(Refusal::PortZero),
        Ok(port) => Ok(port),
        Err(_) => Err(Refusal::PortRange),
    }
}

fn read_name(written: &str) -> Result<Host, Refusal> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !written.chars().all(|c| fits(c) || !c.is_ascii()) {
        return Err(Refusal::HostCharacter);
    }
    let name = idna::domain_to_ascii(written).map_err(|_| Refusal::Idn)?;
    // Full-width punctuation has become ASCII by now.
    if !name.chars().all(fits) {
        return Err(Refusal::HostCharacter);
    }
    let name = name.strip_suffix('.').unwrap_or(&name);
    if name.split('.').any(str::is_empty) {
        return Err(Refusal::EmptyLabel);
    }
    if let Ok(ip) = name.parse::<Ipv4Addr>() {
        return Ok(Host::Ip(IpAddr::V4(ip)));
    }
    // A last label of digits is no top-level domain: it is an address with something amiss.
    if name.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Refusal::Ipv4);
    }
    if name.len() > 253 || name.split('.').any(|label| label.len() > 63) {
        return Err(Refusal::TooLong);
    }
    Ok(Host::Name(name.to_owned()))
}
