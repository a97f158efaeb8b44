//! What this NAT is and what it means for calls, in one sentence.

use super::words;
use crate::report::nat::{Behaviour, Nat, Path, Reach, Udp};

/// The sentence.
#[must_use]
pub fn sentence(nat: &Nat) -> String {
    match nat.udp {
        Udp::Blocked => {
            "UDP does not get through from here: every call needs a TURN server over TCP or TLS.".to_string()
        }
        Udp::Unknown => {
            "Nothing answered over UDP: what is in the way, and what calls can expect, is not known.".into()
        }
        Udp::Open => {
            let alias = words::alias(nat).map(|alias| format!(" {alias}")).unwrap_or_default();
            format!("{}{alias}: {}.", what(nat), effect(&nat.direct))
        }
    }
}

fn what(nat: &Nat) -> String {
    let lets_in = match nat.filtering {
        Behaviour::None | Behaviour::EndpointIndependent => "lets in everybody",
        Behaviour::AddressDependent => "lets in only hosts that were sent to",
        Behaviour::AddressAndPortDependent => "lets in only ports that were sent to",
        Behaviour::Unknown => "lets in nobody knows whom",
    };
    if nat.nat == Some(false) {
        return match nat.filtering {
            Behaviour::None | Behaviour::EndpointIndependent => "No NAT and no firewall in the way".into(),
            Behaviour::Unknown => "No NAT; whom a firewall would let in is not known".into(),
            _ => format!("No NAT, but a firewall that {lets_in}"),
        };
    }
    let some = if nat.nat.is_none() { "Perhaps a NAT" } else { "A NAT" };
    let keeps = match nat.mapping {
        Behaviour::None | Behaviour::EndpointIndependent => "keeps one public port for all destinations",
        Behaviour::AddressDependent => "takes another public port for each host",
        Behaviour::AddressAndPortDependent => "takes another public port for each destination",
        Behaviour::Unknown if nat.filtering == Behaviour::Unknown => {
            return format!("{some} whose mapping and filtering are not known");
        }
        Behaviour::Unknown => return format!("{some} that {lets_in}, and whose mapping is not known"),
    };
    match nat.filtering {
        Behaviour::Unknown => format!("{some} that {keeps}; whom it lets in is not known"),
        _ => format!("{some} that {keeps} and {lets_in}"),
    }
}

/// The other sides, as people know them.
const PEOPLE: [(&str, &[usize]); 4] = [
    ("hosts without NAT", &[0]),
    ("open NATs", &[1, 2]),
    ("most home routers", &[3]),
    ("symmetric NATs", &[4, 5, 6, 7, 8, 9]),
];

/// What the forecast means: with whom calls go direct, and with whom they do not.
#[must_use]
pub fn effect(direct: &[Reach]) -> String {
    let outcomes: Vec<Path> = direct.iter().map(|reach| reach.outcome).collect();
    let all = |wanted| outcomes.iter().all(|path| *path == wanted);
    if outcomes.is_empty() || all(Path::Unknown) {
        return "what calls can expect is not known".into();
    }
    if all(Path::Direct) {
        return "calls go direct with everybody".into();
    }
    if all(Path::Relay) {
        return "every call needs a TURN relay".into();
    }
    // Luck is nothing to rely on: whoever needs it needs a relay.
    let lucky = outcomes.contains(&Path::DirectIfLucky);
    let sure: Vec<Path> =
        outcomes.iter().map(|path| if *path == Path::DirectIfLucky { Path::Relay } else { *path }).collect();
    let mut parts = Vec::new();
    let mut some = "some";
    for (path, before, after) in [
        (Path::Direct, "calls go direct with ", ""),
        (Path::Relay, "with ", if lucky { " they need a TURN relay, or luck" } else { " they need a TURN relay" }),
        (Path::Unknown, "with ", " it is not known"),
    ] {
        let whom = whom(&sure, path, some);
        if whom.iter().any(|name| name.starts_with("some ")) {
            some = "other";
        }
        if !whom.is_empty() {
            parts.push(format!("{before}{}{after}", list(&whom)));
        }
    }
    parts.join("; ")
}

