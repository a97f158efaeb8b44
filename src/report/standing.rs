use super::{Outcome, Server};

/// What a URL amounts to, over all the addresses that it led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing<'a> {
    pub url: &'a str,
    pub worth: Worth,
    /// The entry that decides: the first that failed, or the first of all.
    pub server: &'a Server,
    /// What was wanted and not given, each once.
    pub missing: Vec<&'a str>,
    /// A TURN server is there for relay candidates: one that tells our address but relays nowhere has
    /// failed, though it gave a part.
    pub useless: bool,
}

/// How much of what was wanted a server gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// All of it.
    Full,
    /// Something, but not all; or not at every address.
    Part,
    Nothing,
    /// Nothing was wanted of it.
    NotAsked,
}

/// One standing for each URL, in the order of the list.
#[must_use]
pub fn standings(servers: &[Server]) -> Vec<Standing<'_>> {
    let mut found: Vec<Standing<'_>> = Vec::new();
    for server in servers {
        if found.iter().any(|standing| standing.url == server.url) {
            continue;
        }
        let same = servers.iter().filter(|other| other.url == server.url);
        found.push(standing(&same.collect::<Vec<_>>(), server));
    }
    found
}

fn standing<'a>(all: &[&'a Server], first: &'a Server) -> Standing<'a> {
    let asked = all.iter().filter(|server| server.outcome != Outcome::Skipped || !server.wanted.is_empty());
    let asked: Vec<&'a Server> = asked.copied().collect();
    let failed = asked.iter().find(|server| server.outcome != Outcome::Ok);
    let worth = match failed {
        _ if asked.is_empty() => Worth::NotAsked,
        None => Worth::Full,
        Some(_) if asked.iter().any(|server| server.outcome == Outcome::Ok || !server.gave.is_empty()) => Worth::Part,
        Some(_) => Worth::Nothing,
    };
    let mut missing: Vec<&str> = Vec::new();
    for server in asked.iter().filter(|server| server.outcome != Outcome::Ok) {
        for kind in server.wanted.iter().filter(|kind| !server.gave.contains(kind)) {
            if !missing.contains(&kind.as_str()) {
                missing.push(kind);
            }
        }
    }
    let relays = |kinds: &[String]| kinds.iter().any(|kind| kind == "relay");
    let useless = worth == Worth::Nothing
        || asked.iter().any(|server| relays(&server.wanted)) && !asked.iter().any(|server| relays(&server.gave));
    Standing { url: &first.url, worth, server: failed.copied().unwrap_or(first), missing, useless }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str, outcome: Outcome, wanted: &[&str], gave: &[&str]) -> Server {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Server {
            url: url.into(),
            username: None,
            resolved: Vec::new(),
            outcome,
            rtt_ms: None,
            software: None,
            error: None,
            tls: None,
            gave: words(gave),
            wanted: words(wanted),
        }
    }

    fn worth(servers: &[Server]) -> Worth {
        standings(servers)[0].worth
    }

    #[test]
    fn tells_all_from_some_from_nothing() {
        assert_eq!(worth(&[server("stun:a", Outcome::Ok, &["srflx"], &["srflx"])]), Worth::Full);
        assert_eq!(worth(&[server("turn:a", Outcome::Unauthorized, &["srflx", "relay"], &["srflx"])]), Worth::Part);
        assert_eq!(worth(&[server("stun:a", Outcome::Timeout, &["srflx"], &[])]), Worth::Nothing);
        assert_eq!(worth(&[server("stun:a", Outcome::Skipped, &[], &[])]), Worth::NotAsked);
    }

    #[test]
    fn a_server_that_answers_at_one_of_its_addresses_gave_something() {
        let servers = [
            server("stun:a", Outcome::Ok, &["srflx"], &["srflx"]),
            server("stun:a", Outcome::Timeout, &["srflx"], &[]),
            server("stun:b", Outcome::Ok, &["srflx"], &["srflx"]),
        ];
        let standings = standings(&servers);
        assert_eq!(standings.len(), 2);
        assert_eq!((standings[0].worth, standings[0].missing.as_slice()), (Worth::Part, &["srflx"][..]));
        assert_eq!(standings[0].server.outcome, Outcome::Timeout);
    }
}
