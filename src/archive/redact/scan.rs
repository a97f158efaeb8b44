//! Where in running text something stands that tells who or where somebody is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Scope;
use super::addresses::{Addresses, is_range};
use super::names::Names;

/// The text with pseudonyms, from left to right, each place once.
pub fn replace(text: &str, scope: Scope, addresses: &mut Addresses, names: &mut Names) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some(first) = rest.chars().next() {
        let starts = !before.is_some_and(char::is_alphanumeric) || !first.is_alphanumeric();
        let found = if starts { found(&text[..text.len() - rest.len()], rest, scope, addresses, names) } else { None };
        let length = match found {
            Some((length, given)) => {
                out.push_str(&given);
                length
            }
            None => {
                out.push(first);
                first.len_utf8()
            }
        };
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
    out
}

/// What begins here: how long it is, and what is to stand in its place.
fn found(
    before: &str,
    text: &str,
    scope: Scope,
    addresses: &mut Addresses,
    names: &mut Names,
) -> Option<(usize, String)> {
    if let Some((scheme, host)) = uri(text)
        && scope.names
        && ip(host).is_none()
    {
        let host_given = names.exactly(host).unwrap_or_else(|| names.host_of(host));
        return Some((scheme.len() + host.len(), format!("{scheme}{host_given}")));
    }
    if scope.names
        && let Some((length, given)) = names.at_start(text)
    {
        return Some((length, given.into()));
    }
    if let Some((length, address, dashes)) = address(before, text) {
        let range = text[length..].strip_prefix('/').map(|rest| digits(rest).parse::<u8>());
        if !scope.addresses || matches!(range, Some(Ok(bits)) if is_range(address, bits)) {
            return Some((length, text[..length].into()));
        }
        let given = addresses.of(address).to_string();
        return Some((length, if dashes { given.replace('.', "-") } else { given }));
    }
    if scope.names {
        let word = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+'))).next()?;
        let word = word.trim_end_matches(['.', '-', '_', '@', '+']);
        if let Some((user, host)) = word.split_once('@')
            && is_domain(host)
            && !user.is_empty()
        {
            names.user(word);
            return names.exactly(word).map(|given| (word.len(), given));
        }
        if is_domain(word) {
            return Some((word.len(), names.host_of(word)));
        }
    }
    None
}

/// The scheme of a STUN or TURN URI with its colon, and its host.
fn uri(text: &str) -> Option<(&str, &str)> {
    let colon = text.get(..6.min(text.len())).unwrap_or(text).find(':')?;
    let scheme = &text[..=colon];
    ["stun:", "stuns:", "turn:", "turns:"].iter().find(|known| known.eq_ignore_ascii_case(scheme))?;
    let rest = &text[colon + 1..];
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*'))).unwrap_or(rest.len());
    let host = rest[..end].trim_end_matches(['.', '-']);
    (!host.is_empty()).then_some((scheme, host))
}

/// The host of a URI that is nothing else; none when it is an address.
pub fn host_of(url: &str) -> Option<&str> {
    uri(url).map(|(_, host)| host).filter(|host| ip(host).is_none())
}

fn ip(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// An address in one of its spellings: its length, itself, and whether it is written with dashes.
fn address(before: &str, text: &str) -> Option<(usize, IpAddr, bool)> {
    if let Some((length, address)) = v6(text) {
        return Some((length, IpAddr::V6(address), false));
    }
    // Not in the middle of a longer row of numbers.
    let inner = before.strip_suffix('.').is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit()));
    if inner {
        return None;
    }
    if let Some((length, address)) = v4(text, '.')
        && !is_number(before, address)
    {
        return Some((length, IpAddr::V4(address), false));
    }
    v4(text, '-').map(|(length, address)| (length, IpAddr::V4(address), true))
}

/// Versions of coturn and sections of standards look like addresses: `Coturn-4.5.1.1`, `section 7.3.1.3`.
fn is_number(before: &str, address: Ipv4Addr) -> bool {
    let before = before.to_ascii_lowercase();
    let known = ["coturn-", "coturn ", "coturn/", "section ", "§"];
    address.octets()[0] < 20 && known.iter().any(|known| before.ends_with(known))
}

fn v6(text: &str) -> Option<(usize, Ipv6Addr)> {
    let end = text.find(|c: char| !(c.is_ascii_hexdigit() || c == ':' || c == '.')).unwrap_or(text.len());
    let mut run = &text[..end.min(64)];
    if run.matches(':').count() < 2 || text[end..].starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    // A sentence may go on with a colon or a stop.
    loop {
        match run.parse() {
            Ok(address) => return Some((run.len(), address)),
            Err(_) => run = run.strip_suffix([':', '.'])?,
        }
    }
}

