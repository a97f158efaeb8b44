//! What behaviours, methods, outcomes and reasons are called.

use crate::report::nat::{Behaviour, Family, LegacyType, LifetimeMethod, Method, Nat, Path, TestOutcome};

pub fn behaviour(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::EndpointIndependent => "endpoint-independent",
        Behaviour::AddressDependent => "address-dependent",
        Behaviour::AddressAndPortDependent => "address- and port-dependent",
        Behaviour::None => "none",
        Behaviour::Unknown => "unknown",
    }
}

pub fn method(method: Method) -> &'static str {
    match method {
        Method::Rfc5780 => "RFC 5780",
        Method::SeveralServers => "several servers",
        Method::Turn => "TURN",
    }
}

pub fn lifetime_method(method: LifetimeMethod) -> &'static str {
    match method {
        LifetimeMethod::ResponsePort => "RESPONSE-PORT",
        LifetimeMethod::Turn => "TURN",
        LifetimeMethod::Remap => "a new port",
    }
}

pub fn family(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
    }
}

pub fn path(path: Path) -> &'static str {
    match path {
        Path::Direct => "direct",
        Path::DirectIfLucky => "if lucky",
        Path::Relay => "relay",
        Path::Unknown => "unknown",
    }
}

pub fn outcome(outcome: TestOutcome) -> &'static str {
    match outcome {
        TestOutcome::Answered => "answered",
        TestOutcome::Silent => "silent",
        TestOutcome::WrongSource => "wrong source",
        TestOutcome::Refused => "refused",
        TestOutcome::Unreachable => "unreachable",
        TestOutcome::Skipped => "skipped",
    }
}

/// The name of RFC 3489, in brackets. Only for some of the pairs it says what is meant.
pub fn alias(nat: &Nat) -> Option<&'static str> {
    use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent};
    Some(match (nat.legacy_type, nat.mapping, nat.filtering) {
        (LegacyType::FullCone, EndpointIndependent, EndpointIndependent) => "[full cone]",
        (LegacyType::RestrictedCone, EndpointIndependent, AddressDependent) => "[restricted cone]",
        (LegacyType::PortRestrictedCone, EndpointIndependent, AddressAndPortDependent) => "[port-restricted cone]",
        (LegacyType::Symmetric, AddressAndPortDependent, AddressAndPortDependent) => "[symmetric]",
        (LegacyType::Symmetric, ..) => "[something like symmetric]",
        (LegacyType::OpenInternet, ..) => "[open Internet]",
        (LegacyType::SymmetricUdpFirewall, ..) => "[symmetric UDP firewall]",
        _ => return None,
    })
}

/// A probability, never called certain.
pub fn sure(confidence: f64) -> String {
    let percent = confidence.clamp(0.0, 1.0) * 100.0;
    match percent {
        percent if percent > 99.9 => ">99.9 %".into(),
        percent if percent >= 99.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// `0.42 ms`, `12.3 ms`, `4.5 s`, `95 s`.
pub fn ms(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => format!("{ms:.2} ms"),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms if ms < 10_000.0 => format!("{:.1} s", ms / 1e3),
        ms => format!("{:.0} s", ms / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_certain() {
        assert_eq!([sure(1.0), sure(0.995), sure(0.95), sure(0.5)], [">99.9 %", "99.5 %", "95 %", "50 %"]);
    }
}