/// The people with whom it comes to this.
fn whom(outcomes: &[Path], path: Path, some: &str) -> Vec<String> {
    let mut whom = Vec::new();
    for (name, places) in PEOPLE {
        let hits = places.iter().filter(|place| outcomes.get(**place) == Some(&path)).count();
        match hits {
            0 => {}
            hits if hits == places.len() => whom.push(name.to_string()),
            _ => whom.push(format!("{some} {name}")),
        }
    }
    // Who goes direct with most goes direct with those that are easier.
    if path == Path::Direct && whom.iter().any(|name| name == "most home routers") {
        whom.retain(|name| name != "open NATs" && name != "hosts without NAT");
        whom.iter_mut().filter(|name| *name == "most home routers").for_each(|name| *name = "home routers".into());
    }
    whom
}

fn list(names: &[String]) -> String {
    match names {
        [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        names => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::forecast::forecast;

    fn told(nat: Option<bool>, mapping: &str, filtering: &str, legacy: &str) -> String {
        let mut nat: Nat = serde_json::from_value(serde_json::json!({
            "udp": "open", "nat": nat, "mapping": mapping, "filtering": filtering,
            "legacyType": legacy, "publicAddresses": [], "direct": [], "tests": [],
        }))
        .unwrap();
        nat.direct = forecast(&nat);
        sentence(&nat)
    }

    const EI: &str = "endpoint-independent";
    const AD: &str = "address-dependent";
    const APD: &str = "address-and-port-dependent";

    #[test]
    fn says_what_it_is_and_what_it_means() {
        for (nat, mapping, filtering, legacy, expected) in [
            (
                Some(true),
                EI,
                APD,
                "port-restricted-cone",
                "A NAT that keeps one public port for all destinations and lets in only ports that were sent to \
              [port-restricted cone]: calls go direct with home routers; with symmetric NATs they need a TURN relay.",
            ),
            (
                Some(true),
                APD,
                APD,
                "symmetric",
                "A NAT that takes another public port for each destination and lets in only ports that were sent to \
              [symmetric]: calls go direct with hosts without NAT and open NATs; with most home routers and symmetric \
              NATs they need a TURN relay.",
            ),
            (
                Some(true),
                EI,
                EI,
                "full-cone",
                "A NAT that keeps one public port for all destinations and lets in everybody [full cone]: calls go \
              direct with everybody.",
            ),
            (
                Some(false),
                "none",
                "none",
                "open-internet",
                "No NAT and no firewall in the way [open Internet]: calls go direct with everybody.",
            ),
            (
                Some(true),
                EI,
                "unknown",
                "unknown",
                "A NAT that keeps one public port for all destinations; whom it lets in is not known: calls go direct \
              with home routers; with symmetric NATs it is not known.",
            ),
        ] {
            assert_eq!(told(nat, mapping, filtering, legacy), expected);
        }
    }

    #[test]
    fn nobody_is_told_to_rely_on_luck() {
        let mut nat: Nat = serde_json::from_value(serde_json::json!({
            "udp": "open", "nat": true, "mapping": APD, "filtering": EI, "portAllocation": "sequential",
            "legacyType": "symmetric", "publicAddresses": [], "direct": [], "tests": [],
        }))
        .unwrap();
        nat.direct = forecast(&nat);
        assert_eq!(
            effect(&nat.direct),
            "calls go direct with hosts without NAT, open NATs and some symmetric NATs; with most home routers and other \
             symmetric NATs they need a TURN relay, or luck"
        );
    }

    #[test]
    fn an_old_name_that_does_not_fit_is_not_given_as_if_it_did() {
        assert!(told(Some(true), AD, EI, "symmetric").contains("[something like symmetric]"));
        assert!(!told(Some(true), APD, EI, "full-cone").contains("cone"));
    }

    #[test]
    fn tells_nothing_of_calls_when_nothing_is_known() {
        assert!(told(None, "unknown", "unknown", "unknown").starts_with("Perhaps a NAT whose mapping and filtering"));
    }
}