/// Four numbers up to 255, with zeros in front or not.
fn v4(text: &str, between: char) -> Option<(usize, Ipv4Addr)> {
    let mut octets = [0; 4];
    let mut length = 0;
    for (place, octet) in octets.iter_mut().enumerate() {
        if place > 0 {
            length += text[length..].starts_with(between).then_some(1)?;
        }
        let number = digits(&text[length..]);
        *octet = Some(number).filter(|number| number.len() <= 3)?.parse::<u8>().ok()?;
        length += number.len();
    }
    let rest = &text[length..];
    let goes_on = rest.starts_with(|c: char| c.is_alphanumeric())
        || rest.strip_prefix(between).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    (!goes_on).then(|| (length, octets.into()))
}

fn digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

/// Ends of files that are spoken of; none of them is the end of a host's name.
const FILES: &[&str] = &[
    "conf", "pem", "txt", "service", "json", "jsonl", "toml", "yaml", "yml", "xml", "html", "md", "rs", "py", "js",
    "ts", "log", "key", "crt", "cer", "sh", "cfg", "ini", "pcapng", "pcap", "trace", "prom",
];

/// Looks like the name of a host: labels, and at the end one of letters that is no kind of file.
pub fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.trim_end_matches('.').split('.').collect();
    let label = |label: &&str| {
        !label.is_empty()
            && (*label == "*" || label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_'))
            && !label.starts_with('-')
    };
    let last = labels.last().copied().unwrap_or_default().to_lowercase();
    let top = last.starts_with("xn--") || (last.chars().count() >= 2 && last.chars().all(char::is_alphabetic));
    labels.len() >= 2 && labels.iter().all(label) && top && !FILES.contains(&last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> String {
        let (mut addresses, mut names) = (Addresses::default(), Names::default());
        names.user("1700000000:alice");
        names.user("turn");
        names.interface("eth0");
        addresses.only_look = true;
        replace(text, Scope::ALL, &mut addresses, &mut names);
        addresses.only_look = false;
        replace(text, Scope::ALL, &mut addresses, &mut names)
    }

    #[test]
    fn finds_addresses_in_any_spelling() {
        for (text, given) in [
            ("from 8.8.8.8:53, and 008.008.008.008.", "from 203.0.113.1:53, and 203.0.113.1."),
            ("ip-8-8-8-8 is 8.8.8.8", "ip-203-0-113-1 is 203.0.113.1"),
            (
                "[2A00:0:0::0001]:3478 2a00::1 2a00:0000:0000:0000:0000:0000:0000:0001",
                "[2001:db8:0:1::1]:3478 2001:db8:0:1::1 2001:db8:0:1::1",
            ),
            ("::ffff:808:808 ::ffff:8.8.8.8", "::ffff:203.0.113.1 ::ffff:203.0.113.1"),
            ("fe80::aa%eth0: gone", "fe80::1%if1: gone"),
            ("10.0.0.5 is in 10.0.0.0/8", "10.0.1.1 is in 10.0.0.0/8"),
            ("Coturn-4.5.1.1 on 4.5.1.1", "Coturn-4.5.1.1 on 203.0.113.1"),
            ("at 12:00:00.000Z in 4.6.1 of 1.2.3.4.5", "at 12:00:00.000Z in 4.6.1 of 1.2.3.4.5"),
        ] {
            assert_eq!(drawn(text), given, "{text}");
        }
    }

    #[test]
    fn finds_names_and_leaves_words_alone() {
        for (text, given) in [
            (
                "turn:turn.acme.org:3478 and TURN.acme.org",
                "turn:host-1.domain-1.example:3478 and host-1.domain-1.example",
            ),
            ("user 1700000000:alice, alice.", "user 1700000000:user1, user1."),
            ("a turn to turn", "a user2 to user2"),
            ("veth0 eth0 eth01", "veth0 if1 eth01"),
            ("in turnserver.conf; e.g. see RFC 8489.", "in turnserver.conf; e.g. see RFC 8489."),
            ("bob@acme.org", "user3"),
            ("stun:localhost stun:[2a00::1]", "stun:localhost stun:[2001:db8:0:1::1]"),
        ] {
            assert_eq!(drawn(text), given, "{text}");
        }
    }
}
